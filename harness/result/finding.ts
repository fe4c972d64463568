import { z } from 'zod'
import { object } from './schema.ts'

export const verdictSchema = z.enum(['upheld', 'refuted', 'not-shown', 'broken'])
export type Verdict = z.infer<typeof verdictSchema>

export const findingSchema = object({ check: z.string(), ok: z.boolean(), text: z.string() })
export type Finding = z.infer<typeof findingSchema>

import { z } from 'zod'
import { list, object, seconds } from './schema.ts'

const phaseSchema = object({ name: z.string(), seconds })
/** A part of the time that a cell or a copy took. */
export type Phase = z.infer<typeof phaseSchema>

export const phasesSchema = list(phaseSchema).optional().describe('where the time went, in order')

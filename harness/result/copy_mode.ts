import { z } from 'zod'

export const copyModeSchema = z.enum(['full', 'sparse'])
/** How a mover copies: every block, or all but those of zeros. */
export type CopyMode = z.infer<typeof copyModeSchema>

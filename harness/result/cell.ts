import { z } from 'zod'
import { classRangeSchema, extentSchema, mappedRangeSchema } from './bytes.ts'
import { copyModeSchema } from './copy_mode.ts'
import { evidenceSchema } from './evidence.ts'
import { findingSchema, verdictSchema } from './finding.ts'
import { bytes, list, object, seconds } from './schema.ts'

const predictionSchema = object({
  content: list(classRangeSchema).describe('where every byte of the destination should come from'),
  wrongBytes: bytes,
  sourceMappedBytes: bytes,
  destinationMapped: list(mappedRangeSchema),
  destinationMappedBytes: bytes,
  poolUsedBytes: bytes.optional(),
  dataPercent: object({ pool: z.string(), volume: z.string() }).optional().describe('of the destination, where it is thin'),
  readBytes: bytes,
  writtenBytes: bytes,
  written: list(mappedRangeSchema).optional().describe('what the copy writes; it skips the rest'),
})

export const cellResultSchema = object({
  id: z.string().describe('stable: what --only takes'),
  control: z.boolean().describe('run against the rule on purpose'),
  method: z.enum(['host', 'driver']),
  source: z.string(),
  destination: z.string(),
  layout: z.string(),
  sizeBytes: bytes,
  extents: list(extentSchema).optional().describe('what was written to the source; all else of it reads as zero'),
  forced: copyModeSchema.optional().describe('the rule was not asked'),
  faultyAnswer: z.string().optional().describe('what the destination answered instead of its report'),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why the cell is not-shown or broken'),
  findings: list(findingSchema).describe('every check with its outcome'),
  notes: list(object({ kind: z.enum(['thinness-lost', 'preallocation-lost']), text: z.string() })).describe(
    'what is worth knowing and no failure',
  ),
  evidence: evidenceSchema.optional(),
  prediction: predictionSchema.optional().describe('what the model said beforehand'),
  machine: z.string(),
  commands: list(object({ argv: list(z.string()), ending: z.string(), seconds, output: z.string() })),
  repeat: z.string().describe('the command that repeats this cell'),
  seconds,
})
export type CellResult = z.infer<typeof cellResultSchema>
export type Note = CellResult['notes'][number]

import { z } from 'zod'
import { classRangeSchema, extentSchema, mappedRangeSchema } from './bytes.ts'
import { copyModeSchema } from './copy_mode.ts'
import { evidenceSchema, methodSchema } from './evidence.ts'
import { findingSchema, verdictSchema } from './finding.ts'
import { writerSchema } from './mirror.ts'
import { phasesSchema } from './phase.ts'
import { bytes, list, object, seconds } from './schema.ts'

const predictionSchema = object({
  content: list(classRangeSchema).describe('the expected class of every byte of the destination'),
  wrongBytes: bytes,
  sourceMappedBytes: bytes,
  destinationMapped: list(mappedRangeSchema),
  destinationMappedBytes: bytes,
  poolUsedBytes: bytes.optional(),
  dataPercent: object({ pool: z.string(), volume: z.string() }).optional().describe('of a thin destination'),
  readBytes: bytes,
  writtenBytes: bytes,
  written: list(mappedRangeSchema).optional().describe('the ranges that the copy writes; it skips the rest'),
})

/** How the destination is asked for its capabilities. */
export const transportSchema = z.enum(['json-rpc', 'rest'])
export type Transport = z.infer<typeof transportSchema>

export const cellResultSchema = object({
  id: z.string().describe('stable; --only takes it'),
  control: z.boolean().describe('the cell breaks the rule on purpose'),
  method: methodSchema,
  source: z.string(),
  destination: z.string(),
  layout: z.string(),
  sizeBytes: bytes,
  extents: list(extentSchema).optional().describe('the parts of the source that were written; the rest reads as zero'),
  writer: writerSchema.optional().describe('what the instance writes while the volume, which it has in use, migrates'),
  forced: copyModeSchema.optional().describe('the copy mode that was forced on the cell in place of the rule'),
  transport: transportSchema.optional().describe('how the destination was asked; absent in older results, which asked over JSON-RPC'),
  faultyAnswer: z.string().optional().describe('the faulty answer that the destination gave instead of its report'),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why the cell is not-shown or broken'),
  findings: list(findingSchema).describe('every check and its result'),
  notes: list(object({ kind: z.enum(['thinness-lost', 'preallocation-lost']), text: z.string() })).describe(
    'observations that are not failures',
  ),
  evidence: evidenceSchema.optional(),
  prediction: predictionSchema.optional().describe('the prediction of the model, made before the run'),
  machine: z.string(),
  commands: list(object({ argv: list(z.string()), ending: z.string(), seconds, output: z.string() })),
  repeat: z.string().describe('the command that repeats this cell'),
  seconds,
  phases: phasesSchema,
})
export type CellResult = z.infer<typeof cellResultSchema>
export type Note = CellResult['notes'][number]

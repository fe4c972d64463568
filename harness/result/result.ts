import { z } from 'zod'
import { cellResultSchema } from './cell.ts'
import { candidateKindSchema, certificateSchema } from './certificate.ts'
import { copyResultSchema } from './copy.ts'
import { verdictSchema } from './finding.ts'
import { list, object, seconds } from './schema.ts'

const number = z.number().int().positive()
const shardSchema = object({
  number: number.describe('which one, counted from 1'),
  of: number.describe('how many there are'),
  asked: z.string().describe('the command of the whole run'),
  whole: object({
    cells: list(z.string()),
    copies: list(z.string()),
    drivers: list(object({ driver: z.string(), kind: candidateKindSchema })),
  }).describe('all that the shards run together, in order'),
})
/** A part of a run that goes on elsewhere. */
export type Shard = z.infer<typeof shardSchema>

/** The one shape that every report is made from. */
export const resultSchema = z.object({
  schema: z.literal('holeproof-result-2'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  brokenRule: z.string().optional().describe('the rule was broken on purpose, in this way'),
  shard: shardSchema.optional().describe('the result is a part of a run'),
  merged: object({
    shards: number,
    missingShards: list(number).describe('shards whose results were not there'),
    missing: list(z.string()).describe('what no result held, and is not shown'),
  })
    .optional()
    .describe('the result was made of the results of shards'),
  stopped: z.literal(true).optional().describe('the run was ended early'),
  machines: list(object({ name: z.string(), kind: z.enum(['native', 'uml', 'qemu']), kernel: z.string() })),
  cells: list(cellResultSchema),
  copies: list(copyResultSchema).describe('copies on real storage that were predicted beforehand'),
  certificates: list(certificateSchema).describe('of drivers that were certified'),
  leaks: list(z.string()).describe('what was left behind or could not be released'),
  counts: object({ upheld: z.number(), refuted: z.number(), 'not-shown': z.number(), broken: z.number() }),
  verdict: verdictSchema,
})
export type Result = Readonly<z.infer<typeof resultSchema>>

import { z } from 'zod'
import { cellResultSchema } from './cell.ts'
import { candidateKindSchema, certificateSchema } from './certificate.ts'
import { copyResultSchema } from './copy.ts'
import { verdictSchema } from './finding.ts'
import { list, object, seconds } from './schema.ts'

const number = z.number().int().positive()
const shardSchema = object({
  number: number.describe('the number of this shard, counted from 1'),
  of: number.describe('the number of shards'),
  asked: z.string().describe('the command of the whole run, without --shard'),
  whole: object({
    cells: list(z.string()),
    copies: list(z.string()),
    drivers: list(object({ driver: z.string(), kind: candidateKindSchema })),
  }).describe('everything that the shards run together, in order'),
})
/** The part of a run that one shard has. */
export type Shard = z.infer<typeof shardSchema>

/** The shape that every report is made from. */
export const resultSchema = z.object({
  schema: z.literal('holeproof-result-2'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  brokenRule: z.string().optional().describe('the name of the rule that was broken on purpose'),
  shard: shardSchema.optional().describe('present if the result is one shard of a run'),
  merged: object({
    shards: number,
    missingShards: list(number).describe('the shards whose results were missing'),
    missing: list(z.string()).describe('the ids that no result held; each is not-shown'),
  })
    .optional()
    .describe('present if the result was merged from those of shards'),
  stopped: z.literal(true).optional().describe('the run was stopped before its end'),
  machines: list(
    object({
      name: z.string(),
      kind: z.enum(['native', 'uml', 'qemu']),
      kernel: z.string(),
      tools: z.record(z.string(), z.string()).readonly().optional().describe('what the programs that the run used say of their versions'),
    }),
  ),
  cells: list(cellResultSchema),
  copies: list(copyResultSchema).describe('copies on real storage, compared with predictions of the model'),
  certificates: list(certificateSchema).describe('the certificates of drivers'),
  leaks: list(z.string()).describe('resources that were left behind or could not be released'),
  counts: object({ upheld: z.number(), refuted: z.number(), 'not-shown': z.number(), broken: z.number() }),
  verdict: verdictSchema,
})
export type Result = Readonly<z.infer<typeof resultSchema>>

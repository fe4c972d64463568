import { z } from 'zod'
import { bytes, list, object } from './schema.ts'

const count = z.number().int().nonnegative()

const copyCaseSchema = object({
  copy: z.string().describe('what is copied onto what'),
  wrong: z.string().describe('the first byte that is wrong, or that none is'),
  answered: z.string().describe("what the destination's driver answers"),
  sourceAnswered: z.string().optional().describe("what the source's driver would answer, where it matters"),
  knownAs: z.string().describe('what the migration knows of the destination'),
})
export type ProofCase = z.infer<typeof copyCaseSchema>

const countSchema = object({ cases: count, smallest: copyCaseSchema.optional() })
export type ProofCount = z.infer<typeof countSchema>

const judgementShape = {
  cases: count.describe('each different source, destination, block, answer of both drivers, and knowledge of the destination'),
  corrupt: countSchema.describe('cases that end with a wrong byte within the volume'),
  needless: countSchema.describe('cases copied in full though the destination is new and bare and its driver promised zeros'),
  leftBehind: countSchema.describe('cases that end with stale bytes past the end of the volume, on a larger destination'),
}

export const proofSchema = z.object({
  schema: z.literal('holeproof-proof-1'),
  version: z.string(),
  bound: count.describe('the largest source, in atoms'),
  atomBytes: bytes,
  seconds: z.number().nonnegative(),
  broken: z.string().optional().describe('what was broken on purpose'),
  kinds: count.describe('kinds of destinations'),
  copies: count.describe('copies that were worked out: one for all cases that differ in nothing that a copy depends on'),
  sources: object({ checked: count, odd: count }).describe('sources, and those that do not read as the one that stands for them'),
  answers: count.describe("answers of the destination's driver"),
  honest: list(z.string()).describe('kinds whose drivers may claim that new volumes read as zeros'),
  rule: object(judgementShape),
  stricter: list(
    object({
      kind: z.string().describe('a kind onto which the rule copies in full'),
      corrupt: object({ copy: z.string(), wrong: z.string() })
        .optional()
        .describe('the smallest case that a sparse copy corrupts; absent where there is none'),
      why: z.string().optional().describe('why there is none'),
    }),
  ).describe('what the rule refuses, and what would come of it'),
  original: object({ ...judgementShape, causes: list(object({ cause: z.string(), count: countSchema })) }).describe(
    'the rule as it was first worded: the claim alone, and a claim that is true for every thin LVM volume',
  ),
  mutants: list(
    object({
      name: z.string(),
      breaks: z.enum(['rule', 'claim']),
      what: z.string(),
      refutedBy: z.enum(['corrupt', 'needless']).optional().describe('absent when it survives'),
      count: countSchema,
    }),
  ),
  failures: list(z.string()).describe('what is not as it must be'),
  verdict: z.enum(['upheld', 'refuted']),
})
export type Proof = Readonly<z.infer<typeof proofSchema>>

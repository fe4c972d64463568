import { z } from 'zod'
import { bytes, list, object } from './schema.ts'

const count = z.number().int().nonnegative()

const copyCaseSchema = object({
  copy: z.string().describe('the source and the destination of the copy'),
  wrong: z.string().describe('the first wrong byte, or a note that no byte is wrong'),
  answered: z.string().describe("the answer of the destination's driver"),
  sourceAnswered: z.string().optional().describe("the answer of the source's driver, if it matters"),
  knownAs: z.string().describe('the knowledge of the migration about the destination'),
})
export type ProofCase = z.infer<typeof copyCaseSchema>

const countSchema = object({ cases: count, smallest: copyCaseSchema.optional() })
export type ProofCount = z.infer<typeof countSchema>

const judgementShape = {
  cases: count.describe('each combination of source, destination, block, answers of both drivers, and knowledge about the destination'),
  corrupt: countSchema.describe('cases that end with a wrong byte within the volume'),
  needless: countSchema.describe('cases copied in full though the destination is new and bare and its driver promised zeros'),
  leftBehind: countSchema.describe('cases that leave stale bytes past the end of the volume, on a larger destination'),
}

export const proofSchema = z.object({
  schema: z.literal('holeproof-proof-2'),
  version: z.string(),
  bound: count.describe('the largest source, in atoms'),
  atomBytes: bytes,
  seconds: z.number().nonnegative(),
  broken: z.string().optional().describe('the name of what was broken on purpose'),
  kinds: count.describe('the number of kinds of destinations'),
  copies: count.describe('the number of copies computed: one for all cases that a copy does not depend on'),
  sources: object({ checked: count, odd: count }).describe(
    'the sources checked, and those that do not read like the source that represents them',
  ),
  answers: count.describe("the number of answers of the destination's driver"),
  honest: list(z.string()).describe('kinds whose drivers may claim that new volumes read as zeros'),
  rule: object(judgementShape),
  stricter: list(
    object({
      kind: z.string().describe('a kind onto which the rule copies in full'),
      corrupt: object({ copy: z.string(), wrong: z.string() })
        .optional()
        .describe('the smallest case that a sparse copy corrupts; absent if there is none'),
      why: z.string().optional().describe('why a sparse copy corrupts no case'),
    }),
  ).describe('the kinds that the rule refuses, and the result of a sparse copy onto each'),
  original: object({ ...judgementShape, causes: list(object({ cause: z.string(), count: countSchema })) }).describe(
    'the rule as it was first worded: the claim alone, and a claim that is true for every thin LVM volume',
  ),
  mutants: list(
    object({
      name: z.string(),
      breaks: z.enum(['rule', 'claim']),
      what: z.string(),
      refutedBy: z.enum(['corrupt', 'needless']).optional().describe('absent if the mutant survives'),
      count: countSchema,
    }),
  ),
  failures: list(z.string()).describe('the reasons why the proof fails'),
  verdict: z.enum(['upheld', 'refuted']),
})
export type Proof = Readonly<z.infer<typeof proofSchema>>

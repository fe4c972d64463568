import { z } from 'zod'
import { differenceSchema } from './bytes.ts'
import { verdictSchema } from './finding.ts'
import { bytes, list, object, seconds } from './schema.ts'

/** The text of a check that is not shown because it was not asked for. */
export const LEFT_OUT = 'left out'

const checkResultSchema = object({
  id: z.string().describe('stable: what --only takes'),
  title: z.string().describe('what must hold'),
  verdict: z
    .enum([...verdictSchema.options, 'not-offered'])
    .describe('not-offered: the driver lacks the verb, so there is nothing to hold it to'),
  text: z.string().describe('what was seen'),
  wrong: object({ count: bytes, first: differenceSchema }).optional().describe('bytes that should not be there'),
  counterexample: z.number().int().nonnegative().optional().describe('the index of the smallest that shows the same'),
  repeat: z.string().describe('the command that repeats this check'),
  seconds,
})
export type CheckResult = z.infer<typeof checkResultSchema>

const counterexampleSchema = object({
  what: z.string().describe('how the volume comes about'),
  sizeBytes: bytes.describe('the size asked for, in bytes'),
  actualBytes: bytes.describe('the size it came out with, in bytes'),
  writes: list(object({ offset: bytes, length: bytes })).describe('what its user writes'),
  wrongBytes: bytes,
  first: differenceSchema,
  file: z
    .string()
    .regex(/^\w[\w.-]*$/)
    .describe('the name of the script, in the folder counterexamples beside the result'),
  script: z.string().describe('a plain shell script that shows the same'),
})
export type Counterexample = z.infer<typeof counterexampleSchema>

export const candidateKindSchema = z.enum(['built-in', 'program', 'module'])

export const certificateSchema = object({
  driver: z.string(),
  kind: candidateKindSchema,
  calledItself: z.string().optional(),
  claim: z.boolean().describe('whether it claims that its new volumes read as zeros'),
  claimReason: z.string(),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why it is not-shown or broken'),
  checks: list(checkResultSchema),
  counterexamples: list(counterexampleSchema),
  wastedSpace: z.string().optional().describe('the driver could claim and does not: every copy to it is full'),
  machine: z.string(),
  repeat: z.string(),
  seconds,
})
/** What a driver was found to be. */
export type Certificate = z.infer<typeof certificateSchema>

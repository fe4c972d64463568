import { z } from 'zod'
import { differenceSchema } from './bytes.ts'
import { causeSchema } from './cause.ts'
import { verdictSchema } from './finding.ts'
import { bytes, list, object, seconds } from './schema.ts'

/** The text of a check that was not run because --only left it out. */
export const LEFT_OUT = 'left out'

const checkResultSchema = object({
  id: z.string().describe('stable; --only takes it'),
  title: z.string().describe('the statement that must hold'),
  verdict: z
    .enum([...verdictSchema.options, 'not-offered'])
    .describe('not-offered: the driver lacks the verb, so the check does not apply'),
  text: z.string().describe('the observation'),
  wrong: object({ count: bytes, first: differenceSchema }).optional().describe('the wrong bytes'),
  trace: z.string().optional().describe("an adapter's own account of where it failed, in lines"),
  cause: causeSchema.optional().describe('what went wrong, where that is known'),
  counterexample: z.number().int().nonnegative().optional().describe('the index of the smallest counterexample that shows the same'),
  repeat: z.string().describe('the command that repeats this check'),
  seconds,
})
export type CheckResult = z.infer<typeof checkResultSchema>

const counterexampleSchema = object({
  what: z.string().describe('the way the volume is made'),
  sizeBytes: bytes.describe('the requested size in bytes'),
  actualBytes: bytes.describe('the size of the volume made, in bytes'),
  writes: list(object({ offset: bytes, length: bytes })).describe('the writes of its user'),
  wrongBytes: bytes,
  first: differenceSchema,
  file: z
    .string()
    .regex(/^\w[\w.-]*$/)
    .describe('the name of the script in the folder counterexamples beside the result'),
  script: z.string().describe('a plain shell script that shows the wrong bytes'),
})
export type Counterexample = z.infer<typeof counterexampleSchema>

export const candidateKindSchema = z.enum(['built-in', 'program', 'module', 'cinder'])

export const certificateSchema = object({
  driver: z.string(),
  kind: candidateKindSchema,
  calledItself: z.string().optional(),
  claim: z.boolean().describe('whether the driver claims that its new volumes read as zeros'),
  claimReason: z.string(),
  verdict: verdictSchema,
  reason: z.string().optional().describe('why the driver is not-shown or broken'),
  checks: list(checkResultSchema),
  counterexamples: list(counterexampleSchema),
  wastedSpace: z.string().optional().describe('the driver could make the claim and does not, so every copy to it is full'),
  machine: z.string().describe('the machines that the driver was installed on, with commas between'),
  repeat: z.string(),
  seconds,
})
/** The verdict on a driver, with every check behind it. */
export type Certificate = z.infer<typeof certificateSchema>

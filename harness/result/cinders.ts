import { z } from 'zod'
import { causeSchema } from './cause.ts'
import { type CheckResult, LEFT_OUT } from './certificate.ts'
import { verdictSchema } from './finding.ts'
import type { Result } from './result.ts'
import { type RunOutcome, runOutcomeOf } from './run_outcome.ts'
import { list, object, seconds } from './schema.ts'
import { countVerdicts, overallVerdict } from './verdicts.ts'

const cinderName = z.string().describe('the version of a release of Cinder, or the folder of a checkout or virtualenv')
const seenSchema = object({
  cinder: cinderName,
  verdict: z.enum([...verdictSchema.options, 'not-offered']),
  cause: causeSchema.optional(),
  text: z.string().describe('the observation'),
  repeat: z.string().describe('the command that repeats it'),
})
const checkSchema = object({
  id: z.string(),
  title: z.string(),
  seen: list(seenSchema).describe('on each Cinder that ran it'),
  differs: z.boolean().describe('whether the Cinders that showed something differ in the verdict or the cause'),
})
export type CinderCheck = z.infer<typeof checkSchema>

/** The shape that all reports of a run on several releases of Cinder are made from. */
export const cindersSchema = z.object({
  schema: z.literal('holeproof-cinders-1'),
  version: z.string(),
  startedAt: z.iso.datetime(),
  seconds,
  seed: z.number().int(),
  cinders: list(
    object({
      cinder: cinderName,
      folder: z.string().describe('the folder with the result and its reports, below that of this file'),
      verdict: verdictSchema,
      seconds,
    }),
  ).describe('in the order in which they ran'),
  drivers: list(object({ driver: z.string(), checks: list(checkSchema) })).describe('checks that were left out are not there'),
  verdict: verdictSchema.describe('over all of them; a difference between them does not change it'),
})
export type Cinders = Readonly<z.infer<typeof cindersSchema>>

/** The run on one of several Cinders. */
export interface CinderRun {
  readonly cinder: string
  readonly result: Result
}

/** Puts runs of the same drivers on several Cinders side by side, by the ids of checks. */
export function compareCinders(runs: readonly CinderRun[], folderOf: (cinder: string) => string): Cinders {
  const [first] = runs
  if (first === undefined) throw new Error('there are no Cinders to compare')
  const { version, startedAt, seed, certificates } = first.result
  const stopped = runs.some(({ result }) => result.stopped)
  return {
    schema: 'holeproof-cinders-1',
    version,
    startedAt,
    seconds: runs.reduce((sum, { result }) => sum + result.seconds, 0),
    seed,
    cinders: runs.map(({ cinder, result: { verdict, seconds } }) => ({ cinder, folder: folderOf(cinder), verdict, seconds })),
    drivers: certificates.map(({ driver }) => ({ driver, checks: checksOf(driver, runs) })),
    verdict: overallVerdict(countVerdicts(runs.flatMap(({ result }) => result.certificates)), {
      leaks: runs.flatMap(({ result }) => result.leaks),
      ...(stopped && { stopped }),
    }),
  }
}

/** Judges how a run on several Cinders ends. A refutation stands whatever else failed. */
export function cindersStatusOf(runs: readonly CinderRun[], strict = false): RunOutcome['status'] {
  const statuses = runs.map(({ result }) => runOutcomeOf(result, { strict }).status)
  if (statuses.includes('refuted')) return 'refuted'
  return statuses.includes('broken') ? 'broken' : 'upheld'
}

function checksOf(driver: string, runs: readonly CinderRun[]): CinderCheck[] {
  const all = runs.flatMap(({ cinder, result }) =>
    result.certificates
      .filter((certificate) => certificate.driver === driver)
      .flatMap(({ checks }) => checks.filter(wasRun).map((check) => ({ cinder, check }))),
  )
  return [...new Map(all.map(({ check }) => [check.id, check.title]))].map(([id, title]) => {
    const seen = all
      .filter(({ check }) => check.id === id)
      .map(({ cinder, check: { verdict, cause, text, repeat } }) => ({
        cinder,
        verdict,
        ...(cause !== undefined && { cause }),
        text,
        repeat,
      }))
    return { id, title, seen, differs: differs(seen) }
  })
}

function wasRun({ text }: CheckResult): boolean {
  return text !== LEFT_OUT
}

/** What could not be shown says nothing about a release. */
function differs(seen: CinderCheck['seen']): boolean {
  const shown = seen.filter(({ verdict }) => verdict !== 'not-shown' && verdict !== 'broken')
  return new Set(shown.map(({ verdict, cause }) => `${verdict} ${cause}`)).size > 1
}

import { basename } from 'node:path'
import type { CinderCheck, Cinders } from '../../result/cinders.ts'
import type { RunOutcome } from '../../result/run_outcome.ts'
import { noun, plural } from '../../units.ts'

/** All that the reports of a run on several Cinders show. */
export interface CindersReport {
  readonly cinders: Cinders
  readonly status: RunOutcome['status']
}

/** What several Cinders showed in the same way, and which. */
export interface SharedSight {
  readonly cinders: readonly string[]
  readonly sight: CinderCheck['seen'][number]
}

/** What was seen of a check, once where several Cinders have the same verdict and cause. */
export function sharedSights({ seen }: CinderCheck): SharedSight[] {
  const keyOf = ({ verdict, cause }: CinderCheck['seen'][number]) => `${verdict} ${cause}`
  const kinds = new Map(seen.toReversed().map((sight) => [keyOf(sight), sight]))
  return [...kinds.values()].toReversed().map((sight) => ({
    sight,
    cinders: seen.filter((some) => keyOf(some) === keyOf(sight)).map(({ cinder }) => shortName(cinder)),
  }))
}

/** A release's version, or the last part of a folder's path. */
export function shortName(cinder: string): string {
  return basename(cinder)
}

/** "1 driver on 4 Cinders; 2 of 58 checks differ" */
export function cindersSummary({ cinders, drivers }: Cinders): string {
  const checks = drivers.flatMap((driver) => driver.checks)
  const different = checks.filter(({ differs }) => differs).length
  const on = `${plural(drivers.length, 'driver')} on ${plural(cinders.length, 'Cinder')}`
  return `${on}; ${different} of ${checks.length} ${noun(checks.length, 'check')} ${different === 1 ? 'differs' : 'differ'}`
}

import { endingOf } from '../result/ending.ts'
import type { CellResult, Result, WorldResult } from '../result/result.ts'
import { judgedOf } from './judged.ts'

/** What failed, for whoever must act on it. */
export interface Failure {
  /** A cell's or a world's id, or a driver and its check. */
  readonly id: string
  readonly verdict: 'refuted' | 'broken'
  /** What was seen, one line or more for each failed check. */
  readonly why: readonly string[]
  /** The command that repeats it; empty for what was left behind, and for the run as a whole. */
  readonly repeat: string
}

/** All that failed in a run: refutations first, then what broke, then what was left behind, then what fails the run as a whole. */
export function failuresOf(result: Result, { says, why } = endingOf(result)): Failure[] {
  const { cells, worlds, certificates, leaks } = result
  const all = [
    ...[...cells, ...worlds].flatMap(failureOf),
    ...certificates.flatMap((certificate) =>
      judgedOf(certificate).flatMap(({ id, verdict, text, repeat }): Failure[] =>
        verdict === 'refuted' || verdict === 'broken' ? [{ id: `${certificate.driver} ${id}`, verdict, why: [text], repeat }] : [],
      ),
    ),
  ]
  const left: Failure[] = leaks.length === 0 ? [] : [{ id: 'left behind', verdict: 'broken', why: leaks, repeat: '' }]
  const asWhole: Failure[] = why.length === 0 || says === 'upheld' ? [] : [{ id: 'the run as a whole', verdict: says, why, repeat: '' }]
  const of = (wanted: Failure['verdict']) => all.filter(({ verdict }) => verdict === wanted)
  return [...of('refuted'), ...of('broken'), ...left, ...asWhole]
}

function failureOf({ id, verdict, findings, reason, repeat }: CellResult | WorldResult): Failure[] {
  if (verdict !== 'refuted' && verdict !== 'broken') return []
  const failed = findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
  return [{ id, verdict, why: [...failed, ...(reason === undefined ? [] : [reason])], repeat }]
}

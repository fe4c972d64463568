import type { CellResult, Result, WorldResult } from '../result/result.ts'

/** What failed, for whoever must act on it. */
export interface Failure {
  /** A cell's or a world's id, or a driver and its check. */
  readonly id: string
  readonly verdict: 'refuted' | 'broken'
  /** What was seen, one line or more for each failed check. */
  readonly why: readonly string[]
  /** The command that repeats it; empty for what was left behind. */
  readonly repeat: string
}

/** All that failed in a run: refutations first, then what broke, then what was left behind. */
export function failuresOf({ cells, worlds, certificates, leaks }: Result): Failure[] {
  const all = [
    ...[...cells, ...worlds].flatMap(failureOf),
    ...certificates.flatMap(({ driver, checks }) =>
      checks.flatMap(({ id, verdict, text, repeat }): Failure[] =>
        verdict === 'refuted' || verdict === 'broken' ? [{ id: `${driver} ${id}`, verdict, why: [text], repeat }] : [],
      ),
    ),
  ]
  const left: Failure[] = leaks.length === 0 ? [] : [{ id: 'left behind', verdict: 'broken', why: leaks, repeat: '' }]
  return [...all.filter(({ verdict }) => verdict === 'refuted'), ...all.filter(({ verdict }) => verdict === 'broken'), ...left]
}

function failureOf({ id, verdict, findings, reason, repeat }: CellResult | WorldResult): Failure[] {
  if (verdict !== 'refuted' && verdict !== 'broken') return []
  const failed = findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
  return [{ id, verdict, why: [...failed, ...(reason === undefined ? [] : [reason])], repeat }]
}

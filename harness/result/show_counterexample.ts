import type { Certificate, Counterexample } from './result.ts'

/** The command that shows a counterexample by its script alone, called as the certification that found it was. */
export function showCounterexample({ repeat }: Pick<Certificate, 'repeat'>, { file }: Pick<Counterexample, 'file'>): string {
  const caller = /^(.*?)certify\b/.exec(repeat)?.[1] ?? 'npx holeproof '
  return `${caller}run sh counterexamples/${file}`
}

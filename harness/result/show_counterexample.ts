import type { Certificate, Counterexample } from './certificate.ts'
import { quoted } from './describe.ts'

/**
 * The command that shows a counterexample by its script alone, called as the certification that found it was. `folder` is that of
 * the result, seen from where the command is called.
 */
export function showCounterexample(
  { repeat }: Pick<Certificate, 'repeat'>,
  { file }: Pick<Counterexample, 'file'>,
  folder: string,
): string {
  const caller = /^(.*?)certify\b/.exec(repeat)?.[1] ?? 'npx holeproof '
  return `${caller}run sh ${quoted(`${folder}/counterexamples/${file}`)}`
}

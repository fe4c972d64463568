import type { Certificate, Counterexample } from './certificate.ts'
import { quoted } from './describe.ts'

/**
 * The command that runs a counterexample's script, with the caller of the certification that found it. `folder` is the result's
 * folder, relative to the working directory.
 */
export function showCounterexample(
  { repeat }: Pick<Certificate, 'repeat'>,
  { file }: Pick<Counterexample, 'file'>,
  folder: string,
): string {
  const caller = /^(.*?)certify\b/.exec(repeat)?.[1] ?? 'npx holeproof '
  return `${caller}run sh ${quoted(`${folder}/counterexamples/${file}`)}`
}

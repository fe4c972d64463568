import { type Candidate, findCandidate, isCinder } from '../../../harness/certify/candidate/candidate.ts'
import { type DriverName, driverNames, honestNames } from '../../../harness/drivers/backend.ts'
import { UsageError } from '../../../harness/errors.ts'
import { commandLine } from '../../../harness/paths.ts'

/** Words for several built-in drivers. */
const GROUPS: ReadonlyMap<string, readonly DriverName[]> = new Map([
  ['built-in', honestNames],
  ['liars', driverNames.filter((name) => !honestNames.some((honest) => honest === name))],
])

/** Reports whether a word names drivers that come with holeproof or Cinder, rather than a program or module. */
export function isNamed(word: string): boolean {
  const names: readonly string[] = driverNames
  return GROUPS.has(word) || names.includes(word) || isCinder(word)
}

/** Finds the drivers that the words of a command line name: several named ones, or one program with its arguments. Throws UsageError if there are none. */
export function findCandidates(words: readonly string[]): Candidate[] {
  const [first, ...rest] = words
  if (first === undefined) throw new UsageError(`name a driver. Run ${commandLine('certify')} --help for examples.`)
  if (isCinder(first)) return words.map((word) => findCandidate(word))
  if (!isNamed(first)) return [findCandidate(first, rest)]
  return [...new Set(words.flatMap((word) => GROUPS.get(word) ?? word))].map((word) => findCandidate(word))
}

/** Finds a driver to exchange volumes with, from its name or its program and arguments in one text. Throws UsageError if there is none. */
export function findPeer(text: string): Candidate {
  const [driver = '', ...args] = text.split(' ')
  return findCandidate(driver, args)
}

/** The words that name a driver on a command line. */
export function wordsOf(candidate: Candidate): readonly string[] {
  if (candidate.kind === 'built-in' || isCinder(candidate.name)) return [candidate.name]
  return candidate.kind === 'module' ? [candidate.path] : candidate.argv
}

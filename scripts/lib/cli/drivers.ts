import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings'
import { type Candidate, findCandidate, isCinder } from '../../../harness/certify/candidate/candidate.ts'
import { type CinderChoice, DISTRIBUTION, parseCinder } from '../../../harness/certify/candidate/cinder.ts'
import { type DriverName, driverNames, honestNames } from '../../../harness/drivers/backend.ts'
import { UsageError } from '../../../harness/errors.ts'
import { commandLine } from '../../../harness/paths.ts'

/** Cinder's volumes are whole GiB, and several must fit. */
export const CINDER_MIB = 4608
/** How long a verb of Cinder's drivers may take: they take a while to start. */
export const CINDER_SECONDS = 300

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

/**
 * Parses a command line and returns the words that name its drivers: everything after a program belongs to it, but options may follow
 * built-in drivers.
 */
export function parseWithDrivers(command: CommandUnknownOpts, words: readonly string[]): readonly string[] {
  command.passThroughOptions(true).parse(words, { from: 'user' })
  const [first] = command.args
  if (first !== undefined && isNamed(first)) command.passThroughOptions(false).parse(words, { from: 'user' })
  return command.args
}

/** Parses the words of `--cinder`. Throws UsageError if one of them names nothing that can be a Cinder. */
export function parseCinders(text: string): readonly CinderChoice[] {
  return text.split(',').map(parseCinder)
}

/** The distribution's Cinder alone. */
export const DISTRIBUTIONS: readonly CinderChoice[] = [parseCinder(DISTRIBUTION)]

/** `--cinder`: the Cinders whose drivers are run. */
export function cinderOption() {
  return new Option(
    '--cinder <what>',
    "Cinder's own code: distribution, a version such as 26, debian:SUITE, a checkout or a virtualenv; several with commas",
  )
    .argParser(parseCinders)
    .default(DISTRIBUTIONS, DISTRIBUTION)
}

/** `--option`, which may be repeated. */
export function driverOption() {
  return new Option('--option <key=value>', 'pass this to the driver in do_setup; may be repeated').argParser(collect)
}

/** Reads what `--option` collected. Throws UsageError if one of them is not a pair. */
export function readDriverOptions(pairs: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map(parsePair))
}

function parsePair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageError(`--option must look like key=value, not '${text}'`)
  return [text.slice(0, at), text.slice(at + 1)]
}

/** Gathers the values of an option that may be repeated. */
export function collect(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text]
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
  if (candidate.kind === 'built-in' || candidate.kind === 'cinder') return [candidate.name]
  return candidate.kind === 'module' ? [candidate.path] : candidate.argv
}

import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { type DriverName, driverNames, honestNames } from '../../drivers/backend.ts'
import type { BackendSize } from '../../drivers/built_in.ts'
import { UsageError } from '../../errors.ts'
import { findProgram } from '../../machine/tools.ts'
import { type Cinder, cinderConfiguration } from './cinder.ts'

/** A driver to certify, from any source. */
export type Candidate = {
  readonly name: string
} /** On poisoned storage of the size that drivers are given, unless `storage` says otherwise. */ & (
  | { readonly kind: 'built-in'; readonly driver: DriverName; readonly storage?: BackendSize }
  /** An executable that speaks the driver protocol on its standard input and output. */
  | {
      readonly kind: 'program'
      readonly argv: readonly string[]
      /** The folder that it is started in. */
      readonly cwd: string
    }
  /** A module whose default export makes a driver from what do_setup gives. */
  | { readonly kind: 'module'; readonly path: string }
  /** The driver of a section of a cinder.conf, which the adapter runs; on the distribution's Cinder unless `cinder` is another. */
  | { readonly kind: 'cinder'; readonly configuration: string; readonly section: string; readonly cinder?: Cinder }
)

/** Starts the name of one of Cinder's own drivers: `cinder:SECTION` of the cinder.conf in adapters/cinder, or `cinder:FILE:SECTION`. */
const CINDER = 'cinder:'
const MODULES = new Set(['.ts', '.mts', '.js', '.mjs', '.cjs'])

/**
 * Finds a driver by a built-in name, the path of a TypeScript or JavaScript module, or an executable with its arguments. Throws
 * UsageError when the text is none of these.
 */
export function findCandidate(text: string, args: readonly string[] = []): Candidate {
  const builtIn = driverNames.find((name) => name === text)
  if (builtIn !== undefined) {
    if (args.length > 0) throw new UsageError(`the built-in driver ${text} takes no arguments, but there is '${args[0]}'`)
    return { kind: 'built-in', name: builtIn, driver: builtIn }
  }
  if (isCinder(text)) return cinderCandidate(text)
  const path = resolve(text)
  if (existsSync(path)) {
    const stat = statSync(path)
    if (stat.isDirectory()) throw new UsageError(`${text} is a folder, not a driver`)
    const isModule = MODULES.has(extname(path))
    if (isModule && args.length === 0) return { kind: 'module', name: basename(path), path }
    if ((stat.mode & 0o111) === 0)
      throw new UsageError(
        isModule
          ? `${text} is a module, which takes no arguments, but there is '${args[0]}'; options come before the driver`
          : `${text} is not executable; chmod +x it, or name its interpreter before it`,
      )
    return program(basename(path), [path, ...args])
  }
  if (text.includes('/') && !text.startsWith('liar/')) throw new UsageError(`there is no file ${text}`)
  const found = text.includes('/') ? undefined : findProgram(text)
  if (found === undefined)
    throw new UsageError(
      `there is no driver ${text}. Name a file, a program on PATH, or a built-in driver: ${honestNames.join(', ')}, or liar/ and one of these.`,
    )
  // The name of an interpreter is not the driver's: the driver is the file that it is given.
  const file = args.find((arg) => !arg.startsWith('-') && existsSync(resolve(arg)))
  return program(basename(file ?? text), [found, ...args])
}

function program(name: string, argv: readonly string[]): Extract<Candidate, { kind: 'program' }> {
  return { kind: 'program', name, argv, cwd: process.cwd() }
}

/** Tells whether a name is that of one of Cinder's own drivers, for which the setup must have installed Cinder. */
export function isCinder(text: string): boolean {
  return text.startsWith(CINDER)
}

/** The same candidate on another Cinder, if it is a driver of Cinder's. */
export function onCinder(candidate: Candidate, cinder: Cinder): Candidate {
  return candidate.kind === 'cinder' ? { ...candidate, cinder } : candidate
}

function cinderCandidate(text: string): Candidate {
  const [section = '', ...file] = text.slice(CINDER.length).split(':').toReversed()
  const configuration = file.length === 0 ? cinderConfiguration : resolve(file.toReversed().join(':'))
  if (!existsSync(configuration)) throw new UsageError(`${text}: there is no file ${configuration}`)
  const sections = [...readFileSync(configuration, 'utf8').matchAll(/^\[([^\]]+)\]/gm)].flatMap(([, name]) => name ?? [])
  if (!sections.includes(section))
    throw new UsageError(`${text}: ${configuration} has no section [${section}], but ${sections.map((name) => `[${name}]`).join(', ')}`)
  return { kind: 'cinder', name: text, configuration, section }
}

import { UsageError } from '../../../harness/errors.ts'
import { commandLine } from '../../../harness/paths.ts'

/** Reports whether one entry of an --only list selects an id: it is the id itself, or its leading parts. */
export function isMeant(id: string, wanted: string): boolean {
  return id === wanted || id.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`)
}

/** Splits an --only list into its entries. */
export function splitOnly(only: string): string[] {
  return only.split(',').map((id) => id.trim())
}

/** Returns the entries of an --only list. Throws UsageError if one of them selects none of the ids. */
export function parseOnly(only: string, ids: readonly string[], what: string, command: string): string[] {
  const wanted = splitOnly(only)
  const unknown = wanted.filter((id) => !ids.some((known) => isMeant(known, id)))
  if (unknown.length > 0)
    throw new UsageError(`--only: no ${what} is called ${unknown.join(' or ')}. Run ${commandLine(command)} --list to see them all.`)
  return wanted
}

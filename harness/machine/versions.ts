import { existsSync, readdirSync } from 'node:fs'

/** Orders version numbers: below 0 if `one` is the older. What follows the numbers of a part does not count. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split('.').map((part) => Number.parseInt(part, 10)))
  for (let index = 0; index < Math.max(a?.length ?? 0, b?.length ?? 0); index++) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Reports whether a version is the wanted one or begins with its numbers. */
export function isVersion(version: string, wanted: string): boolean {
  return version.startsWith(wanted) && !/\d/.test(version.charAt(wanted.length))
}

/** The names in a folder that are versions; none if there is no such folder. */
export function versionsIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^\d+\.\d+/.test(name)) : []
}

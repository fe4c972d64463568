import { randomBytes } from 'node:crypto'

/** Set for every process of a run, to the path of the run's folder: how a sweep knows them. */
export const RUN_VARIABLE = 'HOLEPROOF_RUN'

/** A run's name and nothing like it: a checkout called holeproof, or a file called holeproof_notes, is not ours to remove. */
const RUN_NAME = /^holeproof_[0-9a-f]{8}(?![0-9a-z])/i

/** The name of a run: its folder, and the start of the names of its volume groups and devices. */
export function newRunName(): string {
  return `holeproof_${randomBytes(4).toString('hex')}`
}

/** The run that a name begins with; undefined if the name is not ours. */
export function runOf(name: string): string | undefined {
  return RUN_NAME.exec(name)?.[0]
}

/** Returns whether a name begins with a prefix: `holeproof_1` begins `holeproof_1_dst`, but not `holeproof_12`. */
export function carries(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && !/[0-9a-z]/i.test(name.charAt(prefix.length))
}

import { randomBytes } from 'node:crypto'

/** Everything holeproof makes carries this at the start of its name; sweeping goes by it, and only by it. */
export const PREFIX = 'holeproof'

/** Set for every process of a run, to the run's name: how a sweep knows them. */
export const RUN_VARIABLE = 'HOLEPROOF_RUN'

/** The name of a run: its folder, and the start of the names of its volume groups and devices. */
export function newRunName(): string {
  return `${PREFIX}_${randomBytes(4).toString('hex')}`
}

/** Whether a name begins with a prefix: `holeproof_1` begins `holeproof_1_dst`, but not `holeproof_12`. */
export function carries(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && !/[0-9a-z]/i.test(name.charAt(prefix.length))
}

/** Whether one of the folders in a path carries the prefix. */
export function isOurPath(path: string, prefix: string): boolean {
  return path.split('/').some((part) => carries(part, prefix))
}

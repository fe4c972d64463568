import type { CommandRecord } from '../../lab/lab.ts'
import type { DriverSetup } from '../../protocol/verbs.ts'

/** Something that was done to a driver's volumes, in the order in which it was done. */
export type Act =
  /** A verb, with the commands that a built-in driver ran for it. */
  | {
      readonly act: 'verb'
      readonly driver: string
      readonly verb: string
      readonly params: object
      readonly commands: readonly CommandRecord[]
      /** What attach_volume gave. */
      readonly path?: string
    }
  /** A copy's commands. */
  | { readonly act: 'copy'; readonly commands: readonly CommandRecord[] }
  /** The user's data, or zeros. */
  | {
      readonly act: 'write'
      readonly driver: string
      readonly volume: string
      readonly what: 'data' | 'zeros'
      readonly offset: number
      readonly length: number
    }

/** A driver that is a program, and what do_setup asked it with. */
export interface RecordedProgram {
  readonly driver: string
  readonly argv: readonly string[]
  /** By default the script's own folder. */
  readonly cwd?: string
  readonly asked: DriverSetup
}

/** Keeps what was done, so that a script can do it again. */
export class Recorder {
  readonly acts: Act[] = []
  readonly programs: RecordedProgram[] = []
}

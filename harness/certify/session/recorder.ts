import type { CommandRecord } from '../../lab/lab.ts'
import type { DriverSetup } from '../../protocol/verbs.ts'

/** One step that was done to a driver's volumes. */
export type Act =
  /** A verb, with the commands that a built-in driver ran for it. */
  | {
      readonly act: 'verb'
      readonly driver: string
      readonly verb: string
      readonly params: object
      readonly commands: readonly CommandRecord[]
      /** The answer of attach_volume. */
      readonly path?: string
    }
  /** A copy's commands. */
  | { readonly act: 'copy'; readonly commands: readonly CommandRecord[] }
  /** A write of the user's data, or of zeros. */
  | {
      readonly act: 'write'
      readonly driver: string
      readonly volume: string
      readonly what: 'data' | 'zeros'
      readonly offset: number
      readonly length: number
    }

/** A driver that is a program, and the parameters of its do_setup. */
export interface RecordedProgram {
  readonly driver: string
  readonly argv: readonly string[]
  /** The working directory; by default the script's own folder. */
  readonly cwd?: string
  readonly asked: DriverSetup
}

/** Records all steps, so that a script can repeat them. */
export class Recorder {
  readonly acts: Act[] = []
  readonly programs: RecordedProgram[] = []
}

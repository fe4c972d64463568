/** The lab itself failed (a guest died, a tool is missing, a device could not be made): exit code 3, never a verdict on a driver. */
export class BrokenLab extends Error {
  override name = 'BrokenLab'
}

/** What stands between holeproof and a driver of another system failed, which says nothing about the driver. */
export class AdapterFault extends BrokenLab {
  override name = 'AdapterFault'
  /** The adapter's own account of where it failed, in lines. */
  readonly trace: string | undefined

  constructor(message: string, trace?: string, options?: ErrorOptions) {
    super(message, options)
    this.trace = trace
  }
}

/** A program is not there that the setup could not bring or was not asked for: what needs it is not shown. */
export class NotInstalled extends Error {
  override name = 'NotInstalled'
}

/** The request of the user cannot be carried out as given: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** Which of two copies an instance wrote to last is not known, or it is the newer one: neither may be removed. */
export class PivotUnknown extends Error {
  override name = 'PivotUnknown'
}

/** The message of anything thrown, for a one-line report. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The lab itself failed (a guest died, a tool is missing, a device could not be made): exit code 3, never a verdict on a driver. */
export class BrokenLab extends Error {
  override name = 'BrokenLab'
}

/** The request of the user cannot be carried out as given: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The message of anything thrown, for a one-line report. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

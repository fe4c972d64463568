/** Prints a run's preparations on standard error; with --quiet, prints nothing. */
export function createLogger({ quiet }: { readonly quiet?: boolean | undefined }): (line: string) => void {
  return quiet ? () => {} : (line) => console.error(line)
}

/** Reports whether standard output takes colours. */
export function hasColours(plain: boolean | undefined): boolean {
  return !plain && process.stdout.isTTY === true && process.env.NO_COLOR === undefined
}

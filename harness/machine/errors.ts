import type { Ending } from './machine.ts'

/** The lab itself failed (a guest died, a tool is missing, a device could not be made): exit code 3, never a verdict on a driver. */
export class BrokenLab extends Error {
  override name = 'BrokenLab'
}

/** What the user asked for cannot be done as asked: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** A command ended otherwise than with exit code 0. The message is one line; `detail` holds the command and its output. */
export class CommandFailed extends Error {
  override name = 'CommandFailed'
  readonly argv: readonly string[]
  readonly ending: Ending
  readonly output: string

  constructor(argv: readonly string[], ending: Ending, output: string) {
    const said = complaint(argv[0] ?? '', output)
    super(`${argv[0]} ${describeEnding(ending)}${said === '' ? '' : `: ${said}`}`)
    this.argv = argv
    this.ending = ending
    this.output = output
  }

  get detail(): string {
    return `$ ${this.argv.join(' ')}\n${this.output.trim()}`
  }
}

/** "exited with 5", "was ended by signal 9", "did not end within 20 s", ... */
export function describeEnding(ending: Ending): string {
  switch (ending.how) {
    case 'exit':
      return `exited with ${ending.code}`
    case 'signal':
      return `was ended by signal ${ending.signal}`
    case 'timeout':
      return `did not end within ${ending.seconds} s and was killed`
    case 'aborted':
      return 'was stopped'
    case 'not-started':
      return `could not be started: ${ending.why}`
  }
}

/** The message of anything thrown, for a one-line report. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The line that says what went wrong: the program's last message under its own name, else its last line. */
function complaint(program: string, output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('WARNING'))
  return lines.findLast((line) => line.startsWith(`${program}:`)) ?? lines.at(-1) ?? ''
}

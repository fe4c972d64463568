/** How a command ended. `signal` and `code` are the kernel's numbers; `seconds` is the limit that ran out. */
export type CommandEnding =
  | { how: 'exit'; code: number }
  | { how: 'signal'; signal: number }
  | { how: 'timeout'; seconds: number }
  | { how: 'aborted' }
  | { how: 'not-started'; why: string }

/** A command ended otherwise than with exit code 0. The message is one line; `detail` holds the command and its output. */
export class CommandFailed extends Error {
  override name = 'CommandFailed'
  readonly argv: readonly string[]
  readonly ending: CommandEnding
  readonly output: string

  constructor(argv: readonly string[], ending: CommandEnding, output: string) {
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
export function describeEnding(ending: CommandEnding): string {
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

/** The line that says what went wrong: the program's last message under its own name, else its last line. */
function complaint(program: string, output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('WARNING'))
  return lines.findLast((line) => line.startsWith(`${program}:`)) ?? lines.at(-1) ?? ''
}

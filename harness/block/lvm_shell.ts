import split from 'split2'
import { z } from 'zod'
import type { Finished, Machine, Running } from '../machine/machine.ts'
import { awaitOrKill, DEFAULT_TIMEOUT_SECONDS } from '../machine/run_to_end.ts'

/**
 * The profile of an LVM shell (lvm.conf(5), "Configuration profiles"): it answers every command with JSON, in which the log of the
 * command tells how it ended.
 */
export const SHELL_PROFILE = `report {
  output_format="json"
}
log {
  report_command_log=1
  command_log_cols="log_type,log_object_type,log_message,log_ret_code"
  command_log_selection="all"
}
`

/** Report on stdout alone, without prompts; without HOME the shell keeps no history file. */
const START = 'unset HOME; exec lvm 3>&1 >/dev/null'

/** The code with which LVM's own functions succeed (tools/errors.h); a command then exits with 0. */
const SUCCESS = 1

const answerSchema = z.object({
  report: z.array(z.unknown()).optional(),
  log: z.array(z.object({ log_type: z.string(), log_object_type: z.string(), log_message: z.string(), log_ret_code: z.string() })),
})

/**
 * An `lvm` process that runs one command after the other. It is LVM itself, as when each command is a process of its own, which takes
 * three to four times as long: most of that is start-up.
 */
export class LvmShell {
  private readonly process: Promise<Running>
  private lines: string[] = []
  private answer: ((answer: string) => void) | undefined
  private turn: Promise<unknown> = Promise.resolve()
  private over = false
  private complaints = ''

  private constructor(process: Promise<Running>) {
    this.process = process
    const end = () => {
      this.over = true
    }
    process.then((running) => this.follow(running)).then(end, end)
  }

  /** Starts a shell; `profile` is the name under which SHELL_PROFILE lies in the folder of LVM's configuration. */
  static open(machine: Machine, environment: Readonly<Record<string, string>>, profile: string): LvmShell {
    const env = { ...environment, LVM_COMMAND_PROFILE: profile, LVM_REPORT_FD: '3' }
    return new LvmShell(machine.start(['sh', '-c', START], { env }))
  }

  /** Whether the shell has ended and takes no more commands. */
  get ended(): boolean {
    return this.over
  }

  /**
   * Runs a command, after those before it. Standard output is the report as JSON, or what the command printed. The shell does not
   * outlive a command that takes longer than other commands may or that the signal stops.
   */
  run(argv: readonly string[], signal?: AbortSignal): Promise<Finished> {
    // The shell's own parser splits at blanks and knows quotes.
    const odd = argv.find((word) => word === '' || /[\s"'\\#]/.test(word))
    if (odd !== undefined) throw new Error(`LVM's shell cannot be given the argument ${JSON.stringify(odd)}`)
    const finished = this.turn.then(() => this.perform(argv, signal))
    this.turn = finished.catch(() => {})
    return finished
  }

  /** Ends the shell after the commands under way. */
  async close(): Promise<void> {
    await this.turn
    if (this.over) return
    const process = await this.process
    process.stdin.end()
    await process.ended
  }

  /** Reads what the process says until it ends. */
  private async follow({ stdin, stdout, stderr, ended }: Running): Promise<void> {
    stdin.on('error', () => {}) // a shell that has been killed reads nothing more; how it ended says so
    stdout.pipe(split()).on('data', (line: string) => this.read(line))
    stderr.on('data', (data: Buffer) => {
      this.complaints = (this.complaints + data.toString()).slice(-2000)
    })
    await ended
  }

  private async perform(argv: readonly string[], signal: AbortSignal | undefined): Promise<Finished> {
    const began = performance.now()
    const finish = (ending: Finished['ending'], stdout: string, stderr: string): Finished => ({
      argv,
      ending,
      stdout: Buffer.from(stdout),
      stderr: Buffer.from(stderr),
      seconds: (performance.now() - began) / 1000,
    })
    if (signal?.aborted) return finish({ how: 'aborted' }, '', '')
    const process = await this.process
    const answered = new Promise<string>((resolve) => {
      this.answer = resolve
    })
    process.stdin.write(`${argv.join(' ')}\n`)
    const limits = { program: argv[0] ?? '', timeoutSeconds: DEFAULT_TIMEOUT_SECONDS, ...(signal && { signal }) }
    const { value, cut } = await awaitOrKill(Promise.race([answered, process.ended]), process, process.ended, limits)
    this.answer = undefined
    if (typeof value === 'string') {
      const { report, code, printed, errors } = readAnswer(value)
      return finish({ how: 'exit', code }, report ?? printed, errors)
    }
    this.over = true
    return finish(value ?? cut, '', this.complaints)
  }

  /** Takes a line of an answer, which is JSON over several lines. */
  private read(line: string): void {
    this.lines.push(line)
    if (line.trim() !== '}') return
    const text = this.lines.join('\n')
    if (!isJson(text)) return
    this.lines = []
    this.answer?.(text)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Reads the answer of a shell with SHELL_PROFILE. Throws when it does not say how the command ended. */
export function readAnswer(text: string): { code: number; report?: string; printed: string; errors: string } {
  const { report, log } = answerSchema.parse(JSON.parse(text))
  const status = log.findLast(({ log_type, log_object_type }) => log_type === 'status' && log_object_type === 'cmd')
  const ended = Number.parseInt(status?.log_ret_code ?? '', 10)
  if (status === undefined || Number.isNaN(ended)) throw new Error(`LVM's shell did not say how a command ended: ${text}`)
  const messages = (isError: boolean) =>
    log
      .filter(({ log_type }) => log_type !== 'status' && (log_type === 'error') === isError)
      .map(({ log_message }) => `  ${log_message}\n`)
      .join('')
  return {
    code: ended === SUCCESS ? 0 : ended,
    ...(report !== undefined && { report: `${JSON.stringify({ report }, undefined, 2)}\n` }),
    printed: messages(false),
    errors: messages(true),
  }
}

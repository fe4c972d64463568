import { finished } from 'node:stream/promises'
import { BrokenLab } from '../errors.ts'
import { within } from '../timers.ts'
import type { CommandEnding } from './command_failed.ts'
import type { Finished, Running, RunOptions } from './machine.ts'

export const DEFAULT_TIMEOUT_SECONDS = 120
const SIGKILL = 9
/** A killed command that is not reported as ended within this many seconds means that the machine hangs. */
const GRACE_SECONDS = 15

/** Feeds, collects and bounds a started command: the one implementation of `Machine.run`. */
export async function runToEnd(
  argv: readonly string[],
  start: () => Promise<Running>,
  { stdin, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, signal }: RunOptions = {},
): Promise<Finished> {
  const began = performance.now()
  const result = (ending: CommandEnding, stdout: Buffer[], stderr: Buffer[]): Finished => ({
    argv,
    ending,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr),
    seconds: (performance.now() - began) / 1000,
  })
  if (signal?.aborted) return result({ how: 'aborted' }, [], [])

  const running = await start()
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  running.stdout.on('data', (data: Buffer) => stdout.push(data))
  running.stderr.on('data', (data: Buffer) => stderr.push(data))
  running.stdin.on('error', () => {}) // a command may end without reading its input
  running.stdin.end(stdin)

  const ended = endOf(running)
  const { value, cut } = await awaitOrKill(ended, running, ended, { program: argv[0] ?? '', timeoutSeconds, ...(signal && { signal }) })
  return result(value ?? cut, stdout, stderr)
}

/**
 * Waits for something that a started command does, and kills the command when its time is up or the signal aborts. Returns then how it
 * was cut short. Throws BrokenLab when it does not end.
 */
export async function awaitOrKill<Value>(
  awaited: Promise<Value>,
  running: Pick<Running, 'kill'>,
  ended: Promise<unknown>,
  { program, timeoutSeconds, signal }: { readonly program: string; readonly timeoutSeconds: number; readonly signal?: AbortSignal },
): Promise<{ value: Value; cut?: never } | { value?: never; cut: CommandEnding }> {
  const value = await within(awaited, timeoutSeconds * 1000, signal)
  if (value !== undefined) return { value }
  const cut: CommandEnding = signal?.aborted ? { how: 'aborted' } : { how: 'timeout', seconds: timeoutSeconds }
  running.kill(SIGKILL)
  if ((await within(ended, GRACE_SECONDS * 1000)) === undefined)
    throw new BrokenLab(`the machine no longer answers: ${program} did not end ${GRACE_SECONDS} s after it was killed`)
  return { cut }
}

/** Resolves when the command has ended and all its output has been read. */
async function endOf(running: Running): Promise<CommandEnding> {
  const ending = await running.ended
  await Promise.all([finished(running.stdout), finished(running.stderr)])
  return ending
}

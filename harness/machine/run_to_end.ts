import { finished } from 'node:stream/promises'
import { BrokenLab } from '../errors.ts'
import type { CommandEnding } from './command_failed.ts'
import type { Finished, Running, RunOptions } from './machine.ts'

const DEFAULT_TIMEOUT_SECONDS = 120
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

  let giveUp: (reason: Error) => void = () => {}
  const hung = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  let cut: CommandEnding | undefined
  let grace: NodeJS.Timeout | undefined
  const end = (why: CommandEnding) => {
    if (cut !== undefined) return
    cut = why
    running.kill(SIGKILL)
    grace = setTimeout(
      () => giveUp(new BrokenLab(`the machine no longer answers: ${argv[0]} did not end ${GRACE_SECONDS} s after it was killed`)),
      GRACE_SECONDS * 1000,
    )
  }
  const timer = setTimeout(() => end({ how: 'timeout', seconds: timeoutSeconds }), timeoutSeconds * 1000)
  const onAbort = () => end({ how: 'aborted' })
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort() // while the command was being started
  try {
    const ending = await Promise.race([running.ended, hung])
    await Promise.race([Promise.all([finished(running.stdout), finished(running.stderr)]), hung])
    return result(cut ?? ending, stdout, stderr)
  } finally {
    clearTimeout(timer)
    clearTimeout(grace)
    signal?.removeEventListener('abort', onAbort)
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { $, type ProcessOutput } from 'zx'
import { commandFailure } from './command_failure.ts'

/** A stopped command that has not cleaned up after this time is killed. */
const GRACE_SECONDS = 120

export interface CommandOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

export interface CommandRun {
  readonly seconds: number
  readonly stdout: string
  /** Describes how the command failed; absent if it exited with 0. */
  readonly failure?: string
}

/** Runs a command to its end. When the signal aborts, the command receives SIGINT and may clean up. */
export async function runCommand(words: readonly string[], { cwd, env, signal }: CommandOptions): Promise<CommandRun> {
  if (signal.aborted) return { seconds: 0, stdout: '', failure: 'it was stopped' }
  const began = performance.now()
  // A group of its own: a terminal's SIGINT reaches this process only, which passes it on once.
  const running = $({ cwd, env, detached: true, quiet: true, nothrow: true, stdio: ['ignore', 'pipe', 'pipe'] })`${words}`
  const ended = new AbortController()
  const stop = async () => {
    signalGroup(running.pid, 'SIGINT')
    await sleep(GRACE_SECONDS * 1000, undefined, { signal: ended.signal })
    signalGroup(running.pid, 'SIGKILL')
  }
  const onAbort = () => void stop().catch(() => {})
  signal.addEventListener('abort', onAbort)
  try {
    const output: ProcessOutput = await running
    const seconds = (performance.now() - began) / 1000
    const failure = signal.aborted ? 'it was stopped' : commandFailure(words, output)
    return { seconds, stdout: output.stdout, ...(failure !== undefined && { failure }) }
  } finally {
    signal.removeEventListener('abort', onAbort)
    ended.abort()
  }
}

/** Signals a process group. A group that has ended is not an error. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

import { constants, release } from 'node:os'
import { PassThrough } from 'node:stream'
import { execa } from 'execa'
import type { CommandEnding } from './command_failed.ts'
import type { Machine, Running, StartOptions } from './machine.ts'
import { RUN_VARIABLE } from './prefix.ts'
import { runToEnd } from './run_to_end.ts'
import { toolsEnvironment } from './tools.ts'

/** This kernel: needs root and device-mapper's thin target. `shared` is any folder of ours. */
export function openNative(name: string, shared: string): Machine {
  const alive = new Set<Running>()
  const start = async (argv: readonly string[], options: StartOptions = {}): Promise<Running> => {
    const running = startHere(argv, { ...toolsEnvironment(), TMPDIR: shared, [RUN_VARIABLE]: shared, ...options.env })
    alive.add(running)
    running.ended.finally(() => alive.delete(running)).catch(() => {})
    return running
  }
  const run: Machine['run'] = (argv, options) => runToEnd(argv, () => start(argv, options), options)
  return {
    kind: 'native',
    name,
    kernel: release(),
    shared,
    start,
    run,
    loadModules: async (names) => {
      await run(['modprobe', '--all', '--quiet', ...names])
    },
    close: async () => {
      for (const running of alive) running.kill()
      await Promise.allSettled([...alive].map((running) => running.ended))
    },
  }
}

export interface RunningHere extends Running {
  /** Settles when the process itself has ended, though children of it may still hold its output open. */
  readonly exited: Promise<void>
}

/** Starts a program of this machine in a process group of its own, in the folder that is given or in this process's own. */
export function startHere(argv: readonly string[], env: Record<string, string>, folder?: string): RunningHere {
  const [file = '', ...rest] = argv
  const child = execa(file, rest, {
    env,
    ...(folder !== undefined && { cwd: folder }),
    detached: true,
    reject: false,
    buffer: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
    stripFinalNewline: false,
  })
  // Bytes that arrive before somebody listens must wait, so the streams handed out are pass-throughs.
  const stdout = child.stdout.pipe(new PassThrough())
  const stderr = child.stderr.pipe(new PassThrough())
  const ended = child.then((result): CommandEnding => {
    if (result.exitCode !== undefined) return { how: 'exit', code: result.exitCode }
    if (result.signal !== undefined) return { how: 'signal', signal: constants.signals[result.signal] }
    return { how: 'not-started', why: result.originalMessage ?? 'unknown' }
  })
  return {
    stdin: child.stdin,
    stdout,
    stderr,
    ended,
    exited: Promise.race([new Promise<void>((resolve) => child.once('exit', () => resolve())), ended.then(() => {})]),
    kill: (signal = constants.signals.SIGKILL) => killGroup(child.pid, signal),
  }
}

/** Signals a process group. A group that is already gone is not an error. */
function killGroup(pid: number | undefined, signal: number): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

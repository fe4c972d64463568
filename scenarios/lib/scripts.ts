import { fileURLToPath } from 'node:url'
import type { Ending } from '../../harness/machine/machine.ts'
import { startHere } from '../../harness/machine/native.ts'

export interface StartedScript {
  kill(signal: number): void
  readonly finished: Promise<{ ending: Ending; stdout: string; stderr: string }>
  /** Resolves when standard error has said this. */
  said(text: string): Promise<void>
}

/** Starts one of the project's commands as a user would, in a process group of its own. */
export function startScript(name: string, argv: readonly string[], env: Record<string, string> = {}): StartedScript {
  const running = startHere([fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url)), ...argv], env)
  let stdout = ''
  let stderr = ''
  running.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  running.stderr.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  running.stdin.end()
  return {
    kill: (signal) => running.kill(signal),
    finished: running.ended.then(async (ending) => {
      await Promise.all(
        [running.stdout, running.stderr].map((stream) => stream.readableEnded || new Promise((resolve) => stream.once('end', resolve))),
      )
      return { ending, stdout, stderr }
    }),
    said: async (text) => {
      while (!stderr.includes(text)) await new Promise((resolve) => setTimeout(resolve, 50))
    },
  }
}

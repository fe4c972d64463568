import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CommandEnding } from '../../harness/machine/command_failed.ts'
import { startHere } from '../../harness/machine/native.ts'

export interface StartedScript {
  kill(signal: number): void
  readonly finished: Promise<{ ending: CommandEnding; stdout: string; stderr: string }>
  /** Resolves when standard error has said this; rejects when the script ends without. */
  said(text: string): Promise<void>
  /** Resolves to standard output when it has this text; rejects when the script ends without. */
  printed(text: string): Promise<string>
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
  let ended = false
  const finished = running.ended.then(async (ending) => {
    await Promise.all(
      [running.stdout, running.stderr].map((stream) => stream.readableEnded || new Promise((resolve) => stream.once('end', resolve))),
    )
    ended = true
    return { ending, stdout, stderr }
  })
  const until = async (text: string, output: () => string) => {
    while (!output().includes(text)) {
      if (ended) throw new Error(`${name} ended without saying ${JSON.stringify(text)}:\n${stderr}`)
      await sleep(50)
    }
    return output()
  }
  return {
    kill: (signal) => running.kill(signal),
    finished,
    said: async (text) => void (await until(text, () => stderr)),
    printed: (text) => until(text, () => stdout),
  }
}

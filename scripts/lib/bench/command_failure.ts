import { printable } from '../../../harness/result/describe.ts'

interface Output {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Describes a command that did not exit with 0, in one line with its last message. Undefined if it did. */
export function commandFailure(words: readonly string[], { exitCode, signal, stdout, stderr }: Output): string | undefined {
  if (exitCode === 0) return undefined
  const how = signal === null ? `exited with ${exitCode}` : `was ended by ${signal}`
  const message = lastMessage(stderr) ?? lastMessage(stdout)
  return `${words[0]} ${how}${message === undefined ? '' : `: ${message}`}`
}

/** The last error in an output, else its last line. */
function lastMessage(output: string): string | undefined {
  const lines = output
    .split('\n')
    .map((line) => printable(line.trim()))
    .filter((line) => line !== '')
  return lines.findLast((line) => /^(holeproof|fatal|error|npm error)\b/i.test(line)) ?? lines.at(-1)
}

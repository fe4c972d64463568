import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import split from 'split2'
import { BrokenLab, messageOf } from '../errors.ts'
import { describeEnding } from '../machine/command_failed.ts'
import type { Finished, Machine, Running } from '../machine/machine.ts'
import { assetPath } from '../paths.ts'
import { within } from '../timers.ts'

/** Does what a small command does, as its words say it, without its process. kernel_calls.pl lists the commands. */
export type Perform = (argv: readonly string[]) => Promise<Finished>

const ANSWER_SECONDS = 120

/**
 * A process in a machine that makes the system calls of small commands, one after the other. A process for each would take ten times
 * as long.
 */
export class KernelCalls {
  private readonly process: Running
  private readonly waiting: { resolve(line: string): void; reject(error: Error): void }[] = []
  private whyGone: BrokenLab | undefined

  private constructor(process: Running, name: string) {
    this.process = process
    const fail = (why: string) => {
      this.whyGone = new BrokenLab(`the kernel cannot be asked in ${name}: ${why}`)
      for (const { reject } of this.waiting.splice(0)) reject(this.whyGone)
    }
    process.stdout.pipe(split()).on('data', (line: string) => this.waiting.shift()?.resolve(line))
    process.stderr.resume()
    process.ended.then(
      (ending) => fail(`the process that asks it ${describeEnding(ending)}`),
      (error: unknown) => fail(messageOf(error)),
    )
  }

  static async open(machine: Machine): Promise<KernelCalls> {
    const script = join(machine.shared, `${machine.name}.kernel_calls.pl`)
    await copyFile(assetPath('harness/helper/kernel_calls.pl'), script)
    return new KernelCalls(await machine.start(['perl', script]), machine.name)
  }

  readonly perform: Perform = async (argv) => {
    const began = performance.now()
    const answer = await within(this.ask(argv.join('\0')), ANSWER_SECONDS * 1000)
    if (answer === undefined) throw new BrokenLab(`the kernel did not answer ${argv.join(' ')} within ${ANSWER_SECONDS} s`)
    const [, how = '', text = ''] = /^(ok|error) (.*)$/.exec(answer) ?? []
    const output = Buffer.from(text.replaceAll('\\n', '\n'))
    const ok = how === 'ok'
    return {
      argv,
      ending: { how: 'exit', code: ok ? 0 : 1 },
      stdout: ok ? output : Buffer.alloc(0),
      stderr: ok ? Buffer.alloc(0) : output,
      seconds: (performance.now() - began) / 1000,
    }
  }

  async close(): Promise<void> {
    this.process.stdin.end()
    await this.process.ended
  }

  private ask(question: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.whyGone !== undefined) return reject(this.whyGone)
      this.waiting.push({ resolve, reject })
      this.process.stdin.write(`${question}\n`)
    })
  }
}

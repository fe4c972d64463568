import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import split from 'split2'
import { BrokenLab, messageOf } from '../errors.ts'
import { describeEnding } from '../machine/command_failed.ts'
import type { Finished, Machine, Running } from '../machine/machine.ts'
import { assetPath } from '../paths.ts'
import { within } from '../timers.ts'

/** Answers `status`, `table` and `message DEVICE SECTOR TEXT` as the program dmsetup does. */
export type Dmsetup = (argv: readonly string[]) => Promise<Finished>

const ANSWER_SECONDS = 120

/**
 * A process in a machine that asks device-mapper. dmsetup would be a process for each question, which takes twenty times as long.
 */
export class DeviceMapper {
  private readonly process: Running
  private readonly waiting: { resolve(line: string): void; reject(error: Error): void }[] = []

  private constructor(process: Running, name: string) {
    this.process = process
    const fail = (why: string) => {
      for (const { reject } of this.waiting.splice(0)) reject(new BrokenLab(`device-mapper cannot be asked in ${name}: ${why}`))
    }
    process.stdout.pipe(split()).on('data', (line: string) => this.waiting.shift()?.resolve(line))
    process.stderr.resume()
    process.ended.then(
      (ending) => fail(`its process ${describeEnding(ending)}`),
      (error: unknown) => fail(messageOf(error)),
    )
  }

  static async open(machine: Machine): Promise<DeviceMapper> {
    const script = join(machine.shared, `${machine.name}.device_mapper.pl`)
    await copyFile(assetPath('harness/helper/device_mapper.pl'), script)
    return new DeviceMapper(await machine.start(['perl', script]), machine.name)
  }

  readonly dmsetup: Dmsetup = async (argv) => {
    const began = performance.now()
    const answer = await within(this.ask(argv.join(' ')), ANSWER_SECONDS * 1000)
    if (answer === undefined) throw new BrokenLab(`device-mapper did not answer ${argv.join(' ')} within ${ANSWER_SECONDS} s`)
    const [, how = '', text = ''] = /^(ok|error) (.*)$/.exec(answer) ?? []
    const output = Buffer.from(text.replaceAll('\\n', '\n'))
    const ok = how === 'ok'
    return {
      argv: ['dmsetup', ...argv],
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
      this.waiting.push({ resolve, reject })
      this.process.stdin.write(`${question}\n`)
    })
  }
}

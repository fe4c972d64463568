import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Content } from '../data/content.ts'
import type { Verification } from '../data/verify.ts'
import { BrokenLab, describeEnding, messageOf } from '../machine/errors.ts'
import type { Machine } from '../machine/machine.ts'
import { callOver } from '../rpc/json_rpc.ts'
import type { Inventory } from './inventory.ts'

/** The helper inside a machine (main.ts), as its callers see it. Every call throws an Error when it
 * cannot be done, BrokenLab when the helper is gone. */
export interface Inside {
  ping(): Promise<string>
  stamp(path: string, content: Content, everywhere: boolean): Promise<{ writtenBytes: number }>
  verify(path: string, content: Content): Promise<Verification>
  /** The size of a volume, and what it takes on its filesystem when it is a file; in bytes. */
  measure(path: string): Promise<{ sizeBytes: number; allocatedBytes: number }>
  inventory(prefix: string): Promise<Inventory>
  close(): Promise<void>
}

const CALL_SECONDS = 300

/** Builds the helper into the machine's shared folder and starts it there. */
export async function openInside(machine: Machine): Promise<Inside> {
  const bundle = join(machine.shared, `${machine.name}.inside.mjs`)
  await build({
    entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  })
  const helper = await machine.start([process.execPath, '--max-old-space-size=128', bundle])
  let said = ''
  helper.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-2000)
  })
  const caller = callOver({ input: helper.stdout, output: helper.stdin })
  let gone = false
  const fail = (why: string) => {
    gone = true
    caller.fail(why)
  }
  helper.ended.then(
    (ending) => fail(`the helper ended: it ${describeEnding(ending)}: ${said}`),
    (error) => fail(messageOf(error)),
  )
  const call = async <Result>(method: string, params: object): Promise<Result> => {
    try {
      // Both ends are built from the same source, so the answer has the type that main.ts gives it.
      return (await caller.request(method, params, CALL_SECONDS)) as Result
    } catch (error) {
      const message = `${method}: ${messageOf(error)}`
      throw gone ? new BrokenLab(`${message} (inside ${machine.name})`, { cause: error }) : new Error(message, { cause: error })
    }
  }
  return {
    ping: () => call('ping', {}),
    stamp: (path, content, everywhere) => call('stamp', { path, content, everywhere }),
    verify: (path, content) => call('verify', { path, content }),
    measure: (path) => call('measure', { path }),
    inventory: (prefix) => call('inventory', { prefix }),
    close: async () => {
      helper.stdin.end()
      await helper.ended
    },
  }
}

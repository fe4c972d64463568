import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { type Result, resultSchema } from '../harness/result/result.ts'
import { startScript } from './support/scripts.ts'

/** Both kinds of volumes, a control and two traps. */
const ONLY = 'host/lvm-thin/lvm-thin/mixed,host/nfs/nfs,control/host/lvm-thin/lvm-thick,trap/thick/sparse,trap/file/sparse'

test(
  'two shards merge into the result of the whole run, but for times, machines and the names of volume groups; one alone does not',
  {
    timeout: 900_000,
  },
  () =>
    withDir(
      async ({ path }) => {
        const run = ['--machine', selectedKind, '--seed', '7', '--plain', '--only', ONLY]
        const [whole, first, second] = [join(path, 'whole'), join(path, 'first'), join(path, 'second')]
        const [merged, lacking] = [join(path, 'merged'), join(path, 'lacking')]
        await expect(exitOf('verify', [...run, '--out', whole])).resolves.toEqual({ how: 'exit', code: 0 })
        for (const [shard, out] of [
          ['1/2', first],
          ['2/2', second],
        ] as const)
          await expect(exitOf('verify', [...run, '--out', out, '--shard', shard])).resolves.toEqual({ how: 'exit', code: 0 })
        await expect(exitOf('merge', [first, second, '--out', merged])).resolves.toEqual({ how: 'exit', code: 0 })

        expect(comparable(await read(merged))).toEqual(comparable(await read(whole)))
        const [inFirst, inSecond] = [await read(first), await read(second)].map(({ cells, copies }) => cells.length + copies.length)
        expect([inFirst, inSecond].toSorted()).toEqual([2, 3])

        const refused = await startScript('merge', [first, '--out', lacking]).finished
        expect(refused.ending).toEqual({ how: 'exit', code: 2 })
        expect(refused.stderr).toContain('shard 2 of 2 is missing')
        const allowed = await startScript('merge', [first, '--out', lacking, '--allow-missing']).finished
        expect(allowed.ending).toEqual({ how: 'exit', code: 1 })
        expect(allowed.stdout).toContain(`${inFirst} upheld, 0 refuted, ${inSecond} not shown, 0 broken`)
      },
      { unsafeCleanup: true },
    ),
)

async function exitOf(script: string, argv: readonly string[]): Promise<unknown> {
  return (await startScript(script, argv).finished).ending
}

async function read(folder: string): Promise<Result> {
  return resultSchema.parse(JSON.parse(await readFile(join(folder, 'result.json'), 'utf8')))
}

/** A result without what no two runs share. */
function comparable({ machines, merged, startedAt, seconds, ...result }: Result): unknown {
  const kinds = [...new Set(machines.map(({ kind, kernel }) => `${kind} ${kernel}`))]
  // Old bytes say whose they were, and every run poisons with tags of its own.
  const unlike = new Set(['seconds', 'machine', 'commands', 'location_info', 'firstWrongPage'])
  const withoutNames = JSON.stringify({ ...result, kinds }, (key, value) => (unlike.has(key) ? undefined : value)).replaceAll(
    /holeproof_\w+?_(source|destination)\d*/g,
    '$1',
  )
  return JSON.parse(withoutNames)
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { selectedKind } from '../harness/machine/machine_kind.ts'
import { type Result, resultSchema } from '../harness/result/result.ts'
import { startScript } from './support/scripts.ts'

/** Both kinds of volumes, a control and two traps. */
const ONLY = 'host/lvm-thin/lvm-thin/mixed,host/nfs/nfs,control/host/lvm-thin/lvm-thick,trap/thick/sparse,trap/file/sparse'

test(
  'the merged results of two shards are the result of the whole run, but for times, machines and the names of volume groups',
  () =>
    withDir(
      async ({ path }) => {
        const run = ['--machine', selectedKind, '--seed', '7', '--plain', '--only', ONLY]
        const whole = join(path, 'whole')
        const shards = [1, 2].map((number) => join(path, `shard-${number}`))
        await expect(exitOf('verify', [...run, '--out', whole])).resolves.toEqual({ how: 'exit', code: 0 })
        for (const [index, out] of shards.entries())
          await expect(exitOf('verify', [...run, '--out', out, '--shard', `${index + 1}/2`])).resolves.toEqual({ how: 'exit', code: 0 })
        const merged = join(path, 'merged')
        await expect(exitOf('merge', [...shards, '--out', merged])).resolves.toEqual({ how: 'exit', code: 0 })

        expect(comparable(await read(merged))).toEqual(comparable(await read(whole)))
        const parts = await Promise.all(shards.map(read))
        expect(parts.map(({ cells, copies }) => cells.length + copies.length).toSorted()).toEqual([2, 3])
      },
      { unsafeCleanup: true },
    ),
  900_000,
)

test(
  'a shard that is missing is named, and never makes a run that is upheld',
  () =>
    withDir(
      async ({ path }) => {
        const [part, merged] = [join(path, 'part'), join(path, 'merged')]
        const run = ['--machine', selectedKind, '--seed', '7', '--plain', '--only', 'host/nfs/nfs,host/nfs/nfs-prealloc']
        await expect(exitOf('verify', [...run, '--shard', '1/2', '--out', part])).resolves.toEqual({ how: 'exit', code: 0 })

        const refused = await startScript('merge', [part, '--out', merged]).finished
        expect(refused.ending).toEqual({ how: 'exit', code: 2 })
        expect(refused.stderr).toContain('shard 2 of 2 is missing')
        const allowed = await startScript('merge', [part, '--out', merged, '--allow-missing']).finished
        expect(allowed.ending).toEqual({ how: 'exit', code: 1 })
        expect(allowed.stdout).toContain('1 upheld, 0 refuted, 1 not shown, 0 broken')
      },
      { unsafeCleanup: true },
    ),
  300_000,
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

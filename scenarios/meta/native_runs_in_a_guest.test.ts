import { mkdir } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, type ScenarioContext, scenario } from '../../harness/scenario.ts'

const script = (name: string) => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url))
const CELLS = ['host/lvm-thin/nfs/mixed', 'control/host/lvm-thin/lvm-thick']

/** A folder in the guest for a native run's temporary files. */
async function folderFor({ lab, machine }: ScenarioContext): Promise<string> {
  const folder = join(lab.folder, 'native')
  await lab.own(
    'the folder of the native run',
    () => mkdir(folder),
    async () => void (await machine.run(['rm', '-rf', folder])),
  )
  return folder
}

// `native` needs root and a kernel with device-mapper, and the guest offers both.
scenario('scripts/verify --machine native upholds the rule as root on a kernel with dm-thin', async ({ context }) => {
  const folder = await folderFor(context)

  const { stdout, stderr, ending } = await context.machine.run(
    [script('verify'), '--machine', 'native', '--only', CELLS.join(','), '--out', join(folder, 'out')],
    { env: { TMPDIR: folder, HOME: folder } },
  )

  expect(`${stderr}${stdout}`).toMatch(/UPHELD {2}2 cells: 2 upheld[\s\S]*0 leaks[\s\S]* on 1 x native/)
  expect(ending).toEqual({ how: 'exit', code: 0 })
})

scenario('a native run killed with SIGKILL leaves devices, mounts and an NFS server, and a sweep removes them all', async ({ context }) => {
  const folder = await folderFor(context)
  const env = { TMPDIR: folder, HOME: folder }
  const before = await context.lab.helper.inventory('holeproof')
  // The first of many cells has ended: the server and the storage stay for the others.
  const run = await context.machine.start(
    [script('verify'), '--machine', 'native', '--only', 'host/nfs,driver/nfs', '--out', join(folder, 'out')],
    { env },
  )
  const ready = new Promise<string>((resolve) => run.stderr.on('data', (data: Buffer) => data.includes('✓ 1/8') && resolve('ready')))
  expect(await Promise.race([ready, run.ended])).toBe('ready')
  run.kill(constants.signals.SIGKILL)
  await run.ended
  const left = await context.lab.helper.inventory('holeproof')

  const sweep = await context.machine.run([script('sweep')], { env })

  expect(left.dmDevices.length).toBeGreaterThan(before.dmDevices.length)
  expect(left.loops.length).toBeGreaterThan(before.loops.length)
  expect(sweep.stdout.toString()).toMatch(
    /removed NFS server[\s\S]*removed device-mapper device[\s\S]*removed loop device[\s\S]*removed folder/,
  )
  expect(sweep.ending).toEqual({ how: 'exit', code: 0 })
  expect(await context.lab.helper.inventory('holeproof')).toEqual(before)
  expect((await context.machine.run(['pgrep', '-f', 'answerer.pl'])).stdout.toString()).toBe('')
})

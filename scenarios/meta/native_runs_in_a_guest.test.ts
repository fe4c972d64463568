import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, scenario } from '../../harness/scenario.ts'

// The guest is a machine whose kernel has device-mapper and where we are root: what `native` needs.
scenario('scripts/verify --machine native upholds the rule as root on a kernel with dm-thin', async ({ stage }) => {
  const folder = join(stage.lab.folder, 'native')
  await stage.lab.own(
    'the folder of the native run',
    () => mkdir(folder),
    async () => void (await stage.machine.run(['rm', '-rf', folder])),
  )
  const verify = fileURLToPath(new URL('../../scripts/verify', import.meta.url))
  const cells = [
    'host/lvm-thin/lvm-thin/mixed',
    'host/lvm-thin/lvm-thick/mixed',
    'host/lvm-thin/nfs/mixed',
    'control/host/lvm-thin/lvm-thick',
  ]

  const { stdout, stderr, ending } = await stage.machine.run(
    [verify, '--machine', 'native', '--only', cells.join(','), '--out', join(folder, 'out')],
    {
      env: { TMPDIR: folder, HOME: folder },
    },
  )

  expect(stderr.toString() + stdout.toString()).toMatch(/UPHELD {2}4 cells: 4 upheld[\s\S]*0 leaks[\s\S]* on 1 x native/)
  expect(ending).toEqual({ how: 'exit', code: 0 })
})

import { expect as expectHere, test } from 'vitest'
import { BrokenLab } from '../../harness/errors.ts'
import { makeRunFolder } from '../../harness/lab/run_folder.ts'
import { selectedKind } from '../../harness/machine/machine_kind.ts'
import { openMachines } from '../../harness/testbed/open_machines.ts'
import { GiB } from '../../harness/units.ts'

const isGuest = selectedKind !== 'native'

test.runIf(isGuest)('a guest that dies fails its commands with the end of its console', async () => {
  const folder = await makeRunFolder(GiB)
  try {
    const [guest] = await openMachines(selectedKind, folder.path, 1)
    const waiting = guest?.run(['sleep', '60'])
    const crash = guest?.run(['sh', '-c', 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger'])

    await expectHere(waiting).rejects.toThrow(BrokenLab)
    await expectHere(crash).rejects.toThrow(/died[\s\S]*console[\s\S]*panic/)
    await expectHere(guest?.run(['true'])).rejects.toThrow(BrokenLab)
    await guest?.close()
  } finally {
    await folder.remove()
  }
})

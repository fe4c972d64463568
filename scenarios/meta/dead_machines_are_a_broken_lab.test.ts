import { expect, test } from 'vitest'
import { BrokenLab } from '../../harness/errors.ts'
import { selectedKind } from '../../harness/machine/selected_machine.ts'
import { openSession, testBedOf } from '../../harness/scenario.ts'

const isGuest = selectedKind !== 'native'

// A scenario's own session would have to end without a fault.
test.runIf(isGuest)('a guest that dies fails its commands with the end of its console, and its session ends all the same', async () => {
  const session = await openSession()
  const { machine } = testBedOf(session)
  const waiting = machine.run(['sleep', '60'])
  const crash = machine.run(['sh', '-c', 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger'])

  await expect(waiting).rejects.toThrow(BrokenLab)
  await expect(crash).rejects.toThrow(/died[\s\S]*console[\s\S]*panic/)
  await expect(machine.run(['true'])).rejects.toThrow(BrokenLab)
  expect(await session.close()).toEqual([expect.stringMatching(/^could not look for leaks: /)])
})

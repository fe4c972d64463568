import { expect, test } from 'vitest'
import { BrokenLab, UsageError } from '../../../harness/errors.ts'
import { firstGuest, type GuestKind, refuseSameKernels } from './select_machine.ts'

/** Selects a guest where only these kinds boot. Returns it with the kinds that were tried and the lines that were logged. */
async function choose(remembered: GuestKind | undefined, booting: readonly GuestKind[]) {
  const tried: GuestKind[] = []
  const logged: string[] = []
  const boot = async (kind: GuestKind) => {
    tried.push(kind)
    if (!booting.includes(kind)) throw new BrokenLab(`${kind} did not boot\nwith its output`)
    return { kind }
  }
  const taken = await firstGuest(remembered, boot, (line) => logged.push(line))
  return { taken: taken.kind, tried, logged }
}

test('the first guest that boots is taken', async () => {
  expect(await choose(undefined, ['uml', 'qemu'])).toEqual({ taken: 'uml', tried: ['uml'], logged: [] })
  expect(await choose(undefined, ['qemu'])).toMatchObject({ taken: 'qemu', logged: ['uml guests do not work here: uml did not boot'] })
})

test('the one that booted before is tried first, and spares the others', async () => {
  expect(await choose('qemu', ['uml', 'qemu'])).toEqual({ taken: 'qemu', tried: ['qemu'], logged: [] })
})

test.each([
  ['uml', 'qemu'],
  ['qemu', 'uml'],
] as const)('if %s booted before but does not now, %s is taken', async (remembered, other) => {
  expect(await choose(remembered, [other])).toMatchObject({
    taken: other,
    tried: [remembered, other],
    logged: [`${remembered} guests do not work here: ${remembered} did not boot`],
  })
})

test('if none boots, the error gives the reason of each', async () => {
  await expect(choose('uml', [])).rejects.toThrow(
    new BrokenLab('No usable machine:\numl: uml did not boot\nwith its output\nqemu: qemu did not boot\nwith its output'),
  )
})

test('two names of one kernel are refused', () => {
  const [old, distribution, six] = [
    { kernel: '6.1.176', asked: '6.1' },
    { kernel: '6.1.176', asked: 'distribution' },
    { kernel: '6.12.101', asked: '6.12' },
  ]

  expect(() => refuseSameKernels([old, six])).not.toThrow()
  expect(() => refuseSameKernels([old, six, distribution])).toThrow(
    new UsageError('--kernel: 6.1 and distribution are both 6.1.176. Name each kernel once.'),
  )
})

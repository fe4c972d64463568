import { expect, test } from 'vitest'
import { BrokenLab } from '../../../harness/errors.ts'
import { firstGuest, type GuestKind } from './select_machine.ts'

/** Chooses a guest where only these boot; with what was tried, and what was said. */
async function choose(remembered: GuestKind | undefined, booting: readonly GuestKind[]) {
  const tried: GuestKind[] = []
  const said: string[] = []
  const bring = async (kind: GuestKind) => {
    tried.push(kind)
    if (!booting.includes(kind)) throw new BrokenLab(`${kind} did not boot\nwith its output`)
  }
  const taken = await firstGuest(remembered, bring, (line) => said.push(line))
  return { taken, tried, said }
}

test('the first guest that boots is taken', async () => {
  expect(await choose(undefined, ['uml', 'qemu'])).toEqual({ taken: 'uml', tried: ['uml'], said: [] })
  expect(await choose(undefined, ['qemu'])).toMatchObject({ taken: 'qemu', said: ['no uml guest here: uml did not boot'] })
})

test('the one that booted before is tried first, and spares the others', async () => {
  expect(await choose('qemu', ['uml', 'qemu'])).toEqual({ taken: 'qemu', tried: ['qemu'], said: [] })
})

test.each([
  ['uml', 'qemu'],
  ['qemu', 'uml'],
] as const)('where %s booted before and does so no more, %s is taken', async (remembered, other) => {
  expect(await choose(remembered, [other])).toMatchObject({
    taken: other,
    tried: [remembered, other],
    said: [`no ${remembered} guest here: ${remembered} did not boot`],
  })
})

test('where none boots, all is said that they lack', async () => {
  await expect(choose('uml', [])).rejects.toThrow(
    new BrokenLab('no machine can be had here:\numl: uml did not boot\nwith its output\nqemu: qemu did not boot\nwith its output'),
  )
})

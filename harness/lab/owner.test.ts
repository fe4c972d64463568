import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ownerState, writeOwner } from './owner.ts'

/** A run's folder whose owner's file says this beside what is true of this process. */
async function stateWith(changes: Record<string, unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'owner-'))
  try {
    await writeOwner(folder)
    const file = join(folder, 'owner.json')
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), ...changes }))
    await utimes(folder, new Date(0), new Date(0))
    return await ownerState(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('the run of a process that lives is living', async () => {
  expect(await stateWith({})).toBe('living')
})

test('the run of a process that is gone is dead', async () => {
  expect(await stateWith({ pid: 2 ** 22 })).toBe('dead')
})

test('the run of an earlier process of the same pid is dead', async () => {
  expect(await stateWith({ started: '1' })).toBe('dead')
})

// A guest sees its host's folders, and none of its processes: taking them for dead would remove a living run's storage.
test('the run of another kernel or pid namespace is elsewhere, whatever runs here under its pid', async () => {
  expect(await stateWith({ world: 'another boot' })).toBe('elsewhere')
  expect(await stateWith({ world: 'another boot', pid: 2 ** 22 })).toBe('elsewhere')
})

test.each([
  ['is about to be written is living', 300, 'living'],
  // Its run was killed before it could write one: what it left must not stay because it is new.
  ['never comes is dead', undefined, 'dead'],
])("a new folder whose owner's file %s", async (_, milliseconds, state) => {
  const folder = await mkdtemp(join(tmpdir(), 'owner-'))
  const written = milliseconds === undefined ? undefined : sleep(milliseconds).then(() => writeOwner(folder))
  try {
    expect(await ownerState(folder)).toBe(state)
  } finally {
    await written
    await rm(folder, { recursive: true })
  }
})

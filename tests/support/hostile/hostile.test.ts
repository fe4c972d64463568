import { readFile, stat, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { startHere } from '../../../harness/machine/native.ts'
import { runToEnd } from '../../../harness/machine/run_to_end.ts'
import { PROTOCOL } from '../../../harness/protocol/verbs.ts'
import { MiB } from '../../../harness/units.ts'
import { DriverProgram, OLD } from '../driver_program.ts'
import { behaviours } from './behaviours.ts'

const program = fileURLToPath(new URL('hostile.py', import.meta.url))

test('the table has a line for each driver of the program', async () => {
  const argv = [program, '--list']
  const { stdout } = await runToEnd(argv, async () => startHere(argv, {}))
  expect(JSON.parse(stdout.toString())).toEqual(Object.keys(behaviours))
})

// The scenario notices when a driver that it must refute does nothing wrong. It cannot notice that of those which break no rule.

test('sound does everything right', async () => {
  await using driver = await DriverProgram.start([program, 'sound'])
  await setUp(driver)
  await create(driver, 'v', 5_244_417)
  const path = await attach(driver, 'v')
  expect(await staleBytes(path)).toEqual({ size: 5_244_417, old: 0 })
  await writeFile(path, 'written', { flag: 'r+' })
  await result(driver, 'create_snapshot', { name: 's', volume_name: 'v' })
  await result(driver, 'create_cloned_volume', { name: 'c', size_bytes: 6_000_000, source_name: 'v' })
  await writeFile(path, 'changed', { flag: 'r+' })
  await result(driver, 'create_volume_from_snapshot', { name: 'r', size_bytes: 5_244_417, snapshot_name: 's', volume_name: 'v' })
  for (const name of ['c', 'r']) expect((await readFile(await attach(driver, name))).toString('latin1', 0, 7)).toBe('written')
  expect((await stat(await attach(driver, 'c'))).size).toBe(6_000_000)
  await result(driver, 'extend_volume', { name: 'v', new_size_bytes: 6_000_000 })
  await result(driver, 'update_migrated_volume', { name: 'v', new_name: 'w' })
  await result(driver, 'delete_snapshot', { name: 's', volume_name: 'v' })
  await driver.restart()
  expect((await readFile(await attach(driver, 'w'))).toString('latin1', 0, 7)).toBe('changed')
  for (const [verb, params] of [
    ['create_volume', { name: 'w', size_bytes: 512 }],
    ['create_volume', { name: 'n', size_bytes: 0 }],
    ['delete_volume', { name: 'v' }],
    ['attach_volume', { name: 'v' }],
  ] as const)
    await refusal(driver, verb, params)
  expect(await refusal(driver, 'migrate_volume', { name: 'w', copy_mode: 'full' })).toMatchObject({ code: -32601 })
  for (const name of ['w', 'c', 'r']) await result(driver, 'delete_volume', { name })
  await result(driver, 'shutdown')
})

test('endless-log floods its log once it is set up, and still answers', async () => {
  await using driver = await DriverProgram.start([program, 'endless-log', '1'])
  await setUp(driver)

  await driver.until(() => driver.log.endsWith('debug\n'), 'flood')
  expect(await result(driver, 'get_capabilities')).toMatchObject({ sparse_copy_volume: true })
})

test('control-characters-in-name calls itself by a name that drives terminals', async () => {
  await using driver = await DriverProgram.start([program, 'control-characters-in-name'])

  expect(await driver.setUp()).toMatchObject({ result: { name: expect.stringContaining('\u001b[2J') } })
})

test('honest-false shows stale bytes in new volumes, and claims false', async () => {
  await using driver = await DriverProgram.start([program, 'honest-false'])
  await setUp(driver)

  expect(await result(driver, 'get_capabilities')).toMatchObject({ sparse_copy_volume: false })
  await create(driver, 'v', MiB)
  expect(await staleBytes(await attach(driver, 'v'))).toEqual({ size: MiB, old: MiB })
})

async function setUp(driver: DriverProgram): Promise<void> {
  expect(await driver.setUp()).toMatchObject({ result: { protocol: PROTOCOL } })
}

async function result(driver: DriverProgram, verb: string, params: object = {}): Promise<unknown> {
  const answer = await driver.call(verb, params)
  return z.looseObject({ result: z.unknown() }).parse(answer).result
}

async function refusal(driver: DriverProgram, verb: string, params: object): Promise<unknown> {
  return z.object({ error: z.object({ code: z.number(), message: z.string() }) }).parse(await driver.call(verb, params)).error
}

async function create(driver: DriverProgram, name: string, sizeBytes: number): Promise<void> {
  expect(await result(driver, 'create_volume', { name, size_bytes: sizeBytes })).toEqual({})
}

async function attach(driver: DriverProgram, name: string): Promise<string> {
  return z.object({ path: z.string() }).parse(await result(driver, 'attach_volume', { name })).path
}

/** Counts the stale bytes of a file; all others must be zero. */
async function staleBytes(path: string): Promise<{ size: number; old: number }> {
  const bytes = await readFile(path)
  const old = bytes.reduce((sum, byte) => sum + (byte === OLD ? 1 : 0), 0)
  expect(bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)).toBe(bytes.length - old)
  return { size: bytes.length, old }
}

import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dirSync } from 'tmp-promise'
import { afterAll, describe, expect, test } from 'vitest'
import { bundleModule } from '../../harness/certify/candidate/bundle_module.ts'
import { METHOD_NOT_FOUND } from '../../harness/protocol/json_rpc.ts'
import { PROTOCOL } from '../../harness/protocol/verbs.ts'
import { DriverProgram } from '../support/driver_program.ts'

const bundles = dirSync({ unsafeCleanup: true })
afterAll(() => bundles.removeCallback())

const template = (path: string) => fileURLToPath(new URL(`../../examples/drivers/${path}`, import.meta.url))
const shell = async () => [template('shell/driver.sh')]
const python = async () => [template('python/driver.py')]
const typescript = async () => [process.execPath, await bundleModule(template('typescript/driver.ts'), bundles.name)]

const failure = (code: unknown = expect.any(Number)) => ({
  jsonrpc: '2.0',
  id: expect.any(Number),
  error: { code, message: expect.stringMatching(/\S/) },
})

describe.each([
  ['shell', shell],
  ['typescript', typescript],
])('the %s template, on a folder', (_, argv) => {
  test('makes, attaches, extends, renames and deletes volumes, which survive a restart', async () => {
    await using driver = await DriverProgram.start(await argv())
    expect(await driver.setUp()).toMatchObject({ result: { protocol: PROTOCOL } })
    expect(await driver.call('get_capabilities')).toMatchObject({ result: { sparse_copy_volume: true, thin_provisioning_support: true } })

    await driver.call('create_volume', { name: 'volume-1', size_bytes: 5_244_417 })
    const { path } = ((await driver.call('attach_volume', { name: 'volume-1' })) as { result: { path: string } }).result
    expect((await readFile(path)).equals(Buffer.alloc(5_244_417))).toBe(true)
    expect(await driver.call('detach_volume', { name: 'volume-1' })).toMatchObject({ result: {} })
    expect(await driver.call('extend_volume', { name: 'volume-1', new_size_bytes: 2 ** 33 })).toMatchObject({ result: {} })
    await driver.restart()
    await driver.call('update_migrated_volume', { name: 'volume-1', new_name: 'volume-2' })
    const renamed = (await driver.call('attach_volume', { name: 'volume-2' })) as { result: { path: string } }
    expect((await stat(renamed.result.path)).size).toBe(2 ** 33)
    expect(await driver.call('delete_volume', { name: 'volume-2' })).toMatchObject({ result: {} })
    expect(await driver.call('attach_volume', { name: 'volume-2' })).toEqual(failure())
  })

  test('answers impossible requests with an error', async () => {
    await using driver = await DriverProgram.start(await argv())
    await driver.setUp()
    await driver.call('create_volume', { name: 'taken', size_bytes: 512 })
    await driver.call('create_volume', { name: 'other', size_bytes: 512 })

    for (const [method, params] of [
      ['create_volume', { name: 'taken', size_bytes: 512 }],
      ['create_volume', { name: 'new', size_bytes: 0 }],
      ['create_volume', { name: 'new', size_bytes: -512 }],
      ['create_volume', { name: 'new', size_bytes: 1e21 }],
      ['create_volume', { name: 'new', size_bytes: '512' }],
      ['create_volume', { name: '../new', size_bytes: 512 }],
      ['create_volume', { name: 'new"', size_bytes: 512 }],
      ['create_volume', { size_bytes: 512 }],
      ['delete_volume', { name: 'missing' }],
      ['attach_volume', { name: 'missing' }],
      ['detach_volume', { name: 'missing' }],
      ['extend_volume', { name: 'missing', new_size_bytes: 1024 }],
      ['extend_volume', { name: 'taken', new_size_bytes: 256 }],
      ['update_migrated_volume', { name: 'missing', new_name: 'new' }],
      ['update_migrated_volume', { name: 'other', new_name: 'taken' }],
    ] as const)
      expect(await driver.call(method, params), `${method} ${JSON.stringify(params)}`).toEqual(failure())
    expect(await driver.call('attach_volume', { name: 'new' })).toEqual(failure())
  })

  test('takes its volumes back at shutdown, and nothing else', async () => {
    await using driver = await DriverProgram.start(await argv())
    await driver.setUp()
    await driver.call('create_volume', { name: 'volume-1', size_bytes: 512 })
    expect(await driver.call('shutdown')).toMatchObject({ result: {} })
    await expect(stat(join(driver.setup.folder, 'volume.volume-1'))).rejects.toThrow()
    expect((await stat(driver.setup.folder)).isDirectory()).toBe(true)
  })
})

describe.each([
  ['shell', shell],
  ['python', python],
  ['typescript', typescript],
])('the %s template', (_, argv) => {
  test('answers a verb that it lacks with "method not found", another protocol with an error, and ends with its input', async () => {
    await using driver = await DriverProgram.start(await argv())
    expect(await driver.call('make_coffee')).toEqual(failure(METHOD_NOT_FOUND))
    expect(await driver.call('create_volume', { name: 'too-early', size_bytes: 512 })).toEqual(failure())
    expect(await driver.call('do_setup', { ...driver.setup, protocol: 'holeproof-driver-0' })).toEqual(failure())
    expect(await driver.close()).toEqual({ how: 'exit', code: 0 })
    expect(driver.output.toString()).toBe('')
  })
})

test('the python template answers malformed requests with the errors of JSON-RPC', async () => {
  await using driver = await DriverProgram.start(await python())
  driver.sendText('not JSON\n')
  expect(JSON.parse(await driver.line())).toEqual({ ...failure(-32700), id: null })
  driver.sendText('[]\n')
  expect(JSON.parse(await driver.line())).toEqual({ ...failure(-32600), id: null })
  expect(await driver.call('do_setup', { prefix: 'p' })).toEqual(failure())
})

test('the python template answers with the error of LVM when it cannot set up', async () => {
  await using driver = await DriverProgram.start(await python())
  const gone = { ...driver.setup, device: { path: '/dev/there-is-none', size_bytes: 512 } }
  expect(await driver.call('do_setup', gone)).toEqual(failure(-32000))
})

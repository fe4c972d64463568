import { existsSync } from 'node:fs'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startHere } from '../../../harness/machine/native.ts'
import { runToEnd } from '../../../harness/machine/run_to_end.ts'
import { LONGEST_LINE } from '../../../harness/protocol/json_rpc.ts'
import { PROTOCOL } from '../../../harness/protocol/verbs.ts'
import { MiB } from '../../../harness/units.ts'
import { DriverProgram, OLD } from '../driver_program.ts'
import { type BehaviourName, behaviours } from './behaviours.ts'

const program = fileURLToPath(new URL('hostile.py', import.meta.url))
/** Long enough that an answer which comes at once would have come. */
const SILENCE_MS = 300

type Show = (driver: DriverProgram) => Promise<void>

/** For each behaviour: its AMOUNT, and what shows that the program does what its name says. */
const shown: Record<Exclude<BehaviourName, NeedsRoot>, Show | { readonly amount: number; readonly show: Show }> = {
  sound: soundly(async (driver) => {
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
  }),

  'silent-setup': async (driver) => silent(driver, 'do_setup', driver.setup),
  'silent-capabilities': soundly((driver) => silent(driver, 'get_capabilities')),
  'silent-create': soundly((driver) => silent(driver, 'create_volume', { name: 'v', size_bytes: MiB })),
  'slow-capabilities': {
    amount: 0.4,
    show: soundly(async (driver) => expect(await late(driver)).not.toHaveProperty('sparse_copy_volume')),
  },
  'late-true': { amount: 0.4, show: soundly(async (driver) => expect(await late(driver)).toHaveProperty('sparse_copy_volume', true)) },
  'reads-nothing': async (driver) => {
    await silent(driver, 'do_setup', driver.setup)
    expect(await driver.close(SILENCE_MS)).toBeUndefined()
  },
  'closes-stdout': async (driver) => {
    await silent(driver, 'do_setup', driver.setup)
    expect(await driver.endsWithin(0)).toBeUndefined()
  },
  'no-newline': soundly(async (driver) => {
    driver.send('get_capabilities')
    await driver.until(() => driver.output.toString().endsWith('}}'), 'answer without a newline')
    expect(driver.output.includes('\n')).toBe(false)
  }),

  'garbage-line': instead('get_capabilities', 'sparse_copy_volume: true\n'),
  'html-error': instead('get_capabilities', '<html>\n'),
  'log-on-stdout': soundly(async (driver) => {
    const id = driver.send('create_volume', { name: 'v', size_bytes: MiB })
    expect(await driver.line()).toBe('INFO creating a volume')
    expect(JSON.parse(await driver.line())).toEqual({ jsonrpc: '2.0', id, result: {} })
  }),
  'not-utf-8': instead('get_capabilities', Buffer.from('\ufeff{"jsonrpc"', 'utf16le')),
  'nul-bytes': instead('get_capabilities', Buffer.alloc(4096)),
  'huge-line': {
    amount: 3,
    show: soundly(async (driver) => {
      driver.send('get_capabilities')
      await driver.until(() => driver.output.length > 3 * MiB, 'huge line')
      expect(driver.output.indexOf('\n')).toBeGreaterThan(LONGEST_LINE)
    }),
  },
  'endless-output': soundly(async (driver) => {
    await driver.until(() => driver.output.length > MiB, 'flood')
    expect(JSON.parse(await driver.line())).toMatchObject({ method: 'progress' })
  }),
  'endless-log': {
    amount: 1,
    show: soundly(async (driver) => {
      await driver.until(() => driver.log.endsWith('debug\n'), 'flood')
      expect(await claim(driver)).toBe(true)
    }),
  },
  'deep-json': soundly(async (driver) => {
    driver.send('get_capabilities')
    const line = await driver.line()
    expect(line.length).toBeLessThan(LONGEST_LINE)
    expect(line.match(/\[/g)?.length).toBe(100_000)
  }),
  'wrong-id': soundly(async (driver) => {
    const id = driver.send('get_capabilities')
    expect(JSON.parse(await driver.line())).toMatchObject({ id: id + 1000, result: { sparse_copy_volume: true } })
  }),
  'string-id': soundly(async (driver) => {
    const id = driver.send('get_capabilities')
    expect(JSON.parse(await driver.line())).toMatchObject({ id: String(id), result: { sparse_copy_volume: true } })
  }),
  'no-version-of-json-rpc': soundly(async (driver) => expect(await driver.call('get_capabilities')).not.toHaveProperty('jsonrpc')),
  'result-and-error': soundly(async (driver) =>
    expect(Object.keys(z.looseObject({}).parse(await driver.call('get_capabilities')))).toEqual(['jsonrpc', 'id', 'result', 'error']),
  ),
  'batch-answer': soundly(async (driver) =>
    expect(await driver.call('get_capabilities')).toEqual([expect.objectContaining({ result: expect.anything() })]),
  ),
  'answers-twice': async (driver) => {
    const answer = await driver.setUp()
    expect(JSON.parse(await driver.line())).toEqual(answer)
  },
  'asks-back': async (driver) => {
    expect(await driver.setUp()).toMatchObject({ id: 1, method: 'delete_volume' })
    expect(JSON.parse(await driver.line())).toMatchObject({ id: 1, result: { protocol: PROTOCOL } })
  },

  'no-protocol-version': async (driver) => expect(await driver.setUp()).toMatchObject({ result: { name: 'hostile' } }),
  'wrong-protocol-version': async (driver) => expect(await driver.setUp()).toMatchObject({ result: { protocol: 'holeproof-driver-0' } }),
  'exits-at-setup': async (driver) => {
    driver.send('do_setup', driver.setup)
    expect(await driver.endsWithin()).toEqual({ how: 'exit', code: 3 })
    expect(driver.log).toContain('cannot reach the storage')
  },
  'error-for-everything': async (driver) => {
    for (const verb of ['do_setup', 'get_capabilities', 'shutdown']) await refusal(driver, verb, {})
  },
  'lacks-create': soundly(async (driver) =>
    expect(await refusal(driver, 'create_volume', { name: 'v', size_bytes: MiB })).toMatchObject({ code: -32601 }),
  ),
  'size-step-zero': async (driver) => expect(await driver.setUp()).toMatchObject({ result: { size_step_bytes: 0 } }),
  'size-step-huge': async (driver) => expect(await driver.setUp()).toMatchObject({ result: { size_step_bytes: 2 ** 52 } }),
  'control-characters': soundly(async (driver) => {
    driver.send('create_volume', { name: 'v', size_bytes: MiB })
    const line = await driver.line()
    expect(line).not.toContain('\u001b')
    expect(JSON.parse(line).error.message).toContain('\u001b[2J')
  }),
  'control-characters-in-name': async (driver) =>
    expect(await driver.setUp()).toMatchObject({ result: { name: expect.stringContaining('\u001b[2J') } }),
  'control-characters-in-log': soundly(async (driver) => {
    driver.send('create_volume', { name: 'v', size_bytes: MiB })
    expect(await driver.endsWithin()).toEqual({ how: 'exit', code: 1 })
    expect(driver.log).toContain('\u001b[2J')
  }),

  'exits-in-create': soundly(async (driver) => {
    driver.send('create_volume', { name: 'v', size_bytes: MiB })
    expect(await driver.endsWithin()).toEqual({ how: 'exit', code: 1 })
  }),
  'exits-in-attach': soundly(async (driver) => {
    await create(driver, 'v')
    driver.send('attach_volume', { name: 'v' })
    expect(await driver.endsWithin()).toEqual({ how: 'exit', code: 0 })
  }),
  'killed-in-write': soundly(async (driver) => {
    await create(driver, 'v')
    driver.send('attach_volume', { name: 'v' })
    expect(await driver.endsWithin()).toEqual({ how: 'signal', signal: constants.signals.SIGKILL })
    expect(driver.output.toString()).toMatch(/^\{"jsonrpc"[^\n]*[^}\n]$/)
  }),
  'ignores-stdin-close': soundly(async (driver) => {
    expect(await driver.close(SILENCE_MS)).toBeUndefined()
    driver.signal(constants.signals.SIGTERM)
    expect(await driver.endsWithin(SILENCE_MS)).toBeUndefined()
  }),
  'forks-child-that-stays': {
    amount: 2,
    show: soundly(async (driver) => {
      expect(await driver.close(SILENCE_MS)).toBeUndefined()
      await driver.exited // the process itself is gone, its output is still open
      expect(await driver.endsWithin()).toEqual({ how: 'exit', code: 0 })
    }),
  },
  'shutdown-fails': soundly(async (driver) => void (await refusal(driver, 'shutdown', {}))),

  'claim-flips': soundly(async (driver) =>
    expect([await claim(driver), await claim(driver), await claim(driver)]).toEqual([true, false, true]),
  ),
  'claim-changes-after-restart': soundly(async (driver) => {
    expect([await claim(driver), await claim(driver)]).toEqual([true, true])
    await driver.restart()
    expect(await claim(driver)).toBe(false)
  }),
  'claim-string-true': soundly(async (driver) => expect(await claim(driver)).toBe('True')),
  'claim-one': soundly(async (driver) => expect(await claim(driver)).toBe(1)),
  'claim-null': soundly(async (driver) => expect(await claim(driver)).toBeNull()),
  'claim-definition': soundly(async (driver) => expect(await claim(driver)).toMatchObject({ default: true })),
  'claim-nested': soundly(async (driver) =>
    expect(await result(driver, 'get_capabilities')).toEqual({
      volume_backend_name: 'hostile',
      pools: [{ pool_name: 'a', sparse_copy_volume: true }],
    }),
  ),
  'claim-in-prototype': soundly(async (driver) => {
    driver.send('get_capabilities')
    expect(await driver.line()).toContain('"__proto__": {"sparse_copy_volume": true}')
  }),
  'claims-contradict': soundly(async (driver) =>
    expect(await result(driver, 'get_capabilities')).toMatchObject({ sparse_copy_volume: true, cinder_sparse_copy_volume: false }),
  ),
  'report-is-array': soundly(async (driver) => expect(await result(driver, 'get_capabilities')).toEqual([{ sparse_copy_volume: true }])),
  'honest-false': soundly(async (driver) => {
    expect(await claim(driver)).toBe(false)
    expect((await newVolume(driver)).old).toBe(MiB)
  }),

  'null-result-for-attach': soundly(async (driver) => {
    await create(driver, 'v')
    expect(await driver.call('attach_volume', { name: 'v' })).toMatchObject({ result: null })
  }),
  'path-relative': oddPath(async (path) => expect(path).toBe('volume.v')),
  'path-not-there': oddPath(async (path) => expect(existsSync(path)).toBe(false)),
  'path-is-directory': oddPath(async (path) => expect((await stat(path)).isDirectory()).toBe(true)),
  'path-is-pipe': oddPath(async (path) => expect((await stat(path)).isFIFO()).toBe(true)),
  'path-is-dev-zero': oddPath(async (path) => expect(path).toBe('/dev/zero')),
  'path-of-another-device': oddPath(async (path) => expect(path).toMatch(/^\/dev\/\w+$/)),
  'path-outside': oddPath(async (path, driver) => {
    expect(path.startsWith(driver.setup.folder)).toBe(false)
    expect((await stat(path)).size).toBe(MiB)
  }),
  'path-is-link-outside': oddPath(async (path, driver) => {
    expect(path.startsWith(driver.setup.folder)).toBe(true)
    expect((await stat(path)).ino).toBe((await stat(join(driver.setup.folder, '..', `${driver.setup.prefix}-v`))).ino)
  }),
  'path-of-its-device': oddPath(async (path, driver) => expect(path).toBe(driver.setup.device.path)),
  'path-drives-terminals': oddPath(async (path) => expect(path).toContain('\u001b[2J')),
  'path-too-small': soundly(async (driver) => expect((await newVolume(driver)).size).toBe(MiB / 2)),
  'far-too-large': soundly(async (driver) => {
    await create(driver, 'v')
    expect((await stat(await attach(driver, 'v'))).size).toBe(1024 ** 4)
  }),
  'same-path-for-all': soundly(async (driver) => {
    for (const name of ['a', 'b']) await create(driver, name)
    expect(await attach(driver, 'a')).toBe(await attach(driver, 'b'))
  }),
  'hard-links-for-all': soundly(async (driver) => {
    for (const name of ['a', 'b']) await create(driver, name)
    const [a, b] = [await attach(driver, 'a'), await attach(driver, 'b')]
    expect(a).not.toBe(b)
    expect((await stat(a)).ino).toBe((await stat(b)).ino)
  }),

  'create-succeeds-without-volume': soundly(async (driver) => {
    await create(driver, 'v')
    await refusal(driver, 'attach_volume', { name: 'v' })
  }),
  'takes-taken-names': soundly(async (driver) => {
    for (const _ of [1, 2]) await create(driver, 'v')
  }),
  'size-zero-accepted': soundly(async (driver) => {
    await create(driver, 'v', 0)
    expect((await stat(await attach(driver, 'v'))).size).toBe(0)
    await refusal(driver, 'create_volume', { name: 'w', size_bytes: -1 })
  }),
  'errors-as-results': soundly(async (driver) =>
    expect(await result(driver, 'attach_volume', { name: 'v' })).toEqual({ error: expect.stringContaining('no volume') }),
  ),
  'delete-does-nothing': soundly(async (driver) => {
    await create(driver, 'v')
    await result(driver, 'delete_volume', { name: 'v' })
    expect(existsSync(await attach(driver, 'v'))).toBe(true)
  }),
  'delete-keeps-space': soundly(async (driver) => {
    await create(driver, 'v')
    const { ino } = await stat(await attach(driver, 'v'))
    await result(driver, 'delete_volume', { name: 'v' })
    await refusal(driver, 'attach_volume', { name: 'v' })
    expect(await inodesIn(driver)).toContain(ino)
  }),
  'delete-fails': soundly(async (driver) => {
    await create(driver, 'v')
    await refusal(driver, 'delete_volume', { name: 'v' })
  }),
  'delete-not-idempotent': async (driver) => {
    expect(await driver.setUp()).toMatchObject({ result: { delete_is_idempotent: true } })
    await refusal(driver, 'delete_volume', { name: 'v' })
  },
  'forgets-after-restart': soundly(async (driver) => {
    await create(driver, 'v')
    await attach(driver, 'v')
    await driver.restart()
    await refusal(driver, 'attach_volume', { name: 'v' })
  }),
  'empties-after-restart': soundly(async (driver) => {
    await create(driver, 'v')
    await fill(await attach(driver, 'v'))
    await driver.restart()
    expect(await staleBytes(await attach(driver, 'v'))).toEqual({ size: MiB, old: 0 })
  }),
  'attach-empties': soundly(async (driver) => {
    await create(driver, 'v')
    await fill(await attach(driver, 'v'))
    expect(await staleBytes(await attach(driver, 'v'))).toEqual({ size: MiB, old: 0 })
  }),

  stale: soundly(async (driver) => {
    expect(await claim(driver)).toBe(true)
    expect(await newVolume(driver, 3 * MiB)).toEqual({ size: 3 * MiB, old: 3 * MiB })
  }),
  'stale-far-in': soundly(async (driver) => expect(await newVolume(driver)).toEqual({ size: MiB, old: 512 })),
  'stale-tail': soundly(async (driver) => {
    expect(await newVolume(driver, 2 * MiB, 'whole')).toEqual({ size: 2 * MiB, old: 0 })
    expect(await newVolume(driver, 2 * MiB + 512, 'odd')).toEqual({ size: 3 * MiB, old: MiB })
  }),
  'second-volume-stale': soundly(async (driver) => {
    expect((await newVolume(driver, MiB, 'a')).old).toBe(0)
    expect((await newVolume(driver, MiB, 'b')).old).toBe(MiB)
    for (const name of ['a', 'b']) await result(driver, 'delete_volume', { name })
    expect((await newVolume(driver, MiB, 'c')).old).toBe(0)
  }),
  'reused-stale': soundly(async (driver) => {
    expect((await newVolume(driver, MiB, 'a')).old).toBe(0)
    await fill(await attach(driver, 'a'))
    await result(driver, 'delete_volume', { name: 'a' })
    expect(await newVolume(driver, 2 * MiB, 'b')).toEqual({ size: 2 * MiB, old: MiB })
  }),
  'extend-stale': soundly(async (driver) => {
    expect((await newVolume(driver)).old).toBe(0)
    expect(await extended(driver)).toEqual({ size: 3 * MiB, old: 2 * MiB })
  }),
  'extend-does-nothing': soundly(async (driver) => {
    await create(driver, 'v')
    expect((await extended(driver)).size).toBe(MiB)
  }),
  'extend-empties': soundly(async (driver) => {
    await create(driver, 'v')
    await fill(await attach(driver, 'v'))
    expect(await extended(driver)).toEqual({ size: 3 * MiB, old: 0 })
  }),

  'clone-empty': soundly(async (driver) => {
    await create(driver, 'v')
    await fill(await attach(driver, 'v'))
    await result(driver, 'create_cloned_volume', { name: 'c', size_bytes: MiB, source_name: 'v' })
    expect(await staleBytes(await attach(driver, 'c'))).toEqual({ size: MiB, old: 0 })
  }),
  'clone-shares': soundly(async (driver) => {
    await create(driver, 'v')
    await result(driver, 'create_cloned_volume', { name: 'c', size_bytes: MiB, source_name: 'v' })
    await fill(await attach(driver, 'v'))
    expect((await staleBytes(await attach(driver, 'c'))).old).toBe(MiB)
  }),
  'snapshot-follows': soundly(async (driver) => {
    await create(driver, 'v')
    await result(driver, 'create_snapshot', { name: 's', volume_name: 'v' })
    await fill(await attach(driver, 'v'))
    await result(driver, 'create_volume_from_snapshot', { name: 'r', size_bytes: MiB, snapshot_name: 's', volume_name: 'v' })
    expect((await staleBytes(await attach(driver, 'r'))).old).toBe(MiB)
  }),
  'moves-nothing': soundly(async (driver) => {
    await create(driver, 'v')
    expect(await result(driver, 'migrate_volume', { name: 'v', copy_mode: 'full' })).toEqual({ moved: true })
    expect(existsSync(await attach(driver, 'v'))).toBe(true)
  }),
  'moved-is-string': soundly(async (driver) =>
    expect(await result(driver, 'migrate_volume', { name: 'v', copy_mode: 'full' })).toEqual({ moved: 'yes' }),
  ),
  'rename-does-nothing': soundly(async (driver) => {
    await create(driver, 'v')
    await result(driver, 'update_migrated_volume', { name: 'v', new_name: 'w' })
    await attach(driver, 'v')
    await refusal(driver, 'attach_volume', { name: 'w' })
  }),
  'rename-empties': soundly(async (driver) => {
    await create(driver, 'v')
    await fill(await attach(driver, 'v'))
    await result(driver, 'update_migrated_volume', { name: 'v', new_name: 'w' })
    expect(await staleBytes(await attach(driver, 'w'))).toEqual({ size: MiB, old: 0 })
  }),
}

type NeedsRoot = {
  [Name in BehaviourName]: (typeof behaviours)[Name] extends { needsRoot: true } ? Name : never
}[BehaviourName]

test('the table tells of each driver what the program itself says', async () => {
  const argv = [program, '--list']
  const { stdout } = await runToEnd(argv, async () => startHere(argv, {}))
  const told = Object.fromEntries(Object.entries(behaviours).map(([name, { what }]) => [name, what]))
  expect(JSON.parse(stdout.toString())).toEqual(told)
})

describe.concurrent('a hostile driver does what its name says', () => {
  for (const [name, entry] of Object.entries(shown)) {
    const { amount, show } = typeof entry === 'function' ? { amount: undefined, show: entry } : entry
    test(name, { timeout: 30_000 }, async () => {
      await using driver = await DriverProgram.start([program, name, ...(amount === undefined ? [] : [String(amount)])])
      await show(driver)
    })
  }
})

/** Shows something of a driver that has been set up as it should. */
function soundly(show: Show): Show {
  return async (driver) => {
    const answer = JSON.stringify(await driver.setUp())
    if (!answer.includes(`"result":{"protocol":"${PROTOCOL}"`)) throw new Error(`do_setup: ${answer}`)
    await show(driver)
  }
}

function oddPath(show: (path: string, driver: DriverProgram) => Promise<void>): Show {
  return soundly(async (driver) => {
    await create(driver, 'v')
    await show(await attach(driver, 'v'), driver)
  })
}

/** What comes in place of the answer begins with these bytes. */
function instead(verb: string, bytes: string | Buffer): Show {
  return soundly(async (driver) => {
    driver.send(verb)
    await driver.until(() => driver.output.length >= bytes.length, 'output')
    expect(driver.output.subarray(0, bytes.length)).toEqual(Buffer.from(bytes))
  })
}

async function silent(driver: DriverProgram, verb: string, params: object = {}): Promise<void> {
  driver.send(verb, params)
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS))
  expect(driver.output.toString()).toBe('')
}

async function late(driver: DriverProgram): Promise<unknown> {
  await silent(driver, 'get_capabilities')
  return JSON.parse(await driver.line()).result
}

async function result(driver: DriverProgram, verb: string, params: object = {}): Promise<unknown> {
  const answer = await driver.call(verb, params)
  return z.looseObject({ result: z.unknown() }).parse(answer).result
}

async function refusal(driver: DriverProgram, verb: string, params: object): Promise<unknown> {
  return z.object({ error: z.object({ code: z.number(), message: z.string() }) }).parse(await driver.call(verb, params)).error
}

async function claim(driver: DriverProgram): Promise<unknown> {
  return z.looseObject({ sparse_copy_volume: z.unknown() }).parse(await result(driver, 'get_capabilities')).sparse_copy_volume
}

async function create(driver: DriverProgram, name: string, sizeBytes = MiB): Promise<void> {
  expect(await result(driver, 'create_volume', { name, size_bytes: sizeBytes })).toEqual({})
}

async function attach(driver: DriverProgram, name: string): Promise<string> {
  return z.object({ path: z.string() }).parse(await result(driver, 'attach_volume', { name })).path
}

async function newVolume(driver: DriverProgram, sizeBytes = MiB, name = 'v'): Promise<{ size: number; old: number }> {
  await create(driver, name, sizeBytes)
  return staleBytes(await attach(driver, name))
}

async function extended(driver: DriverProgram): Promise<{ size: number; old: number }> {
  await result(driver, 'extend_volume', { name: 'v', new_size_bytes: 3 * MiB })
  return staleBytes(await attach(driver, 'v'))
}

/** Counts the old bytes of a file; all others must be zero. */
async function staleBytes(path: string): Promise<{ size: number; old: number }> {
  const bytes = await readFile(path)
  const old = bytes.reduce((sum, byte) => sum + (byte === OLD ? 1 : 0), 0)
  expect(bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0)).toBe(bytes.length - old)
  return { size: bytes.length, old }
}

/** Writes what will be old bytes to whoever finds them. */
async function fill(path: string): Promise<void> {
  await writeFile(path, Buffer.alloc((await stat(path)).size, OLD), { flag: 'r+' })
}

async function inodesIn(driver: DriverProgram): Promise<number[]> {
  const names = await readdir(driver.setup.folder)
  return Promise.all(names.map(async (name) => (await stat(join(driver.setup.folder, name))).ino))
}

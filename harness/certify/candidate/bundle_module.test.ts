import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../errors.ts'
import type { CommandEnding } from '../../machine/command_failed.ts'
import { startHere } from '../../machine/native.ts'
import { type Caller, callOver, METHOD_NOT_FOUND, RemoteError } from '../../protocol/json_rpc.ts'
import { type DriverSetup, PROTOCOL } from '../../protocol/verbs.ts'
import { callVerb, serviceOf, type WholeVolumeService } from '../../protocol/volume_service.ts'
import { bundleModule, bundleName } from './bundle_module.ts'

const SECONDS = 10
const setup: DriverSetup = {
  protocol: PROTOCOL,
  prefix: 'holeproof_1',
  folder: '/lab/folder',
  machine: 'here',
  options: { pool: 'a' },
  device: { path: '/dev/loop1', size_bytes: 4096 },
}

/** Prints wherever a module can, in every way that goes to the standard output by default. */
const CHATTY = `
import { sizes } from './sizes.ts'

console.log('loaded')
const { log, dir } = console

export default async function make(setup: { folder: string, options: Record<string, string> }) {
  console.info('making', setup)
  const volumes = new Map<string, number>()
  return {
    about: { name: setup.options.pool, size_step_bytes: sizes.step },
    async getCapabilities() { console.table([[1, 2]]); return { sparse_copy_volume: true } },
    async createVolume(name: string, bytes: number) { console.debug('creating'); log('creating'); dir({}); volumes.set(name, bytes) },
    async deleteVolume(name: string) { if (!volumes.delete(name)) throw new Error('no volume ' + name) },
    async attachVolume(name: string) { console.log('line 1\\nline 2'); return setup.folder + '/' + name },
    async detachVolume() {},
    async shutdown() { console.log('bye') },
  }
}
`
const SIZES = 'export const sizes = { step: 4096 }\n'
const BARE = `export default () => ({
  about: undefined,
  getCapabilities() {}, createVolume() {}, deleteVolume() {}, attachVolume() {}, detachVolume() {},
})`

describe('a driver module', () => {
  test('is one file with its host, which answers every verb whatever the module prints', () =>
    running({ 'driver.ts': CHATTY, 'sizes.ts': SIZES }, async ({ caller, service, troubles, log, end }) => {
      expect(await callVerb(caller, 'do_setup', setup, SECONDS)).toEqual({ protocol: PROTOCOL, name: 'a', size_step_bytes: 4096 })
      expect(await service.getCapabilities()).toEqual({ kind: 'answered', report: { sparse_copy_volume: true } })
      await service.createVolume('v', 4096)
      expect(await service.attachVolume('v')).toBe('/lab/folder/v')
      await service.detachVolume('v')
      await service.deleteVolume('v')
      await expect(service.deleteVolume('v')).rejects.toThrow('delete_volume: no volume v')
      await callVerb(caller, 'shutdown', {}, SECONDS)
      await end()

      expect(troubles).toEqual([])
      expect(log()).toMatch(/loaded.*making.*creating.*line 1\nline 2.*bye/s)
    }))

  test('ends when its input closes, also when it has more to do', () =>
    running({ 'driver.mjs': `${BARE}\nsetInterval(() => {}, 1000)` }, async ({ caller, end }) => {
      await callVerb(caller, 'do_setup', setup, SECONDS)

      expect(await end()).toEqual({ how: 'exit', code: 0 })
    }))

  test('lacks the verbs that it does not have, and says no more than it knows about itself', () =>
    running({ 'driver.js': BARE }, async ({ caller, service }) => {
      expect(await callVerb(caller, 'do_setup', setup, SECONDS)).toEqual({ protocol: PROTOCOL })
      expect(await service.migrateVolume('v', { locationInfo: 'a', copyMode: 'full', sizeBytes: 512 })).toBe(false)
      for (const verb of ['extend_volume', 'shutdown'])
        await expect(caller.request(verb, {}, SECONDS)).rejects.toThrow(new RemoteError('Method not found', METHOD_NOT_FOUND))
    }))

  test('is set up by nothing but the protocol it speaks', () =>
    running({ 'driver.mjs': BARE }, async ({ caller }) => {
      await expect(caller.request('do_setup', { ...setup, protocol: 'holeproof-driver-0' }, SECONDS)).rejects.toThrow(PROTOCOL)
    }))

  test('that cannot be set up says why, and lives on', () =>
    running({ 'driver.mjs': "export default () => { throw new Error('no licence') }" }, async ({ caller }) => {
      for (let time = 0; time < 2; time++)
        await expect(callVerb(caller, 'do_setup', setup, SECONDS)).rejects.toThrow('do_setup: no licence')
    }))

  test.each([
    ['none', 'export const make = 1'],
    ['one that is no function', 'export default { getCapabilities() {} }'],
  ])('ends at once with the reason when its default export is %s', (_, text) =>
    running({ 'driver.mjs': text }, async ({ ended, log }) => {
      expect(await ended).toEqual({ how: 'exit', code: 2 })
      expect(log()).toBe('the module has no function as its default export\n')
    }),
  )
})

describe('a module that does not build', () => {
  test.each([
    ['is no code', 'export default (', /^\/.*\/driver\.ts cannot be built: .*driver\.ts:1:/s],
    ['imports what is not there', "import './missing.ts'\nexport default () => {}", /Could not resolve "\.\/missing\.ts"/],
  ])('because it %s is the mistake of who named it', (_, text, why) =>
    withFiles({ 'driver.ts': text }, async (folder) => {
      const building = bundleModule(join(folder, 'driver.ts'), folder)

      await expect(building).rejects.toThrow(UsageError)
      await expect(building).rejects.toThrow(why)
    }),
  )
})

describe('the bundle', () => {
  test('has a name that is known before it is made, whatever the module is called', () =>
    withFiles({ "my 'driver'.ts": BARE }, async (folder) => {
      const path = join(folder, "my 'driver'.ts")
      const bundle = await bundleModule(path, folder)

      expect(bundle).toBe(join(folder, bundleName(path)))
      expect(basename(bundle)).toBe("my 'driver'.ts.driver.mjs")
      expect(await readFile(bundle, 'utf8')).toContain(PROTOCOL)
    }))
})

interface RunningModule {
  readonly caller: Caller
  readonly service: WholeVolumeService
  /** What came over the line and was no answer. */
  readonly troubles: readonly string[]
  readonly ended: Promise<CommandEnding>
  log(): string
  /** Closes its input and waits for its end. */
  end(): Promise<CommandEnding>
}

/** Bundles the first of these files and runs it. */
async function running(files: Record<string, string>, use: (module: RunningModule) => Promise<void>): Promise<void> {
  const [first = ''] = Object.keys(files)
  await withFiles(files, async (folder) => {
    const driver = startHere([process.execPath, await bundleModule(join(folder, first), folder)], {})
    let said = ''
    driver.stderr.on('data', (data: Buffer) => {
      said += data.toString()
    })
    const troubles: string[] = []
    const caller = callOver({ input: driver.stdout, output: driver.stdin }, (trouble) => troubles.push(trouble))
    const end = () => {
      driver.stdin.end()
      return driver.ended
    }
    try {
      await use({
        caller,
        troubles,
        ended: driver.ended,
        end,
        log: () => said,
        service: serviceOf(caller, { askSeconds: SECONDS, verbSeconds: SECONDS }),
      })
    } finally {
      driver.kill()
      await driver.ended
    }
  })
}

async function withFiles(files: Record<string, string>, use: (folder: string) => Promise<void>): Promise<void> {
  await withDir(
    async ({ path }) => {
      for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text)
      await use(path)
    },
    { unsafeCleanup: true },
  )
}

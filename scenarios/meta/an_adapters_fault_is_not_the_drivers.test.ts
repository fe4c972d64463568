import { mkdir, stat } from 'node:fs/promises'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { findCandidate } from '../../harness/certify/candidate/candidate.ts'
import { type Cinder, cinderCommand, distributionsCinder } from '../../harness/certify/candidate/cinder.ts'
import { AdapterFault } from '../../harness/errors.ts'
import { startHere } from '../../harness/machine/native.ts'
import { assetPath } from '../../harness/paths.ts'
import { callOver, RemoteError } from '../../harness/protocol/json_rpc.ts'
import { PROTOCOL } from '../../harness/protocol/verbs.ts'
import { GiB } from '../../harness/units.ts'
import { certified } from '../../tests/support/certified.ts'

const CONFIGURATION = assetPath('tests/support/cinder/cinder.conf')
const SECONDS = 60

// The adapter is started here, without storage: this driver's volumes are files.
describe('the adapter for Cinder tells from the faults of a driver', () => {
  test.each([
    ['table', /^the adapter failed: Cinder's database: \w+: \(sqlite3\.OperationalError\) no such table: volumes$/],
    ['wrapped_table', /no such table: volumes$/],
    ['module', /^the adapter failed: Cinder's Python: ModuleNotFoundError: No module named 'a_module_that_nobody_has'$/],
    ['option', /^the adapter failed: Cinder's configuration: NoSuchOptError: no such option an_option_that_nobody_registered /],
    ['bus', /^the adapter failed: Cinder's message bus: MessagingTimeout: /],
    ['program', /^the adapter failed: there is no program a-program-that-nobody-has here$/],
  ])('one of what surrounds it: %s', async (fails, text) => {
    const error = await extended(fails)

    expect(error).toBeInstanceOf(AdapterFault)
    expect(error).toHaveProperty('message', expect.stringMatching(text))
    expect(error).toHaveProperty('trace', expect.stringContaining('Traceback (most recent call last):'))
  })

  test.each([
    ['own', "ValueError: the driver's own fault"],
    [
      'command',
      "ProcessExecutionError: 'ls /no/such/folder' exited with 2: ls: cannot access '/no/such/folder': No such file or directory",
    ],
    ['unoffered', 'the driver does not offer extend_volume: NotImplementedError'],
    [
      'turned_off',
      'the driver does not offer extend_volume: VolumeDriverException: Volume driver reported an error: extensions are disabled in cinder.conf.',
    ],
  ])('but leaves it its own: %s', async (fails, text) => {
    const error = await extended(fails)

    expect(error).toBeInstanceOf(RemoteError)
    expect(error).toHaveProperty('message', text)
  })

  test('and nothing from no fault at all', async () => {
    expect(await extended('nothing')).toBeUndefined()
  })

  test('and finds the volumes of a driver whose volumes have no path here, over os-brick', async () => {
    expect(await extended('nothing', { section: 'connected' })).toBeUndefined()
  })

  test('a Cinder that cannot be loaded', async () => {
    const { argv, ...cinder } = distributionsCinder()
    const withoutLibraries = { ...cinder, argv: [...argv, '-S'] }

    expect(await extended('nothing', { cinder: withoutLibraries })).toHaveProperty(
      'message',
      expect.stringMatching(/^the adapter failed: Cinder cannot be loaded: ModuleNotFoundError: No module named '\w+'$/),
    )
  })

  test('a driver that cannot be loaded', async () => {
    expect(await extended('nothing', { section: 'not-to-be-imported' })).toHaveProperty(
      'message',
      "the adapter failed: Cinder's Python: ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
    )
  })
})

test('a driver is not refuted for a fault of its database, or for the end of its Python', { timeout: 600_000 }, async () => {
  const certificates = await certified(
    ['table', 'end'].map((fails) => findCandidate(`cinder:${CONFIGURATION}:${fails}`)),
    {
      storageBytes: 2.5 * GiB,
      limits: { askSeconds: 60, verbSeconds: 120 },
      only: (id) => id === 'extend-keeps' || id === 'survives-restart',
    },
  )

  for (const { kind, verdict, checks } of certificates) {
    const of = (wanted: string) => checks.find(({ id }) => id === wanted)
    expect({ kind, verdict }).toEqual({ kind: 'cinder', verdict: 'broken' })
    expect(of('extend-keeps')).toMatchObject({ verdict: 'broken', text: expect.stringMatching(/^the adapter (failed|ended by itself): /) })
    // It is good for the next check again.
    expect(of('survives-restart')).toMatchObject({ verdict: 'upheld' })
  }
})

/** Has the driver make a volume, attach it and extend it. Returns the error, if there is one. */
async function extended(fails: string, { cinder = distributionsCinder(), section = 'faulty' }: { cinder?: Cinder; section?: string } = {}) {
  return withDir(
    async ({ path }) => {
      await mkdir(`${path}/tmp`)
      // Whoever runs the tests may not be root; in a user namespace everybody is.
      const root = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user']
      const argv = [...root, 'env', `TMPDIR=${path}/tmp`, ...cinderCommand(cinder, section, CONFIGURATION)]
      const adapter = startHere(argv, {})
      adapter.stderr.resume()
      const { request } = callOver({ input: adapter.stdout, output: adapter.stdin })
      try {
        await request('do_setup', setup(path, { fails }), SECONDS)
        await request('create_volume', { name: 'v', size_bytes: GiB }, SECONDS)
        const { path: attached } = z.object({ path: z.string() }).parse(await request('attach_volume', { name: 'v' }, SECONDS))
        expect((await stat(attached)).size).toBe(GiB)
        await request('detach_volume', { name: 'v' }, SECONDS)
        await request('extend_volume', { name: 'v', new_size_bytes: 2 * GiB }, SECONDS)
        return undefined
      } catch (error) {
        return error
      } finally {
        adapter.kill()
        await adapter.ended
      }
    },
    { unsafeCleanup: true },
  )
}

function setup(folder: string, options: Record<string, string>) {
  return { protocol: PROTOCOL, prefix: 'holeproof_1', device: { path: '/dev/null', size_bytes: 4096 }, folder, machine: 'here', options }
}

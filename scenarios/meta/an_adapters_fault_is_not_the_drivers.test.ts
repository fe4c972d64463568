import { mkdir, stat } from 'node:fs/promises'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
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

/** What fails for reasons of the driver's surroundings, with what is said of it. */
const OF_SURROUNDINGS: readonly [string, RegExp][] = [
  ['module', /^the adapter failed: Cinder's Python: ModuleNotFoundError: No module named 'a_module_that_nobody_has'$/],
  ['option', /^the adapter failed: Cinder's configuration: NoSuchOptError: no such option an_option_that_nobody_registered /],
  ['bus', /^the adapter failed: Cinder's message bus: MessagingTimeout: /],
  ['program', /^the adapter failed: there is no program a-program-that-nobody-has here$/],
]
/** The same, and the database is of no more use to the adapter. */
const OF_THE_DATABASE: readonly [string, RegExp][] = [
  ['table', /^the adapter failed: Cinder's database: \w+: \(sqlite3\.OperationalError\) no such table: volumes$/],
  ['wrapped_table', /no such table: volumes$/],
]
const OF_THE_DRIVER: readonly [string, string][] = [
  ['own', "ValueError: the driver's own fault"],
  ['command', "ProcessExecutionError: 'ls /no/such/folder' exited with 2: ls: cannot access '/no/such/folder': No such file or directory"],
  ['unoffered', 'the driver does not offer extend_volume: NotImplementedError'],
  [
    'turned_off',
    'the driver does not offer extend_volume: VolumeDriverException: Volume driver reported an error: extensions are disabled in cinder.conf.',
  ],
]

// The adapter is started here, without storage: this driver's volumes are files. Its start takes seconds, so most faults share one.
describe('the adapter for Cinder tells from the faults of a driver', () => {
  test('what surrounds it, but leaves it its own', { timeout: 120_000 }, async () => {
    const faults = [...OF_SURROUNDINGS, ...OF_THE_DRIVER].map(([fails]) => fails)
    const errors = await extended([...faults, 'nothing'])

    for (const [index, [, text]] of OF_SURROUNDINGS.entries()) expectAdapterFault(errors[index], text)
    for (const [index, [, text]] of OF_THE_DRIVER.entries()) {
      const error = errors[OF_SURROUNDINGS.length + index]
      expect(error).toBeInstanceOf(RemoteError)
      expect(error).not.toBeInstanceOf(AdapterFault)
      expect(error).toHaveProperty('message', text)
    }
    expect(errors.slice(faults.length)).toEqual([undefined])
  })

  test.each(OF_THE_DATABASE)('its database: %s', async (fails, text) => {
    const [error] = await extended([fails])

    expectAdapterFault(error, text)
  })

  test('and finds the volumes of a driver whose volumes have no path here, over os-brick', async () => {
    expect(await extended(['nothing'], { section: 'connected' })).toEqual([undefined])
  })

  test('a Cinder that cannot be loaded', async () => {
    const { argv, ...cinder } = distributionsCinder()
    const withoutLibraries = { ...cinder, argv: [...argv, '-S'] }

    await expect(extended(['nothing'], { cinder: withoutLibraries })).rejects.toThrow(
      /^the adapter failed: Cinder cannot be loaded: ModuleNotFoundError: No module named '\w+'$/,
    )
  })

  test('a driver that cannot be loaded', async () => {
    await expect(extended(['nothing'], { section: 'not-to-be-imported' })).rejects.toThrow(
      "the adapter failed: Cinder's Python: ModuleNotFoundError: No module named 'a_module_that_nobody_has'",
    )
  })
})

function expectAdapterFault(error: unknown, text: RegExp): void {
  expect(error).toBeInstanceOf(AdapterFault)
  expect(error).toHaveProperty('message', expect.stringMatching(text))
  expect(error).toHaveProperty('trace', expect.stringContaining('Traceback (most recent call last):'))
}

test('a driver is not refuted for the end of its Python', { timeout: 600_000 }, async () => {
  const certificates = await certified([`cinder:${CONFIGURATION}:end`], {
    storageBytes: 2.5 * GiB,
    limits: { askSeconds: 60, verbSeconds: 120 },
    only: (id) => id === 'extend-keeps' || id === 'survives-restart',
  })

  expect(certificates).toMatchObject([{ kind: 'cinder', verdict: 'broken' }])
  const of = (wanted: string) => certificates.flatMap(({ checks }) => checks).find(({ id }) => id === wanted)
  expect(of('extend-keeps')).toMatchObject({ verdict: 'broken', text: 'the adapter ended by itself: it exited with 7' })
  // It is good for the next check again.
  expect(of('survives-restart')).toMatchObject({ verdict: 'upheld' })
})

/**
 * Has one driver make volumes, attach them and extend them, each with the next of these faults. Returns the error of each extension, if
 * there is one; throws that of anything before.
 */
async function extended(
  fails: readonly string[],
  { cinder = distributionsCinder(), section = 'faulty' }: { cinder?: Cinder; section?: string } = {},
): Promise<unknown[]> {
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
        await request('do_setup', setup(path, { fails: fails.join(',') }), SECONDS)
        const errors: unknown[] = []
        for (const name of fails) {
          await request('create_volume', { name, size_bytes: GiB }, SECONDS)
          const { path: attached } = z.object({ path: z.string() }).parse(await request('attach_volume', { name }, SECONDS))
          expect((await stat(attached)).size).toBe(GiB)
          await request('detach_volume', { name }, SECONDS)
          errors.push(
            await request('extend_volume', { name, new_size_bytes: 2 * GiB }, SECONDS).then(
              () => undefined,
              (error: unknown) => error,
            ),
          )
        }
        return errors
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

import { copyFile, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dir } from 'tmp-promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Finished, runOrThrow } from '../harness/machine/machine.ts'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { cacheFolder } from '../harness/machine/tools.ts'
import { assetPath } from '../harness/paths.ts'
import { resultSchema } from '../harness/result/result.ts'
import { runIn } from './support/run_in.ts'

const USES_TYPES = `
import { type DriverSetup, type MakeDriver, type ModuleDriver, type Result, resultSchema, type VolumeDriver } from 'holeproof'
import { describeDriver } from 'holeproof/vitest'

export const make: MakeDriver = (setup: DriverSetup): ModuleDriver => {
  throw new Error(setup.prefix)
}
export const idsOf = (result: Result): string[] => result.cells.map(({ id }) => id)
export const read = (text: string): Result => resultSchema.parse(JSON.parse(text))
export const describeMine: (driver: string) => void = describeDriver
// @ts-expect-error a driver answers get_capabilities
export const none: VolumeDriver = {}
// @ts-expect-error the verdict is one of four words
export const unheard = (result: Result): boolean => result.verdict === 'perhaps'
`
const SUITE = "import { describeDriver } from 'holeproof/vitest'\n\ndescribeDriver('./my-driver.ts')\n"
const DRIVER = 'my-driver.ts'
/** The packages that a suite of the project's own needs beside holeproof. */
const BESIDE = ['vitest', 'typescript', '@types/node']

let project: { path: string; cleanup(): Promise<void> }
let installed: Map<string, string>

beforeAll(async () => {
  project = await dir({ prefix: 'a-project-', unsafeCleanup: true })
  await write('package.json', JSON.stringify({ name: 'a-project', private: true, type: 'module' }))
  await copyFile(assetPath(`examples/drivers/typescript/driver.ts`), join(project.path, DRIVER))
  await write('uses_types.ts', USES_TYPES)
  await write('driver.test.ts', SUITE)

  const { devDependencies } = JSON.parse(await readFile(assetPath('package.json'), 'utf8'))
  const packed = await here(assetPath('.'), ['npm', 'pack', '--pack-destination', project.path])
  const tarball = packed.trim().split('\n').at(-1) ?? ''
  const wanted = [`./${tarball}`, ...BESIDE.map((name) => `${name}@${devDependencies[name]}`)]
  await here(project.path, ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...wanted])
  installed = await filesBelow('node_modules/holeproof')
}, 300_000)

afterAll(() => project?.cleanup())

test('npx holeproof lists its commands, and suggests the one that was meant', async () => {
  const help = await holeproof('--help')
  expect(help).toContain('  verify ')
  expect(help).toContain('npx holeproof doctor')
  expect(help).not.toMatch(/scripts\/|^ {2}test /m)
  expect(await holeproof('certify', '--help')).toContain('Usage: npx holeproof certify')

  const { ending, stderr } = await start(['npx', 'holeproof', 'verfy'])
  expect(ending).toEqual({ how: 'exit', code: 2 })
  expect(stderr.toString()).toContain('(Did you mean verify?)')
})

test('a shell completes the words so far', async () => {
  expect(await installedProgram('completion', 'bash')).toContain('holeproof complete --')
  expect(await installedProgram('complete', '--', 'ver')).toMatch(/^verify\t/)
  expect((await installedProgram('complete', '--', 'comp')).match(/^\w+/gm)).toEqual(['compare', 'completion'])
  expect(await installedProgram('complete', '--', 'verify', '--machine', 'q')).toMatch(/^qemu\t/)
  expect(await installedProgram('complete', '--', 'verify', '--str')).toMatch(/^--strict\t/)
})

test('npx holeproof verify upholds a cell, and keeps its report in the project', async () => {
  await holeproof('verify', '--machine', selectedKind, '--seed', '1', '--only', 'host/lvm-thin/lvm-thin/mixed')

  const { verdict, cells } = resultSchema.parse(JSON.parse(await read('reports/result.json')))
  expect(verdict).toBe('upheld')
  expect(cells.map(({ repeat }) => repeat)).toEqual([
    `npx holeproof verify --machine ${selectedKind} --only host/lvm-thin/lvm-thin/mixed --seed 1`,
  ])
  expect(await read('reports/report.html')).toContain('</html>')
})

test('npx holeproof certify upholds the template, and refutes it with a claim that is not a boolean', async () => {
  const honest = await read(DRIVER)
  await write('wordy.ts', honest.replace('sparse_copy_volume: true', "sparse_copy_volume: 'True'"))
  const certify = ['certify', '--machine', selectedKind, '--only', 'report-well-formed,new-reads-zero']

  expect(await holeproof(...certify, `./${DRIVER}`)).toMatch(/^✓ new-reads-zero/m)
  const { ending, stdout } = await start(['npx', 'holeproof', ...certify, './wordy.ts'])
  expect(ending).toEqual({ how: 'exit', code: 1 })
  expect(stdout.toString()).toContain('REFUTED  wordy.ts')
})

test('npx holeproof simulate forecasts an example that came along', async () => {
  expect(await holeproof('simulate', 'node_modules/holeproof/examples/spec.fleet.json')).toMatch(/^volume-1234 .* 19\.53 /m)
})

test('npx holeproof doctor answers, and keeps its cache where the user keeps caches', async () => {
  const home = join(project.path, 'home')
  const env = { HOLEPROOF_CACHE: undefined, XDG_CACHE_HOME: home }
  const { stdout } = await start(['npx', 'holeproof', 'doctor', '--json'], env)

  expect(JSON.stringify(JSON.parse(stdout.toString()))).toContain(join(home, 'holeproof'))
  // doctor installs nothing.
  await expect(stat(home)).rejects.toThrow()
})

test("a suite of the project's own makes a test of each check, also of one alone", async () => {
  const suite = await run('npx', 'vitest', 'run', '-t', 'partial-writes-read-zero', '--no-color')

  expect(suite).toMatch(/Tests +4 passed/)
})

test('the types can be imported and are exact, with every declaration checked', async () => {
  const strict = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']

  await run('npx', 'tsc', ...strict, 'uses_types.ts', 'driver.test.ts', DRIVER)
})

test('nothing was written where it is installed', async () => {
  expect(await filesBelow('node_modules/holeproof')).toEqual(installed)
})

function read(file: string): Promise<string> {
  return readFile(join(project.path, file), 'utf8')
}

function write(file: string, text: string): Promise<void> {
  return writeFile(join(project.path, file), text)
}

/** When each file was written, by its path. */
async function filesBelow(folder: string): Promise<Map<string, string>> {
  const root = join(project.path, folder)
  const paths = (await readdir(root, { recursive: true })).sort()
  return new Map(await Promise.all(paths.map(async (path) => [path, (await stat(join(root, path))).mtime.toISOString()] as const)))
}

function holeproof(...words: string[]): Promise<string> {
  return run('npx', 'holeproof', ...words)
}

/** The program as a shell completes it, which is not through npx. */
function installedProgram(...words: string[]): Promise<string> {
  return run('node_modules/.bin/holeproof', ...words)
}

function run(...argv: string[]): Promise<string> {
  return runOrThrow({ run: (words) => start(words) }, argv)
}

function here(folder: string, argv: readonly string[]): Promise<string> {
  return runOrThrow({ run: (words) => startIn(folder, words) }, argv)
}

function start(argv: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Finished> {
  return startIn(project.path, argv, env)
}

function startIn(folder: string, argv: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Finished> {
  return runIn(folder, argv, { HOLEPROOF_CACHE: cacheFolder, HOLEPROOF_MACHINE: selectedKind, ...env })
}

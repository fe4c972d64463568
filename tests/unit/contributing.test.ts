import { existsSync, readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { startHere } from '../../harness/machine/native.ts'
import { assetPath } from '../../harness/paths.ts'
import { tiers } from '../../scripts/commands/test.ts'
import { followRecipes, ingredientsIn } from '../support/recipes.ts'

const document = readFileSync(assetPath('CONTRIBUTING.md'), 'utf8')
const ingredients = ingredientsIn(document)
const newFiles = ingredients.filter(({ place }) => place === 'a new file').map(({ file }) => file)

test.each(ingredients)('the recipe with $file, $place, names a file that is there, or a new one', ({ file, place }) => {
  expect(existsSync(assetPath(file))).toBe(place !== 'a new file')
})

test('names only files and folders that exist', () => {
  const named = [...document.matchAll(/`((?:harness|scripts|scenarios|tests|docs|examples|adapters)\/[\w./-]*)/g)].map(
    ([, path = '']) => path,
  )

  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((path) => !newFiles.includes(path) && !existsSync(assetPath(path)))).toEqual([])
})

test('names only what the file beside the name holds', () => {
  const named = [...document.matchAll(/`(\w+)`\s(?:in |from |\()`([\w./]+\.ts)`/g)]

  expect(named.length).toBeGreaterThan(3)
  const missing = named.filter(([, name = '', file = '']) => !readFileSync(assetPath(file), 'utf8').includes(name))
  expect(missing.map(([words]) => words)).toEqual([])
})

test('shows how to run each tier of the tests', () => {
  const shown = [...document.matchAll(/^\| `scripts\/test --only (\w+)`/gm)].map(([, tier]) => tier)

  expect(shown.toSorted()).toEqual(tiers.toSorted())
})

// The compiler takes ten seconds on two free cores, and more than a minute on busy ones.
test('sources that follow every recipe pass the type check, and the commands list what was added', { timeout: 240_000 }, async () => {
  const { faults, listed } = await withDir(
    async ({ path }) => {
      await followRecipes(ingredients, path)
      const inCopy = (...words: string[]) => outputOf(['sh', '-c', 'cd "$0" && exec "$@"', path, ...words])
      const faults = await inCopy(assetPath('node_modules/.bin/tsc'), '--noEmit')
      const list = (command: string) => inCopy(assetPath('node_modules/.bin/tsx'), 'scripts/main.ts', command, '--list')
      return { faults, listed: `${await list('verify')}${await list('certify')}` }
    },
    { unsafeCleanup: true },
  )

  expect(faults).toBe('')
  for (const id of ['trap/thin-used/zero-out-then-sparse', 'host/lvm-thin/nfs/edge-bytes', 'names-come-back']) expect(listed).toContain(id)
})

async function outputOf(argv: readonly string[]): Promise<string> {
  const running = startHere(argv, { HOME: assetPath('.') })
  running.stdin.end()
  const [stdout, stderr] = await Promise.all([text(running.stdout), text(running.stderr)])
  await running.ended
  return `${stdout}${stderr}`
}

import { copyFile, mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { assetPath } from '../../harness/paths.ts'
import { runIn } from '../support/run_in.ts'

/** A checkout with a program that prints its words and what another source says. */
async function inCheckout(use: (checkout: string, says: (text: string) => Promise<void>) => Promise<void>): Promise<void> {
  await withDir(
    async ({ path: checkout }) => {
      const says = (text: string) => writeFile(join(checkout, 'harness/other.ts'), `export const text: string = '${text}'\n`)
      for (const folder of ['scripts', 'harness']) await mkdir(join(checkout, folder))
      await copyFile(assetPath('scripts/launch.mjs'), join(checkout, 'scripts/launch.mjs'))
      await writeFile(join(checkout, 'package.json'), '{ "type": "module" }')
      await symlink(assetPath('node_modules'), join(checkout, 'node_modules'))
      await writeFile(
        join(checkout, 'scripts/main.ts'),
        "const { text } = await import('../harness/other.ts')\nconsole.log(process.argv.slice(2).join(' '), text, import.meta.url)\n",
      )
      await says('one')
      await use(checkout, says)
    },
    { prefix: 'a-checkout', unsafeCleanup: true },
  )
}

async function launch(checkout: string): Promise<string> {
  const { stdout, ending } = await runIn(checkout, ['node', 'scripts/launch.mjs', 'some', 'words'])
  expect(ending).toEqual({ how: 'exit', code: 0 })
  return stdout.toString().trim()
}

const bundles = (checkout: string) =>
  readdir(join(checkout, '.cache/program')).then((names) => names.filter((name) => name !== 'newest.json'))

test('a checkout runs from a bundle, which is made anew when a source has changed and not otherwise', () =>
  inCheckout(async (checkout, says) => {
    expect(await launch(checkout)).toMatch(/^some words one file:.*\/harness\/paths\.ts$/)
    const made = await bundles(checkout)
    expect(await launch(checkout)).toContain('some words one')
    expect(await bundles(checkout)).toEqual(made)

    await says('another')
    expect(await launch(checkout)).toContain('some words another')
    expect(made).toHaveLength(1)
    expect(await bundles(checkout)).toHaveLength(2)
  }))

test('a checkout that was moved runs from where it is now', () =>
  inCheckout(async (checkout) => {
    await launch(checkout)
    const moved = `${checkout}-moved`
    await rename(checkout, moved)
    try {
      expect(await launch(moved)).toContain('-moved/harness/paths.ts')
    } finally {
      await rename(moved, checkout)
    }
  }))

test('a checkout that cannot be written to runs as well', () =>
  inCheckout(async (checkout) => {
    await writeFile(join(checkout, '.cache'), '')

    expect(await launch(checkout)).toMatch(/^some words one file:.*\/scripts\/main\.ts$/)
  }))

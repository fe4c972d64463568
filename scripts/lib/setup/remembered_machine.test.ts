import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { forgetMachine, recall, remember } from './remembered_machine.ts'

const UML = { kind: 'uml', kernel: '7.2.7' } as const

/** Remembers a guest, and changes what is written down of it. Returns what is recalled then. */
function recalledAfter(change: (file: string, text: string) => Promise<void>) {
  return withDir(
    async ({ path }) => {
      const file = join(path, 'cache/machine')
      await remember(UML, file)
      await change(file, await readFile(file, 'utf8'))
      return recall(file)
    },
    { unsafeCleanup: true },
  )
}

test('a guest that booted on this system since its start is known to boot', async () => {
  expect(await recalledAfter(async () => {})).toEqual({ ...UML, bootedHere: true })
})

test('one that booted on another system, or before its start, has to be tried', async () => {
  const elsewhere = (file: string, text: string) => writeFile(file, JSON.stringify({ ...JSON.parse(text), here: 'another start' }))
  expect(await recalledAfter(elsewhere)).toEqual({ ...UML, bootedHere: false })
})

test.each([
  ['under another kernel', (text: string) => JSON.stringify({ ...JSON.parse(text), host: '1.0' })],
  ['as an older version wrote it', () => '6.1.0 uml 7.2.7'],
])('one that booted %s is nothing to go by', async (_, change) => {
  expect(await recalledAfter((file, text) => writeFile(file, change(text)))).toBeUndefined()
})

test('after a failure nothing is known', async () => {
  expect(await recalledAfter(forgetMachine)).toBeUndefined()
})

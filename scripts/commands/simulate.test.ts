import { expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
import { readInput } from './simulate.ts'

test.each([
  [['vga', 'vgb'], true as const],
  [['vgb'], ['vga']],
])('volume groups %j after another option are refused with the right order', async (files, fromLvm) => {
  const read = readInput(files, { fromLvm, maps: true })

  await expect(read).rejects.toThrow(UsageError)
  await expect(read).rejects.toThrow('write them right after the option: --from-lvm vga vgb')
})

test('a reserve that is neither a size nor a percentage is refused', async () => {
  await expect(readInput(['one.json'], { reserve: 'much' })).rejects.toThrow(/^--reserve: "much" is not a size: write bytes/)
  await expect(readInput(['one.json'], { reserve: '101%' })).rejects.toThrow(/^--reserve: "101%" is more than 100%/)
})

test('several fleet files are refused', async () => {
  await expect(readInput(['one.json', 'two.json'], {})).rejects.toThrow(new UsageError('give one fleet file, not 2: one.json, two.json'))
})

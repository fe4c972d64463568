import { expect, test } from 'vitest'
import { hexRows } from './hex.ts'

test('bytes stand 16 a row, as digits and as text, those that are wrong apart', () => {
  const found = Uint8Array.from([0, 0, 0x41, 0x42, ...Array(12).fill(0), 0xff])
  const zeros = (count: number) => '00 '.repeat(count)

  expect(hexRows(found, undefined, 4096)).toEqual([
    {
      offset: 4096,
      hex: [
        { text: zeros(2), wrong: false },
        { text: '41 42 ', wrong: true },
        { text: zeros(12), wrong: false },
      ],
      text: [
        { text: '··', wrong: false },
        { text: 'AB', wrong: true },
        { text: '·'.repeat(12), wrong: false },
      ],
    },
    { offset: 4112, hex: [{ text: 'ff ', wrong: true }], text: [{ text: '·', wrong: true }] },
  ])
})

test('what is as expected is right, zero or not', () => {
  const [row] = hexRows(Uint8Array.from([0x41, 0, 7]), Uint8Array.from([0x41, 9, 7]), 0)

  expect(row?.text.map(({ wrong }) => wrong)).toEqual([false, true, false])
})

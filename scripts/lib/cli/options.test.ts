import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { newSeed, parseKernels, parseWhole } from './options.ts'

describe('a whole number', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('is read from %s', (text, number) => {
    expect(parseWhole('--seed')(text)).toBe(number)
  })

  test.each(['', ' ', '-1', '+1', '1.5', '1e3', '0x10', ' 1', '1 ', '1_000', 'seven', '٣', 'NaN', 'Infinity', '9007199254740992'])(
    'is not "%s", and the error names the option',
    (text) => {
      expect(() => parseWhole('--seed')(text)).toThrow(new UsageError(`--seed must be a whole number of 0 or more, not '${text}'`))
    },
  )

  test('that begins a run can be given again', () => {
    for (let time = 0; time < 100; time++) {
      const seed = newSeed()
      expect(parseWhole('--seed')(String(seed))).toBe(seed)
    }
  })
})

describe('kernels', () => {
  test.each([
    ['6.12', ['6.12']],
    ['6.1,6.12.101,newest', ['6.1', '6.12.101', 'newest']],
    ['distribution, 7.2', ['distribution', '7.2']],
  ])('are read from %s', (text, kernels) => {
    expect(parseKernels(text)).toEqual(kernels)
  })

  test.each([
    ['6.1,', "--kernel must be newest, distribution or a version such as 6.12, not ''"],
    ['6.1;7.2', "--kernel must be newest, distribution or a version such as 6.12, not '6.1;7.2'"],
    ['6.1,oldest', "--kernel must be newest, distribution or a version such as 6.12, not 'oldest'"],
    ['6.1,../7.2', "--kernel must be newest, distribution or a version such as 6.12, not '../7.2'"],
    ['newest,6.1,newest', '--kernel: newest is there twice. Name each kernel once.'],
  ])('are not "%s"', (text, message) => {
    expect(() => parseKernels(text)).toThrow(new UsageError(message))
  })
})

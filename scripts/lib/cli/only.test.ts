import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../harness/errors.ts'
import { isMeant, parseOnly } from './only.ts'

const IDS = [
  'new-reads-zero',
  'partial-writes-read-zero/512',
  'partial-writes-read-zero/4k',
  'migrate-in/host/nfs',
  'migrate-in/driver/nfs',
]

describe('an id is meant', () => {
  test.each([
    ['by itself', 'new-reads-zero'],
    ['by itself, with all its parts', 'migrate-in/host/nfs'],
    ['by its first part', 'migrate-in'],
    ['by its first parts', 'migrate-in/host'],
    ['by its first part and a slash', 'migrate-in/'],
  ])('%s: %s', (_, wanted) => {
    expect(IDS.some((id) => isMeant(id, wanted))).toBe(true)
  })

  test.each([
    ['by the beginning of a part', 'new-reads'],
    ['by the beginning of a later part', 'migrate-in/ho'],
    ['by a part in its middle', 'host'],
    ['by its end', 'nfs'],
    ['by itself with more behind it', 'new-reads-zero/512'],
    ['by itself with a slash', 'new-reads-zero/'],
    ['by nothing', ''],
    ['by a slash', '/'],
    ['in another case', 'New-Reads-Zero'],
  ])('not %s: %s', (_, wanted) => {
    expect(IDS.filter((id) => isMeant(id, wanted))).toEqual([])
  })
})

describe('an --only list', () => {
  const parse = (only: string) => parseOnly(only, IDS, 'check', 'certify')

  test('is parted at its commas, with blanks or without', () => {
    expect(parse('migrate-in')).toEqual(['migrate-in'])
    expect(parse('migrate-in/host,new-reads-zero')).toEqual(['migrate-in/host', 'new-reads-zero'])
    expect(parse(' migrate-in/host , new-reads-zero ')).toEqual(['migrate-in/host', 'new-reads-zero'])
  })

  test('that names nothing is refused with how to see all names', () => {
    expect(() => parse('new-reads')).toThrow(
      new UsageError('--only: no check is called new-reads. Run scripts/certify --list to see them all.'),
    )
  })

  test('is refused for all that it names wrongly, and only for that', () => {
    expect(() => parse('zero,new-reads-zero,one')).toThrow('--only: no check is called zero or one. ')
  })

  test.each(['', ' ', ',', 'migrate-in,', ',migrate-in'])('with nothing between its commas is refused: "%s"', (only) => {
    expect(() => parse(only)).toThrow(UsageError)
  })
})

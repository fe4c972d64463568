import { describe, expect, test } from 'vitest'
import { exampleCertificate, exampleCertification, exampleCheck } from '../../../tests/support/example_certificate.ts'
import { exampleCell, exampleEvidence, exampleResult } from '../../../tests/support/example_result.ts'
import { type Entry, entriesOf, entryAt, type Filter, findingsOf, hashOf, NO_FILTER, passes } from './pages.ts'

const corrupt = { ...exampleEvidence(), verification: { checkedBytes: 10, wrongBytes: 3, differences: [], moreDifferences: 0 } }
const cells = [
  exampleCell({ id: 'host/lvm-thin/nfs/mixed', destination: 'nfs' }),
  exampleCell({ id: 'control/host/lvm-thin/lvm-thick/sparse-forced', control: true, destination: 'lvm-thick', evidence: corrupt }),
  exampleCell({ id: 'driver/nfs/nfs/mixed', method: 'driver', source: 'nfs', destination: 'nfs', verdict: 'not-shown', reason: 'Stopped' }),
  exampleCell({ id: 'host/nfs/nfs/50%', source: 'nfs', destination: 'nfs', verdict: 'refuted' }),
  exampleCell({ id: 'host/lvm-thin/lvm-thin/fat', notes: [{ kind: 'thinness-lost', text: 'eleven times as fat' }] }),
]
const entries = entriesOf(exampleResult(cells))
const ids = (some: readonly Entry[]) => some.map(({ id }) => id)
const passing = (filter: Partial<Filter>) => ids(entries.filter((entry) => passes(entry, { ...NO_FILTER, ...filter })))

describe('a filter', () => {
  test('that is empty lets all pass', () => {
    expect(passing({})).toEqual(cells.map(({ id }) => id))
  })

  test.each<[Partial<Filter>, string[]]>([
    [{ driver: 'lvm-thick' }, ['control/host/lvm-thin/lvm-thick/sparse-forced']],
    [{ driver: 'nfs', method: 'host' }, ['host/lvm-thin/nfs/mixed', 'host/nfs/nfs/50%']],
    [{ method: 'control' }, ['control/host/lvm-thin/lvm-thick/sparse-forced']],
    [{ verdict: 'refuted' }, ['host/nfs/nfs/50%']],
    [{ verdict: 'corrupt' }, ['control/host/lvm-thin/lvm-thick/sparse-forced']],
    [{ verdict: 'noted' }, ['host/lvm-thin/lvm-thin/fat']],
    [{ text: 'STOPPED' }, ['driver/nfs/nfs/mixed']],
    [{ text: 'fat eleven' }, ['host/lvm-thin/lvm-thin/fat']],
    [{ text: 'fat twelve' }, []],
  ])('of %j lets pass %j', (filter, passed) => {
    expect(passing(filter)).toEqual(passed)
  })
})

test('findings are what failed, then what is corrupt', () => {
  expect(ids(findingsOf(entries))).toEqual(['driver/nfs/nfs/mixed', 'host/nfs/nfs/50%', 'control/host/lvm-thin/lvm-thick/sparse-forced'])
})

describe('an address', () => {
  test('is readable', () => {
    expect(hashOf({ kind: 'cell', id: 'host/lvm-thin/nfs/mixed' })).toBe('#cell=host/lvm-thin/nfs/mixed')
  })

  test('leads back to its entry, whatever is in its id', () => {
    expect(entries.map((entry) => entryAt(hashOf(entry), entries))).toEqual(entries)
  })

  test.each(['', '#overview', '#cell=', '#cell=nothing', '#copy=host/lvm-thin/nfs/mixed', '#cell=%'])('%j leads to none', (hash) => {
    expect(entryAt(hash, entries)).toBeUndefined()
  })
})

test('a driver is found by its checks', () => {
  const checks = [exampleCheck({ id: 'odd', verdict: 'refuted', text: 'Old bytes' })]
  const [entry] = entriesOf(exampleCertification([exampleCertificate({ driver: 'x:y', checks })]))

  expect(entry).toMatchObject({ kind: 'driver', verdict: 'refuted', drivers: ['x:y'] })
  expect(entry && passes(entry, { ...NO_FILTER, text: 'old odd' })).toBe(true)
})

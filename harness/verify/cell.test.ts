import { describe, expect, test } from 'vitest'
import { layoutNames } from '../content/layouts.ts'
import { claims, matrixDrivers } from '../drivers/backend.ts'
import { allCells, type Cell, cellsOnRequest } from './cell.ts'

const METHODS = ['host', 'driver'] as const
const controls = allCells.filter(({ id }) => id.startsWith('control/'))
const ruled = allCells.filter(({ forced }) => forced === undefined)

describe('the ids of the cells', () => {
  test('are unique', () => {
    const ids = [...allCells, ...cellsOnRequest].map(({ id }) => id)

    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  test('are words in lower case between slashes, so that they can be typed and linked', () => {
    expect(
      allCells
        .map(({ id }) => id)
        .filter((id) => !/^(host|driver|live|control|answer|rest|orphan|table)(\/[a-z0-9]+(-[a-z0-9]+)*)+$/.test(id)),
    ).toEqual([])
  })

  test('say method, source, destination and layout of a cell that follows the rule', () => {
    const plain = ruled.filter(({ id }) => /^(host|driver)\//.test(id))

    expect(plain.length).toBeGreaterThan(0)
    for (const { id, method, source, destination, layout } of plain) expect(id).toBe([method, source, destination, layout].join('/'))
  })

  test('say method, source, destination and writer of a volume in use, in the layout mixed', () => {
    for (const { id, method, source, destination, layout, writer } of allCells.filter(({ writer }) => writer !== undefined)) {
      expect(layout).toBe('mixed')
      expect(id.replace(/^control\//, '')).toContain([method, source, destination].join('/'))
      if (!id.startsWith('control/')) expect(id.endsWith(`/${writer}`)).toBe(true)
    }
  })

  test('say who has a volume in use: libvirt, in cells on request only', () => {
    for (const { id, method, source, destination, writer } of cellsOnRequest.filter(({ libvirt }) => libvirt)) {
      expect(method).toBe('live')
      expect(id).toBe(['libvirt', source, destination, writer].join('/'))
    }
    expect(allCells.filter(({ id, libvirt }) => libvirt || id.startsWith('libvirt'))).toEqual([])
  })

  test('say over which transport a question is asked, and what is wrong with the answer', () => {
    for (const { id, question } of allCells) {
      const [word, fault] = id.split('/')
      expect(word === 'answer' || word === 'rest').toBe(question !== undefined)
      if (question === undefined) continue
      expect(question.transport).toBe(word === 'rest' ? 'rest' : 'json-rpc')
      expect(question.faultyAnswer ?? 'honest').toBe(fault)
    }
  })

  test('say whether a pool has lost a volume', () => {
    for (const { id, orphan = false } of allCells) expect(id.split('/').includes('orphan')).toBe(orphan)
  })

  test('say of every cell that corrupts that it is a control', () => {
    expect(allCells.filter(({ id, expect: { bytes } }) => bytes === 'corrupt' && !id.startsWith('control/'))).toEqual([])
  })
})

describe('the matrix', () => {
  const combinations = METHODS.flatMap((method) =>
    matrixDrivers.flatMap((source) => matrixDrivers.map((destination) => ({ method, source, destination }))),
  )

  test.each(combinations)('migrates from $source to $destination by the $method, by the rule', ({ method, source, destination }) => {
    const found = ruled.filter(
      (cell) =>
        cell.method === method &&
        cell.source === source &&
        cell.destination === destination &&
        !cell.question?.faultyAnswer &&
        !cell.orphan,
    )

    expect(found.length).toBeGreaterThan(0)
    for (const { expect: expectation } of found) {
      expect(expectation).toMatchObject(
        claims[destination] ? { mode: 'sparse', decidedBy: 'claimed-true' } : { mode: 'full', decidedBy: 'claimed-false' },
      )
    }
  })

  test.each(matrixDrivers)('has a control for the destination %s, which does what the rule does not', (destination) => {
    const found = controls.filter((cell) => cell.destination === destination && !cell.orphan)

    expect(found.length).toBeGreaterThan(0)
    for (const { forced } of found) expect(forced).toBe(claims[destination] ? 'full' : 'sparse')
  })

  test('has a control that must corrupt', () => {
    expect(controls.some(({ expect: { bytes } }) => bytes === 'corrupt')).toBe(true)
  })

  test.each(layoutNames)('uses the layout %s', (layout) => {
    expect(ruled.filter((cell) => cell.layout === layout).length).toBeGreaterThan(0)
  })

  test.each(allCells.filter(({ question }) => question?.faultyAnswer))(
    'expects a full copy onto dirty thick storage in $id',
    ({ destination, expect: expectation }) => {
      expect(destination).toBe('lvm-thick')
      expect(expectation).toMatchObject({ mode: 'full', bytes: 'intact' })
    },
  )

  test('has each fault of a driver over both transports', () => {
    const faultsOver = (transport: string) =>
      allCells.flatMap(({ question }) => (question?.transport === transport ? (question.faultyAnswer ?? []) : []))

    expect(faultsOver('rest')).toEqual(expect.arrayContaining(['string-true', 'string-false', 'error', 'silence', 'late-true']))
    expect(faultsOver('rest')).toEqual(expect.arrayContaining(faultsOver('json-rpc').filter((fault) => fault !== 'garbage')))
  })

  test.each(['lvm-thin', 'lvm-thick'] as const)('asks %s over REST, by the rule', (destination) => {
    const [cell] = allCells.filter(({ id }) => id === `rest/honest/lvm-thin/${destination}`)

    expect(cell?.expect).toMatchObject(
      claims[destination] ? { mode: 'sparse', decidedBy: 'claimed-true' } : { mode: 'full', decidedBy: 'claimed-false' },
    )
  })

  test("holds the spec's table, with the figures of its example", () => {
    const rows = allCells
      .filter(({ id }) => id.startsWith('table/'))
      .map(({ id, sizeBytes, expect: { mode, dataPercent } }) => ({ id, sizeBytes, mode, after: dataPercent?.after }))

    expect(rows).toEqual([
      { id: 'table/full', sizeBytes: 2 ** 30, mode: 'full', after: { pool: '31.45', volume: '100.00' } },
      { id: 'table/sparse', sizeBytes: 2 ** 30, mode: 'sparse', after: { pool: '10.28', volume: '19.53' } },
    ])
  })
})

describe('every cell', () => {
  const wrong = (isWrong: (cell: Cell) => boolean) => allCells.filter(isWrong).map(({ id }) => id)

  test('expects the mode that it forces', () => {
    expect(wrong(({ forced, expect: { mode } }) => forced !== undefined && forced !== mode)).toEqual([])
  })

  test('expects a condition of the rule to decide unless it forces the mode', () => {
    expect(wrong(({ forced, expect: { decidedBy } }) => (forced === undefined) !== (decidedBy !== undefined))).toEqual([])
  })

  test('is corrupt only where a sparse copy is forced upon a destination that claims nothing, or whose pool has lost a volume', () => {
    const isStale = ({ destination, orphan }: Cell) => !claims[destination] || orphan === true
    expect(wrong((cell) => (cell.expect.bytes === 'corrupt') !== (cell.forced === 'sparse' && isStale(cell)))).toEqual([])
  })

  test('fits into its backend beside the other volume', () => {
    expect(wrong(({ sizeBytes, neighbourBytes, backendBytes }) => sizeBytes + neighbourBytes > backendBytes)).toEqual([])
  })
})

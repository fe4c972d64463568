import { expect, test } from 'vitest'
import { cinderConf } from './configuration.ts'
import { type CinderResult, outcomeOf, type RowVerdict } from './result.ts'
import { backendOf, hostOf, ROWS } from './row.ts'

test('each row has an id of its own', () => {
  const ids = ROWS.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('all pairs of storage are copied by the host, and those of LVM by the driver too', () => {
  expect(ROWS.filter(({ id }) => id.startsWith('host/'))).toHaveLength(9)
  expect(ROWS.filter(({ id }) => id.startsWith('driver/')).map(({ id }) => id)).toEqual([
    'driver/thin/thin',
    'driver/thin/thick',
    'driver/thick/thin',
    'driver/thick/thick',
  ])
})

test('rows that break a service come last, and the one that ends it is the last', () => {
  expect(ROWS.slice(-3).map(({ id }) => id)).toEqual(['fault/no-room', 'fault/late', 'fault/down'])
})

test('every backend has a section', () => {
  expect(cinderConf()).toContain(
    'enabled_backends = source-thin,source-thick,source-nfs,destination-thin,destination-thick,destination-nfs',
  )
  expect(cinderConf()).toContain('[destination-thick]\nvolume_backend_name = destination-thick')
  expect(hostOf(backendOf('destination', 'nfs'))).toBe('holeproof@destination-nfs#destination-nfs')
})

test('corruption stands whatever else failed, and a broken lab outranks what is intact', () => {
  const result = (...verdicts: RowVerdict[]): CinderResult => ({
    ...{ version: 1, cinder: '29.0.0', kernel: '7.2', seed: 1, startedAt: '', seconds: 1 },
    rows: verdicts.map((verdict, index) => ({ id: String(index), verdict, copies: [], seconds: 1, leftovers: [] })),
  })
  expect(outcomeOf([result('intact', 'kept')])).toBe('upheld')
  expect(outcomeOf([result('intact'), result('corrupt')])).toBe('refuted')
  expect(outcomeOf([result('failed')])).toBe('refuted')
  expect(outcomeOf([result('corrupt'), result('broken')])).toBe('refuted')
  expect(outcomeOf([result('intact', 'broken')])).toBe('broken')
})

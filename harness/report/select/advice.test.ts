import { expect, test } from 'vitest'
import { exampleCertificate, exampleCheck } from '../../../tests/support/example_certificate.ts'
import { exampleCell, exampleCopy } from '../../../tests/support/example_result.ts'
import { adviceOn, advicesOf } from './advice.ts'

test('the advice on a check is that on its leading part', () => {
  expect(adviceOn('model/bytes-read')).toBe(adviceOn('model'))
  expect(adviceOn('partial-writes-read-zero/4k')).toBe(adviceOn('partial-writes-read-zero'))
  expect(adviceOn('moonshine')).toBeUndefined()
})

test('nothing is advised where all held', () => {
  expect(advicesOf({ cells: [exampleCell()], copies: [exampleCopy()], certificates: [exampleCertificate()] })).toEqual(new Map())
})

test('the advice on a driver goes by the cause that was found, and by the check where stale bytes were', () => {
  const checks = [
    exampleCheck({ id: 'migrate-out/driver/nfs', verdict: 'refuted', cause: 'lost-tail' }),
    exampleCheck({ id: 'migrate-out/driver/lvm-thin', verdict: 'refuted', cause: 'lost-tail' }),
    exampleCheck({ id: 'new-reads-zero', verdict: 'refuted', cause: 'stale' }),
  ]
  const advices = advicesOf({ cells: [], copies: [], certificates: [exampleCertificate({ checks })] })

  expect([...advices.values()]).toEqual([['migrate-out/driver/nfs', 'migrate-out/driver/lvm-thin'], ['new-reads-zero']])
  const [tail, stale] = advices.keys()
  expect(tail?.todo).toMatch(/last byte/)
  expect(stale).toBe(adviceOn('new-reads-zero'))
})

test('each advice comes once, with all the checks that it is for', () => {
  const bytes = { check: 'bytes', ok: false, text: '512 bytes are wrong' }
  const checks = ['new-reads-zero', 'every-volume-reads-zero'].map((id) => exampleCheck({ id, verdict: 'refuted' }))
  const advices = advicesOf({
    cells: [exampleCell({ findings: [bytes] }), exampleCell({ findings: [bytes] })],
    copies: [],
    certificates: [exampleCertificate({ checks })],
  })

  expect([...advices.values()]).toEqual([['bytes'], ['new-reads-zero', 'every-volume-reads-zero']])
})

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

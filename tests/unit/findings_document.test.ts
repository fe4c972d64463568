import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { listChecks } from '../../harness/certify/checks/list_checks.ts'
import { assetPath } from '../../harness/paths.ts'
import { adviceOn, advisedCauses, advisedChecks } from '../../harness/report/select/advice.ts'

const document = readFileSync(assetPath('docs/findings.md'), 'utf8')

test.each(listChecks())('there is advice on $id', ({ id }) => {
  expect(adviceOn(id)).toBeDefined()
})

const advised = [...advisedChecks, ...advisedCauses]

test.each(advised)('the document explains %s', (check) => {
  expect(document).toMatch(new RegExp(`^#{3,4} .*\`${check}\``, 'm'))
})

test('the document explains no check that there is not', () => {
  const explained = [...document.matchAll(/^#{3,4} (.*)$/gm)].flatMap(([, heading = '']) => [...heading.matchAll(/`([^`]+)`/g)])

  expect(explained.map(([, id = '']) => id).filter((id) => !advised.includes(id))).toEqual([])
})

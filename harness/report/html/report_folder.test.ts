import { expect, test } from 'vitest'
import { reportFolder } from './report_folder.ts'

test.each([
  ['file:///home/a/my%20reports/report.html#driver=x', '/home/a/my reports'],
  ['file:///report.html', '/'],
  ['https://ci.example/artifacts/report.html', 'reports'],
])('the scripts of a report at %s lie below %s', (address, folder) => {
  expect(reportFolder(new URL(address))).toBe(folder)
})

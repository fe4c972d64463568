import junit from 'junit-report-builder'
import type { Result } from '../result/result.ts'

/** JUnit XML: a cell is a test case; refuted is a failure, broken an error, not-shown is skipped. */
export function junitOf(result: Result): string {
  const report = junit.newBuilder()
  const suite = report.testSuite().name('holeproof').timestamp(new Date(result.startedAt)).time(result.seconds)
  for (const cell of result.cells) {
    const test = suite.testCase().className(`holeproof.${cell.id.split('/')[0]}`).name(cell.id).time(cell.seconds)
    const failed = cell.findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
    if (cell.verdict === 'refuted') test.failure([...failed, `repeat: ${cell.repeat}`].join('\n'), 'refuted')
    else if (cell.verdict === 'broken') test.error(cell.reason, 'broken')
    else if (cell.verdict === 'not-shown') test.skipped()
    else test.standardOutput(cell.findings.map(({ check, text }) => `${check}: ${text}`).join('\n'))
  }
  if (result.leaks.length > 0) suite.testCase().className('holeproof.lab').name('nothing is left behind').error(result.leaks.join('\n'), 'leak')
  return report.build()
}

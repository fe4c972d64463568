import { XMLBuilder } from 'fast-xml-parser'
import type { CellResult, Result } from '../result/result.ts'

/** JUnit XML: a cell is a test case; refuted is a failure, broken and leaks are errors, not-shown is skipped. */
export function junitOf(result: Result): string {
  const { cells, counts, leaks, seconds, startedAt } = result
  const leakCase = {
    '@name': 'nothing is left behind',
    '@classname': 'holeproof.lab',
    '@time': 0,
    ...(leaks.length > 0 && { error: failure('leak', leaks) }),
  }
  const suite = {
    '@name': 'holeproof',
    '@timestamp': startedAt,
    '@time': seconds,
    '@tests': cells.length + 1,
    '@failures': counts.refuted,
    '@errors': counts.broken + (leaks.length > 0 ? 1 : 0),
    '@skipped': counts['not-shown'],
    testcase: [...cells.map(testCase), leakCase],
  }
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    textNodeName: '#text',
    format: true,
    suppressEmptyNode: true,
  })
  return withoutControls(builder.build({ '?xml': { '@version': '1.0', '@encoding': 'UTF-8' }, testsuites: { testsuite: suite } }))
}

function testCase(cell: CellResult): object {
  const failed = cell.findings.filter(({ ok }) => !ok).map(({ check, text }) => `${check}: ${text}`)
  return {
    '@name': cell.id,
    '@classname': `holeproof.${cell.id.split('/')[0]}`,
    '@time': cell.seconds,
    ...(cell.verdict === 'refuted' && { failure: failure('refuted', [...failed, `repeat: ${cell.repeat}`]) }),
    ...(cell.verdict === 'broken' && { error: failure('broken', [cell.reason ?? '', `repeat: ${cell.repeat}`]) }),
    ...(cell.verdict === 'not-shown' && { skipped: { '@message': cell.reason ?? '' } }),
  }
}

function failure(type: string, lines: readonly string[]): object {
  return { '@type': type, '@message': lines[0] ?? '', '#text': lines.join('\n') }
}

/** XML 1.0 has no way to write most control characters, and commands print them. */
function withoutControls(xml: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must go
  return xml.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
}

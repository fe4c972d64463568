import { XMLBuilder } from 'fast-xml-parser'
import type { CellResult } from '../result/cell.ts'
import type { Certificate, CheckResult } from '../result/certificate.ts'
import type { CopyResult } from '../result/copy.ts'
import { describeFailed } from '../result/describe.ts'
import type { Result } from '../result/result.ts'
import { runOutcomeOf } from '../result/run_outcome.ts'
import { reportableChecks } from './select/failures.ts'
import { shortened, unusualTransport } from './select/words.ts'

interface Case {
  readonly name: string
  readonly group: string
  readonly seconds: number
  readonly verdict: CheckResult['verdict']
  readonly lines: readonly string[]
}

/** Readers give up on texts of megabytes, and show a message in one line. */
const MOST_MESSAGE = 500
const MOST_TEXT = 20_000

/**
 * JUnit XML: a cell or a check is a test case, and so are the run as a whole and that it left nothing behind; refuted is a failure,
 * broken and leaks are errors, what was not run is skipped. It has no element or attribute but those of Jenkins' schema, which GitLab and GitHub's reporters read too.
 */
export function junitOf(result: Result, { status: says, why } = runOutcomeOf(result)): string {
  const { cells, copies, certificates, leaks, seconds, startedAt, seed, version, verdict } = result
  const asWhole: Case = { name: 'the run as a whole', group: 'lab', seconds: 0, verdict: why.length > 0 ? says : 'upheld', lines: why }
  const cases = [...[...cells, ...copies].map(caseOfCell), ...certificates.flatMap(casesOfDriver), asWhole]
  const count = (...verdicts: CheckResult['verdict'][]) => cases.filter(({ verdict }) => verdicts.includes(verdict)).length
  const leakCase = {
    '@name': 'nothing is left behind',
    '@classname': 'holeproof.lab',
    '@time': inSeconds(0),
    ...(leaks.length > 0 && { error: failure('leak', leaks) }),
  }
  const totals = {
    '@name': 'holeproof',
    '@time': inSeconds(seconds),
    '@tests': cases.length + 1,
    '@failures': count('refuted'),
    '@errors': count('broken') + (leaks.length > 0 ? 1 : 0),
  }
  const suite = {
    ...totals,
    '@skipped': count('not-shown', 'not-offered'),
    '@timestamp': startedAt,
    properties: { property: Object.entries({ version, seed, verdict }).map(([name, value]) => ({ '@name': name, '@value': value })) },
    testcase: [...cases.map(testCase), leakCase],
  }
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    textNodeName: '#text',
    format: true,
    suppressEmptyNode: true,
    // Else an attribute of the text `true` would stand without its value, which no reader of XML takes.
    suppressBooleanAttributes: false,
  })
  return withoutControls(
    builder.build({ '?xml': { '@version': '1.0', '@encoding': 'UTF-8' }, testsuites: { ...totals, testsuite: suite } }),
  )
}

function caseOfCell(result: CellResult | CopyResult): Case {
  const { id, seconds, verdict, findings, reason = '', repeat } = result
  const lines = [...(verdict === 'refuted' ? describeFailed(findings) : [reason]), ...unusualTransport(result)]
  return { name: id, group: id.split('/')[0] ?? '', seconds, verdict, lines: [...lines, `repeat: ${repeat}`] }
}

function casesOfDriver(certificate: Certificate): Case[] {
  return reportableChecks(certificate).map(({ id, seconds, verdict, text, repeat, trace }) => ({
    name: id,
    group: `certify.${certificate.driver}`,
    seconds,
    verdict,
    lines: [text, `repeat: ${repeat}`, ...(trace === undefined ? [] : [trace])],
  }))
}

function testCase({ name, group, seconds, verdict, lines }: Case): object {
  return {
    '@name': name,
    '@classname': `holeproof.${group}`,
    '@time': inSeconds(seconds),
    ...(verdict === 'refuted' && { failure: failure('refuted', lines) }),
    ...(verdict === 'broken' && { error: failure('broken', lines) }),
    ...((verdict === 'not-shown' || verdict === 'not-offered') && { skipped: { '@message': message(lines) } }),
  }
}

function failure(type: string, lines: readonly string[]): object {
  return { '@type': type, '@message': message(lines), '#text': shortened(lines.join('\n'), MOST_TEXT) }
}

function message([first = '']: readonly string[]): string {
  return shortened(first.split('\n')[0] ?? '', MOST_MESSAGE)
}

/** Without an exponent, which the schema does not know. */
function inSeconds(seconds: number): string {
  return seconds.toFixed(3)
}

/** XML 1.0 has no way to write most control characters, and commands print them. */
function withoutControls(xml: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that must go
  return xml.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
}

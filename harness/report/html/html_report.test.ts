import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { exampleCell, exampleResult } from '../../../tests/support/example_result.ts'
import { assetPath } from '../../paths.ts'
import { resultSchema } from '../../result/result.ts'
import { htmlReport } from './html_report.ts'

test('the page stands alone, and holds the result as it is', async () => {
  const result = exampleResult([exampleCell({ notes: [{ kind: 'thinness-lost', text: '</script><b>\u2028' }] })])
  const html = await htmlReport(result)
  const [, json = ''] = html.match(/<script id="result" type="application\/json">([^<]*)<\/script>/) ?? []

  expect(JSON.parse(json)).toEqual(result)
  expect(html).not.toMatch(/<(script|link|img)[^>]* (src|href)="(?!data:)/)
  expect(html).not.toMatch(/@import|url\((?!#)/)
  expect(html.match(/<script/g)).toHaveLength(2)
  expect(html.match(/<\/script/g)).toHaveLength(2)
})

// `scripts/report reports/sample/result.json` makes it anew.
test('the sample is what a report of its result is now', async () => {
  const result = resultSchema.parse(JSON.parse(readFileSync(assetPath('reports/sample/result.json'), 'utf8')))
  const sample = readFileSync(assetPath('reports/sample/report.html'), 'utf8')

  expect(unpacked(sample) === unpacked(await htmlReport(result)), 'the sample is of an earlier page, or of another result').toBe(true)
})

/** Versions of Node.js pack the same differently. */
function unpacked(html: string): string {
  return html.replace(/(?<=type="application\/gzip">)[^<]*/, (packed) => gunzipSync(Buffer.from(packed, 'base64')).toString())
}

import { expect, test } from 'vitest'
import { exampleCell, exampleResult } from '../result/example_result.ts'
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

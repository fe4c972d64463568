import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { embedded, safeJson, upright } from './embed.ts'

const ODD = '</script><!-- <script> \u2028 \u2029 & "quoted" \\ 漢'

describe('a value embedded in a page', () => {
  test('comes out as it went in, and cannot end its element', () => {
    const html = embedded('x', { odd: ODD })
    const helper = html.slice(html.indexOf('>') + 1, html.lastIndexOf('</script>'))

    expect(helper).not.toMatch(/[<\u2028\u2029]/)
    expect(JSON.parse(helper)).toEqual({ odd: ODD })
  })

  test('is packed when it is large, and nothing of it is markup', () => {
    const value = { odd: ODD.repeat(10_000) }
    const [, packed = ''] = embedded('x', value).match(/^<script id="x" type="application\/gzip">([A-Za-z0-9+/=]+)<\/script>$/) ?? []

    expect(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString())).toEqual(value)
    expect(packed.length).toBeLessThan(10_000)
  })

  test('stays JSON when what it says tries to turn the direction of writing, which is written out', () => {
    expect(JSON.parse(upright(JSON.stringify({ said: 'lost \u202ellew' })))).toEqual({ said: 'lost \\u202ellew' })
  })
})

test('safe JSON means the same', () => {
  expect(JSON.parse(safeJson(JSON.stringify(ODD)))).toBe(ODD)
})

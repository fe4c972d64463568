import { describe, expect, test } from 'vitest'
import { exampleForecast } from '../../../tests/support/example_forecast.ts'
import { poolChart } from './forecast_chart.ts'
import { forecastPage } from './forecast_page.ts'

describe('the chart of a pool', () => {
  const svg = poolChart(exampleForecast(), 1, 'one')

  test('tells the strategies apart by dashes, in colours that the page gives', () => {
    for (const [colour, dashes] of [
      ['full', undefined],
      ['sparse', '9,5'],
      ['mapped', '2,4'],
    ]) {
      const path = svg.match(/<path[^>]*>/g)?.find((element) => element.includes(`var(--${colour})`))
      expect(path).toBeDefined()
      expect(/stroke-dasharray="([^"]*)"/.exec(path ?? '')?.[1]).toBe(dashes)
    }
  })

  test('says in words what it shows', () => {
    expect(svg).toMatch(/^<svg role="img" aria-labelledby="one-title one-desc" [^>]*><title id="one-title">Data% of target<\/title>/)
    expect(svg).toContain('full: 5.00 before, 31.00 at most, 30.00 after.')
    expect(svg).toContain('>100 %</text>')
  })
})

describe('the page of a forecast', () => {
  test('stands alone: it loads nothing and runs nothing', () => {
    const page = forecastPage(exampleForecast())

    expect(page).not.toMatch(/<script|<link|<img|url\((?!#)|@import|\son\w+=/i)
    expect(page.match(/https?:\/\/[^"\s]+/g)?.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([])
    expect(page).toContain('prefers-color-scheme: dark')
  })

  test('holds names of volumes and pools as text', () => {
    const pools = exampleForecast().pools.map((pool) => ({ ...pool, name: '<script>alert(1)</script>' }))
    const page = forecastPage(exampleForecast({ pools, assumptions: ['<b>bold</b>'] }))

    expect(page).not.toContain('<script>')
    expect(page).toContain('&lt;script&gt;')
    expect(page).not.toContain('<b>')
  })

  test('has a chart and a row for every strategy and pool', () => {
    const page = forecastPage(exampleForecast())

    expect(page.match(/<figure>/g)).toHaveLength(2)
    expect(page).toContain('✓ The plan fits')
    expect(page).toContain('<td class="figure">31.00</td>')
  })
})

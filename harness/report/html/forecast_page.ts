import { format } from 'echarts/core'
import { printable } from '../../result/describe.ts'
import type { Forecast } from '../../result/forecast.ts'
import { lvmSize, plural } from '../../units.ts'
import {
  costTable,
  FORECAST_VERDICTS,
  type ForecastTable,
  forbiddenText,
  fullestPools,
  metadataTable,
  overfillTexts,
  poolTable,
  promisedTable,
} from '../select/forecast.ts'
import { LINES, poolChart } from './forecast_chart.ts'

const MOST_CHARTS = 12

const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --quiet: #59636e; --line: #d8dee4; --page: #ffffff;
  --full: #b34700; --sparse: #0061a8; --mapped: #00734f; --good: #00734f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9da7b1; --line: #30363d; --page: #0d1117;
  --full: #ff9a5c; --sparse: #6cb6ff; --mapped: #3fd6a4; --good: #3fd6a4; --bad: #ff8f86; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.fits { color: var(--good); } .may-overfill, .overfills { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--quiet); } .figure { text-align: right; white-space: nowrap; }
.wide { overflow-x: auto; }
figure { margin: 1rem 0 2rem; } figure svg { width: 100%; height: auto; font-family: inherit; }
figcaption { font-weight: 600; } .legend svg { width: 2.5rem; height: .8rem; vertical-align: middle; } .legend span { margin-right: 1.2rem; }
`

/** A forecast as a page that stands alone: no script, nothing to load. */
export function forecastPage(forecast: Forecast): string {
  const charted = fullestPools(forecast.outcomes, MOST_CHARTS)
  const left = forecast.pools.length - charted.length
  const { mark, sentence } = FORECAST_VERDICTS[forecast.verdict]
  const overfills = overfillTexts(forecast).map((text) => `${text}.`)
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Forecast of a migration plan</title><style>${STYLE}</style></head>
<body>
<h1>Forecast of a migration plan</h1>
<p><strong class="${forecast.verdict}">${mark} ${sentence}</strong>, copied as the rule permits: ${plural(forecast.migrations, 'migration')}, ${plural(forecast.volumes, 'volume')}, ${plural(forecast.pools.length, 'pool')}.</p>
${list([...overfills, ...forecast.forbidden.map(forbiddenText)])}
<h2>Data% of the pools</h2>
<p class="legend">${forecast.outcomes.map(({ strategy }) => `<span>${key(strategy)} ${strategy}</span>`).join('')}</p>
<p>Of two lines of a kind, the thin one is the least and the thick one the most that it can come to.</p>
${charted.map((pool) => figure(forecast, pool)).join('\n')}
${left > 0 ? `<p>${plural(left, 'more pool')}, less full than these: see forecast.json.</p>` : ''}
<h2>Pools, in Data%</h2>
${table(poolTable(forecast, charted))}
${metadata(forecast, charted)}<h2>Promised: virtual sizes, and their share of the pool</h2>
${table(promisedTable(forecast, charted))}
<h2>What the plan costs</h2>
${table(costTable(forecast))}
<h2>Taken for granted</h2>
${list(forecast.assumptions)}
</body>
</html>
`
}

function metadata(forecast: Forecast, charted: readonly number[]): string {
  const { columns, rows } = metadataTable(forecast, charted)
  return rows.length === 0 ? '' : `<h2>Metadata of thin pools, in Meta%</h2>\n${table({ columns, rows })}\n`
}

function figure(forecast: Forecast, pool: number): string {
  const { name = '', sizeBytes = 0 } = forecast.pools[pool] ?? {}
  return `<figure><figcaption>${safe(name)} <span class="quiet">(${lvmSize(sizeBytes)})</span></figcaption>${poolChart(forecast, pool, `pool-${pool}`)}</figure>`
}

function key(strategy: keyof typeof LINES): string {
  const { colour, dash, width } = LINES[strategy]
  const dashes = dash === 'solid' ? '' : ` stroke-dasharray="${dash.join(' ')}"`
  return `<svg viewBox="0 0 40 12" aria-hidden="true"><path d="M0 6H40" stroke="${colour}" stroke-width="${width}"${dashes}/></svg>`
}

function table({ columns, rows }: ForecastTable): string {
  const shape = (index: number) => (columns[index]?.isFigure ? ' class="figure"' : '')
  const row = (texts: readonly string[], tag: string) => texts.map((text, index) => `<${tag}${shape(index)}>${text}</${tag}>`).join('')
  const head = row(
    columns.map(({ name }) => name),
    'th',
  )
  const body = rows.map((cells) => {
    const texts = cells.map(({ text, isBad }) => (isBad ? `<strong class="overfills">${safe(text)}</strong>` : safe(text)))
    return `<tr>${row(texts, 'td')}</tr>`
  })
  return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? '' : `<ul>${texts.map((text) => `<li>${safe(text)}</li>`).join('')}</ul>`
}

function safe(text: string): string {
  return format.encodeHTML(printable(text))
}

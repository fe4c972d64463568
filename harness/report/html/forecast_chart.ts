import { LineChart, type LineSeriesOption } from 'echarts/charts'
import { GridComponent, MarkLineComponent } from 'echarts/components'
import { format, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import type { Forecast, Point, StrategyForecast, StrategyName } from '../../result/forecast.ts'
import { bounds } from '../select/words.ts'

use([LineChart, GridComponent, MarkLineComponent, SVGRenderer])

const WIDTH = 720
const HEIGHT = 260

/** Told apart by dashes as well as by colours; the page gives the colours, for light and for dark. */
export const LINES: Readonly<Record<StrategyName, { colour: string; dash: 'solid' | number[]; width: number }>> = {
  full: { colour: 'var(--full)', dash: 'solid', width: 2 },
  sparse: { colour: 'var(--sparse)', dash: [9, 5], width: 3 },
  mapped: { colour: 'var(--mapped)', dash: [2, 4], width: 3 },
}
/** The top of what is drawn, in percent: a pool that is ten times too small would otherwise flatten all else. */
const TOP = 400

/** Data% of one pool over the plan, under each strategy, as SVG. `id` is unique in the page. */
export function poolChart(forecast: Forecast, pool: number, id: string): string {
  const { name = '', sizeBytes = 1, reserveBytes = 0 } = forecast.pools[pool] ?? {}
  const timed = forecast.outcomes.some(({ seconds }) => seconds !== undefined)
  const end = Math.max(1, ...forecast.outcomes.map(({ seconds }) => (timed ? (seconds?.most ?? 0) : forecast.migrations)))
  const unit = timed ? timeUnit(end) : { per: 1, name: 'migrations' }
  const share = (used: number) => Math.min(TOP, (100 * used) / sizeBytes)
  const at = ({ step, seconds }: Point) => (timed ? (seconds ?? 0) : step) / unit.per
  const series = forecast.outcomes.flatMap((outcome) => seriesOf(outcome, pool, end / unit.per, at, share))
  const highest = Math.max(...series.flatMap(({ data }) => (data as [number, number][]).map(([, value]) => value)))
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT })
  chart.setOption({
    animation: false,
    grid: { left: 52, right: 20, top: 16, bottom: 44 },
    xAxis: axis({
      min: 0,
      max: end / unit.per,
      name: unit.name,
      nameLocation: 'middle',
      nameGap: 28,
      minInterval: timed ? 0 : 1,
      splitLine: { show: false },
    }),
    yAxis: axis({ min: 0, max: Math.max(110, Math.ceil((highest + 3) / 10) * 10), name: '' }),
    series: [...limitLines(100 - (100 * reserveBytes) / sizeBytes), ...series],
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  const described = `<title id="${id}-title">${format.encodeHTML(`Data% of ${name}`)}</title><desc id="${id}-desc">${format.encodeHTML(describe(forecast, pool))}</desc>`
  return svg.replace(/^<svg /, `<svg role="img" aria-labelledby="${id}-title ${id}-desc" `).replace('>', `>${described}`)
}

function describe({ outcomes }: Forecast, pool: number): string {
  return outcomes
    .flatMap(({ strategy, pools }) => {
      const share = pools[pool]
      return share === undefined
        ? []
        : `${strategy}: ${bounds(share.before.dataPercent)} before, ${bounds(share.peak.dataPercent)} at most, ${bounds(share.final.dataPercent)} after.`
    })
    .join(' ')
}

function seriesOf(
  { strategy, pools }: StrategyForecast,
  pool: number,
  end: number,
  at: (point: Point) => number,
  share: (used: number) => number,
): LineSeriesOption[] {
  const points = pools[pool]?.points ?? []
  const last = points.at(-1)
  if (last === undefined) return []
  const { colour, dash, width } = LINES[strategy]
  // Several migrations share a point: the peak is drawn, and at the end the amount that remains.
  const most = points.map((point): [number, number] => [at(point), share(point === last ? point.most : point.peak)])
  const least = points.map((point): [number, number] => [at(point), share(point.least)])
  const drawn = { type: 'line', step: 'end', symbol: 'none', silent: true } as const
  const exact = points.every((point) => point.least === point.most)
  const line = { ...drawn, name: strategy, data: [...most, [end, share(last.most)]], lineStyle: { color: colour, type: dash, width } }
  if (exact) return [line]
  return [line, { ...drawn, data: [...least, [end, share(last.least)]], lineStyle: { color: colour, type: dash, width: 1, opacity: 0.8 } }]
}

/** The size of the pool and, where it has a reserve, how far it may be filled: both in percent. */
function limitLines(room: number): LineSeriesOption[] {
  return room < 100 ? [limitLine(100, '100 %'), limitLine(room, 'reserve')] : [limitLine(100, '100 %')]
}

function limitLine(at: number, label: string): LineSeriesOption {
  return {
    type: 'line',
    data: [],
    markLine: {
      silent: true,
      symbol: 'none',
      data: [{ yAxis: at }],
      label: { formatter: label, position: 'insideStartTop', color: 'var(--text)', fontFamily: 'inherit' },
      lineStyle: { color: 'var(--text)', type: 'solid', width: 1.5 },
    },
  }
}

function axis(more: object): object {
  const colour = 'var(--quiet)'
  return {
    type: 'value',
    axisLine: { show: true, lineStyle: { color: colour } },
    axisLabel: { color: colour, fontFamily: 'inherit' },
    nameTextStyle: { color: colour, fontFamily: 'inherit' },
    splitLine: { lineStyle: { color: 'var(--line)' } },
    ...more,
  }
}

function timeUnit(seconds: number): { per: number; name: string } {
  if (seconds < 300) return { per: 1, name: 'seconds' }
  if (seconds < 3 * 3600) return { per: 60, name: 'minutes' }
  if (seconds < 3 * 86_400) return { per: 3600, name: 'hours' }
  return { per: 86_400, name: 'days' }
}

import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleFigure, exampleSide } from '../../tests/support/example_bench.ts'
import type { Bench, Parts } from '../result/bench.ts'
import { benchMarkdown } from './markdown/bench.ts'
import { benchReport } from './terminal/bench.ts'

const explore = exampleFigure({
  id: 'explore',
  title: 'random copies a minute',
  unit: 'copies-per-minute',
  before: exampleSide({ values: [31.2], median: 31.2, least: 31.2, most: 31.2 }),
  after: exampleSide({ values: [56.16], median: 56.16, least: 56.16, most: 56.16 }),
  ratio: { median: 1.8, least: 1.8, most: 1.8 },
})
const long = exampleFigure({
  id: 'certify',
  before: exampleSide({ values: [12345.6, 12000], median: 12172.8, least: 12000, most: 12345.6, peakBytes: 2 ** 34 }),
  after: exampleSide({ values: [12345.6, 12000], median: 12172.8, least: 12000, most: 12345.6, peakBytes: 2 ** 34 }),
  ratio: { median: 100.01, least: 99, most: 101 },
})
const absent = { state: 'not-shown', id: 'cinder', title: 'Cinder', reason: `after: ${'the verdict is refuted. '.repeat(8)}` } as const
const part = (name: string, count: number, seconds: number) => ({ name, count, seconds, mean: seconds / count })
const commands: Parts = {
  of: { count: 58, seconds: 200 },
  parts: [part('lvcreate', 111, 50), ...Array.from({ length: 13 }, (_, index) => part(`program-${index}`, 2, 4 - index / 10))],
}
const phases: Parts = { of: { count: 81, seconds: 260 }, parts: [part('poison', 81, 130), part('verify', 81, 130)] }
const everything = exampleBench({
  figures: [exampleFigure(), long, explore, absent],
  breakdown: { commands, phases },
  after: { commit: 'f6189c1b5d83022f310970719ef5eb41fb0a61de', changed: true },
  memory: 'mixed',
  stopped: true,
})

describe('a measurement on a terminal', () => {
  test('has a line for each figure: both sides, the ratio and the memory', () => {
    const text = benchReport(exampleBench({ figures: [exampleFigure(), explore] }), false)

    expect(text).toMatch(/^figure +before 006db70 +after f6189c1 +ratio +peak MiB$/m)
    expect(text).toMatch(/^✓ matrix +118 s \(117-120\) +70\.3 s \(70\.0-71\.0\) +0\.60 as long +2289>2289$/m)
    expect(text).toMatch(/^✓ explore +31\.2 \/min +56\.2 \/min +1\.80 as many/m)
    expect(text).toMatch(/^✓ MEASURED {2}2 of 2 figures, in 1235 s$/m)
  })

  test('reports a figure that was not measured with its reason, and never as a number', () => {
    const text = benchReport(exampleBench({ figures: [exampleFigure(), absent] }), false)

    expect(text).toMatch(/^\? cinder\n {4}after: the verdict is refuted\./m)
    expect(text).toMatch(/^\? NOT ALL MEASURED {2}1 of 2 figures/m)
  })

  test('explains no values where there are none', () => {
    expect(benchReport(exampleBench({ figures: [absent] }), false)).not.toMatch(/median|Memory/)
  })

  test('breaks the time down by command, with the rest that no command took, and by phase', () => {
    const text = benchReport(everything, false)

    expect(text).toContain('The time of 58 cells and copies by command: 200.0 s in all')
    expect(text).toMatch(/^lvcreate +50\.0 +25 % +111 +0\.450$/m)
    expect(text).toMatch(/^2 more +5\.7 +3 % +4 +1\.425$/m)
    expect(text).toMatch(/^outside every command +105\.8 +53 %$/m)
    expect(text).toMatch(/^poison +130\.0 +50 % +81 +1\.605$/m)
    expect(text).not.toContain('outside every phase')
  })

  test('reports the conditions', () => {
    const load = (value: number): Bench => exampleBench({ host: { ...exampleBench().host, load: [value, 0, 0] } })

    expect(words(benchReport(everything, false))).toContain('0a61de with uncommitted changes. Seed 7.')
    expect(benchReport(everything, false)).toContain('after f6189c1+')
    expect(benchReport(exampleBench(), false)).toContain('Machines: 2 x uml 6.1.176.')
    expect(benchReport(load(1), false)).not.toContain('busy')
    expect(benchReport(load(1.5), false)).toContain('busy')
    expect(benchReport(exampleBench({ kernel: 'newest' }), false)).toContain('were asked for: newest.')
    const other = exampleFigure({ after: exampleSide({ machines: '2 x qemu 6.12' }) })
    expect(benchReport(exampleBench({ figures: [other] }), false)).toContain('Machines before: 2 x uml 6.1.176. After: 2 x qemu 6.12.')
  })

  test.each([
    ['everything', everything],
    ['nothing', exampleBench({ figures: [] })],
    ['a wide figure', exampleBench({ figures: [long] })],
  ])('keeps within 80 columns: %s', (_, bench) => {
    expect(
      benchReport(bench, false)
        .split('\n')
        .filter((line) => line.length > 80 || line.includes('…')),
    ).toEqual([])
  })

  test('has the same text with colours', () => {
    expect(benchReport(everything, false)).not.toContain('\u001b')
    expect(stripVTControlCharacters(benchReport(everything, true))).toBe(benchReport(everything, false))
  })
})

describe('a measurement in Markdown', () => {
  const text = benchMarkdown(everything)

  test('has a row for each figure, with the bounds of the ratio', () => {
    expect(text).toContain(
      '| `matrix` | the whole matrix | 118 s (117-120) | 70.3 s (70.0-71.0) | 0.60 as long (0.58-0.61) | 2289 MiB | 2289 MiB |',
    )
    expect(text).toContain('| `explore` | random copies a minute | 31.2 /min | 56.2 /min | 1.80 as many | 2289 MiB | 2289 MiB |')
    expect(text).toContain('| `cinder` | Cinder | not shown | `after: the verdict is refuted.')
  })

  test('has the breakdown below', () => {
    expect(text).toContain('### The time of 81 cells and copies by phase: 260.0 s in all')
    expect(text).toContain('| poison | 130.0 | 50 % | 81 | 1.605 |')
  })
})

function words(text: string): string {
  return text.split(/\s+/).join(' ')
}

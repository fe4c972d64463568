import { describe, expect, test } from 'vitest'
import { exactly } from '../model/amount.ts'
import { Timeline } from './timeline.ts'

describe('the timeline of a pool', () => {
  test('has a point for every change', () => {
    const timeline = new Timeline({ least: 1, most: 2 }, 1, false)
    timeline.change({ least: 3, most: 5 }, 1, undefined)
    timeline.change(exactly(-1), 4, undefined)

    expect(timeline.finish()).toEqual([
      { step: 0, least: 1, most: 2, peak: 2 },
      { step: 1, least: 4, most: 7, peak: 7 },
      { step: 4, least: 3, most: 6, peak: 6 },
    ])
    expect(timeline.peak).toEqual({ used: { least: 4, most: 7 }, step: 1 })
  })

  test('of a long plan has one for a few, that keeps the peak between', () => {
    const timeline = new Timeline(exactly(0), 3, true)
    for (const [step, by] of [5, -4, 1, 10, -10, 0].entries()) timeline.change(exactly(by), step + 1, step + 1)

    expect(timeline.finish()).toEqual([
      { step: 0, seconds: 0, least: 0, most: 0, peak: 0 },
      { step: 3, seconds: 3, least: 2, most: 2, peak: 5 },
      { step: 6, seconds: 6, least: 2, most: 2, peak: 12 },
    ])
  })
})

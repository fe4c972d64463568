import { describe, expect, test } from 'vitest'
import type { Slice } from '../select/downsample.ts'
import { pathsOf } from './svg_paths.ts'

describe('paths', () => {
  test('draw columns that are alike as one', () => {
    expect(pathsOf([{ data: 5 }, { data: 5 }, { zero: 5 }], 10)).toEqual({ data: 'M0 0H2V10H0z', zero: 'M2 0H3V10H2z' })
  })

  test('give a single stale byte among millions a height that is seen', () => {
    const slices: Slice[] = [{ zero: 1e9, stale: 1 }]
    const [, top, bottom] = pathsOf(slices, 100).stale?.match(/^M0 ([\d.]+)H1V([\d.]+)/) ?? []

    expect(Number(bottom) - Number(top)).toBeGreaterThan(25)
  })
})

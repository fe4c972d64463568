import type { Amount } from '../result/forecast.ts'

export function exactly(value: number): Amount {
  return { least: value, most: value }
}

/** Rounds up to whole grains. Returns bytes. */
export function inGrains(bytes: number, grainBytes: number): number {
  return Math.ceil(bytes / grainBytes) * grainBytes
}

import type { Amount } from '../result/forecast.ts'

export function exactly(value: number): Amount {
  return { least: value, most: value }
}

/** Whole grains for so many bytes, in bytes. */
export function inGrains(bytes: number, grainBytes: number): number {
  return Math.ceil(bytes / grainBytes) * grainBytes
}

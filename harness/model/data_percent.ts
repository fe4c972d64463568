import type { Amount } from '../result/forecast.ts'
import { exactly } from './amount.ts'

/** LVM keeps a percentage as a whole number of millionths. */
const ONE_PERCENT = 1_000_000
const FULL = 100 * ONE_PERCENT
const HUNDREDTH = ONE_PERCENT / 100
/** Half of the last place that LVM shows, and the error of its single-precision arithmetic. */
const ROUNDING = 0.00501
const LOWEST = 0.01
const HIGHEST = 99.99

/**
 * A share as lvs shows it: two places, 100.00 only if full and 0.00 only if empty. A share above 100, which lvs never sees, is shown as
 * it is.
 */
export function dataPercent(used: number, total: number): string {
  if (used > total) return Math.max((100 * used) / total, 100.01).toFixed(2)
  if (used === 0) return '0.00'
  if (used === total) return '100.00'
  const millionths = Math.trunc(FULL * (used / total))
  if (millionths < HUNDREDTH) return '0.01'
  if (millionths > FULL - HUNDREDTH) return '99.99'
  return toTwoPlaces(Math.fround(Math.fround(millionths) / ONE_PERCENT))
}

/** Rounds as C's printf does: a tie goes to the even digit. */
function toTwoPlaces(value: number): string {
  const eighths = value * 8
  const tie = Number.isInteger(eighths) && eighths % 2 !== 0
  if (!tie) return value.toFixed(2)
  const below = Math.floor(value * 100)
  return ((below % 2 === 0 ? below : below + 1) / 100).toFixed(2)
}

/**
 * The number of a device's chunks that a Data% stands for. It has two bounds, because lvs rounds. If no whole number of chunks gives
 * that percentage, the bounds are the numbers next to it.
 */
export function chunksOfDataPercent(percent: number, deviceBytes: number, chunkBytes: number): Amount {
  const all = Math.ceil(deviceBytes / chunkBytes)
  if (percent === 0) return exactly(0)
  if (percent === 100) return exactly(all)
  const chunksOfOne = deviceBytes / chunkBytes / 100
  // lvs shows 0.01 for anything barely above empty and 99.99 for anything barely below full.
  const least = percent <= LOWEST ? 1 : Math.max(Math.ceil((percent - ROUNDING) * chunksOfOne), 1)
  const most = percent >= HIGHEST ? all - 1 : Math.min(Math.floor((percent + ROUNDING) * chunksOfOne), all)
  if (least <= most) return { least, most }
  return { least: Math.floor(percent * chunksOfOne), most: Math.min(Math.ceil(percent * chunksOfOne), all) }
}

/**
 * LVM's Data%: two digits, 100.00 only when nothing is left and 0.00 only when nothing is taken. Source: libdevmapper's
 * dm_make_percent and dm_percent_to_round_float.
 */
export function dataPercent(takenBytes: number, allBytes: number): string {
  if (takenBytes === 0) return '0.00'
  const percent = (100 * takenBytes) / allBytes
  if (takenBytes === allBytes) return '100.00'
  return Math.min(Math.max(percent, 0.01), percent < 100 ? 99.99 : 100).toFixed(2)
}

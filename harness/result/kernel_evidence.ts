import { BYTE_CLASSES, type ClassRange, type Extent, type MappedRange, type Verification } from './bytes.ts'
import type { CellResult } from './cell.ts'
import type { CopyResult } from './copy.ts'
import { describeDifference } from './describe.ts'
import type { LvRow, Space } from './evidence.ts'

/** A value that must be the same on every kernel for the same seed. */
export interface Observation {
  readonly field: string
  readonly text: string
  /** The details, in order. A report shows the first that differs. */
  readonly parts?: readonly string[]
}

/**
 * Lists what a cell or a copy showed that depends on the seed and the storage alone. It leaves out times, names, and what is random in
 * every run: the keys of encryptions, the tags of stale bytes, and what an instance wrote while its volume was copied.
 */
export function observationsOf(unit: CellResult | CopyResult): Observation[] {
  const failed = unit.findings.filter(({ ok }) => !ok).map(({ check }) => check)
  const observed = [
    observation('verdict', unit.verdict),
    observation('failed checks', failed.length === 0 ? 'none' : failed.join(', ')),
    ...('copyCase' in unit ? ofCopy(unit) : ofCell(unit, failed)),
  ]
  return observed.filter((some) => some !== undefined)
}

function ofCell(
  { id, evidence, extents, prediction, writer = 'none' }: CellResult,
  failed: readonly string[],
): (Observation | undefined)[] {
  if (evidence === undefined) return []
  const asPredicted = (side: string, bytes: number | undefined) => (failed.includes(`model/${side}-mapped`) ? undefined : bytes)
  const { outcome, states, movedBy, decision, sourceRemains, moved, verification, before, after, rowsBefore, rowsAfter } = evidence
  return [
    observation('outcome', outcome),
    observation('states', states.join(', ')),
    observation('moved by', movedBy),
    observation('copy mode', decision?.mode),
    observation('decided by', decision?.decidedBy),
    observation('source remains', sourceRemains ? 'yes' : 'no'),
    ...ofSpace('source', before, asPredicted('source', prediction?.sourceMappedBytes)),
    // LVM counts a volume that it does not know from the pool's first volume on, which an earlier cell may have made.
    ...(id.split('/').includes('orphan') ? [] : [ofRows('lvs before', rowsBefore)]),
    ...(writer !== 'none'
      ? [observation('bytes checked', verification?.checkedBytes)]
      : [
          observation('bytes read', moved?.readBytes),
          observation('bytes written', moved?.writtenBytes),
          ...(verification === undefined ? [] : ofVerification(verification, extents)),
          ...(after === undefined ? [] : ofSpace('destination', after, asPredicted('destination', prediction?.destinationMappedBytes))),
          ofRows('lvs after', rowsAfter),
        ]),
  ]
}

function ofCopy({ wrongBytes, staleBytesPastEnd, seen, copyCase }: CopyResult): (Observation | undefined)[] {
  return [
    ofWrong(wrongBytes, seen?.content, copyCase.source.extents),
    observation('stale bytes past the end', staleBytesPastEnd),
    ofClasses('bytes', seen?.content),
    ofMapped('mapped on the destination', undefined, seen?.mapped),
  ]
}

function ofVerification(
  { checkedBytes, wrongBytes, differences, moreDifferences, byteClasses }: Verification,
  extents: readonly Extent[] | undefined,
): (Observation | undefined)[] {
  return [
    observation('bytes checked', checkedBytes),
    ofWrong(wrongBytes, byteClasses, extents),
    observation('wrong ranges', differences.length + moreDifferences, differences.map(describeDifference)),
    ofClasses('bytes', byteClasses),
  ]
}

/**
 * The number of wrong bytes, if chance has no part in it. Stale bytes are never zero, so all of them are wrong where zeros belong. Where
 * data belongs, some are right by chance: their tag is new in every run. So is one in 256 bytes of noise, as the key of an encryption is.
 */
function ofWrong(
  wrongBytes: number | undefined,
  classes: readonly ClassRange[] | undefined,
  extents: readonly Extent[] = [],
): Observation | undefined {
  if (wrongBytes === undefined) return undefined
  const data = extents.filter(({ write }) => write === 'data')
  const byChance = ({ from, to, value }: ClassRange) =>
    value === 'noise' || (value === 'stale' && data.some(({ offset, length }) => from < offset + length && offset < to))
  const exact = wrongBytes === 0 || (classes !== undefined && !classes.some(byChance))
  return observation('wrong bytes', exact ? wrongBytes : 'more than 0')
}

/** What a file takes includes its filesystem's own blocks, which follow no rule: what agrees with the model counts as `predictedBytes`. */
function ofSpace(what: string, { mappedBytes, mapped, pool }: Space, predictedBytes: number | undefined): (Observation | undefined)[] {
  return [
    ofMapped(`mapped on the ${what}`, mapped === undefined ? (predictedBytes ?? mappedBytes) : mappedBytes, mapped),
    observation(`pool used on the ${what}`, pool?.usedBytes),
    observation(`pool size on the ${what}`, pool?.totalBytes),
  ]
}

function ofMapped(field: string, mappedBytes: number | undefined, mapped: readonly MappedRange[] | undefined): Observation | undefined {
  const bytes = mappedBytes ?? (mapped && lengthOf(mapped))
  return observation(field, bytes, mapped?.map(rangeText))
}

function ofClasses(field: string, ranges: readonly ClassRange[] | undefined): Observation | undefined {
  if (ranges === undefined) return undefined
  const counts = BYTE_CLASSES.map((byteClass) => ({ byteClass, bytes: lengthOf(ranges.filter(({ value }) => value === byteClass)) }))
  const text = counts.filter(({ bytes }) => bytes > 0).map(({ byteClass, bytes }) => `${bytes} ${byteClass}`)
  return observation(
    field,
    text.join(', '),
    ranges.map((range) => `${rangeText(range)} ${range.value}`),
  )
}

/** The rows without the names of volume groups, which are those of the run. */
function ofRows(field: string, rows: readonly LvRow[]): Observation | undefined {
  const parts = rows.map(({ lv_name, vg_name, lv_attr, lv_size, data_percent }) =>
    [lv_name.replace(`${vg_name}-`, ''), lv_attr, lv_size, data_percent].join(' ').trim(),
  )
  return observation(field, `${rows.length} rows`, parts.toSorted())
}

function observation(field: string, value: string | number | undefined, parts?: readonly string[]): Observation | undefined {
  return value === undefined ? undefined : { field, text: String(value), ...(parts !== undefined && { parts }) }
}

function rangeText({ from, to }: { readonly from: number; readonly to: number }): string {
  return `${from}-${to}`
}

function lengthOf(ranges: readonly { readonly from: number; readonly to: number }[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

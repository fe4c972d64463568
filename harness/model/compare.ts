import { clip, filterRanges, joined, lengthOf, type RangeMap, same, subtract } from '../content/ranges.ts'
import type { ByteClass } from '../result/bytes.ts'
import { KiB } from '../units.ts'
import type { Prediction } from './copy_case.ts'

/** A filesystem counts its extent blocks among a file's own. At the sizes used here they are few. */
export const FILE_SLACK_BYTES = 64 * KiB

/** The measurements of a copy on real storage. Sizes are in bytes. */
export interface Measured {
  /** The class of every byte of the destination, up to `classifiedBytes`; absent if it changes too often. */
  readonly byteClasses?: RangeMap<ByteClass> | undefined
  readonly classifiedBytes: number
  readonly source: MeasuredSpace
  readonly destination: MeasuredSpace
  readonly poolUsedBytes?: number | undefined
  /** Bytes that the copy read from the source's device and wrote to the destination's; absent for a file. */
  readonly readBytes?: number | undefined
  readonly writtenBytes?: number | undefined
  /** True if the destination refused a discard. */
  readonly discardRefused: boolean
}

export interface MeasuredSpace {
  /** `slack` marks a filesystem's figure, which may include its own blocks. */
  readonly mappedBytes: number
  readonly slack: boolean
  /** The ranges that have storage, from the pool's own metadata. */
  readonly mapped?: RangeMap<true> | undefined
}

/** The likely cause of a difference between the model and real storage. */
export type Suspect = 'the copy' | 'the model' | 'the measurement'

export interface Disagreement {
  readonly what: 'bytes' | 'source-mapped' | 'destination-mapped' | 'pool-used' | 'bytes-read' | 'bytes-written' | 'discard'
  readonly text: string
  readonly suspect: Suspect
}

/** Lists the differences between a prediction and the measurements. Pure. */
export function compare(prediction: Prediction, measured: Measured): Disagreement[] {
  const { copied } = prediction
  const poolUsed = measured.poolUsedBytes
  return [
    ...compareBytes(prediction, measured),
    ...compareMapped('source-mapped', prediction.sourceMapped, measured.source),
    ...compareMapped('destination-mapped', prediction.destinationMapped, measured.destination),
    ...(poolUsed === undefined ? [] : compareNumbers('pool-used', prediction.poolUsedBytes ?? 0, poolUsed)),
    ...(measured.readBytes === undefined ? [] : compareNumbers('bytes-read', copied.readBytes, measured.readBytes)),
    ...(measured.writtenBytes === undefined ? [] : compareNumbers('bytes-written', copied.writtenBytes, measured.writtenBytes)),
    ...((copied.refused === 'discard') === measured.discardRefused
      ? []
      : [
          {
            what: 'discard' as const,
            text: `the destination ${measured.discardRefused ? 'refused' : 'took'} a discard, the model says it ${measured.discardRefused ? 'takes' : 'refuses'} it`,
            suspect: 'the model' as const,
          },
        ]),
  ]
}

function compareBytes({ content, wrong }: Prediction, { byteClasses, classifiedBytes }: Measured): Disagreement[] {
  const what = 'bytes'
  if (byteClasses === undefined)
    return [{ what, text: 'what the destination holds changes too often to be compared', suspect: 'the measurement' }]
  const predicted = clip(content, 0, classifiedBytes)
  if (same(predicted, byteClasses)) return []
  const differ = differences(predicted, byteClasses)
  const [first] = differ
  if (first === undefined) return []
  const says = predicted.find(({ from, to }) => from <= first.from && first.from < to)
  const more = differ.length > 1 ? `, and ${differ.length - 1} more ranges` : ''
  // Missing data, or bytes that no copy by these rules writes: storage does not invent them, so the copy is suspect.
  const lost =
    says?.value === 'data' || first.value === 'noise' || (says?.value === 'zero' && !wrong.some(({ value }) => value === first.value))
  return [
    {
      what,
      text: `bytes ${first.from} to ${first.to} of the destination are ${first.value}, the model says ${says?.value ?? 'nothing'}${more}, ${lengthOf(differ)} bytes in all`,
      suspect: lost ? 'the copy' : 'the model',
    },
  ]
}

/** The part of `found` that differs from the prediction. */
function differences(predicted: RangeMap<ByteClass>, found: RangeMap<ByteClass>): RangeMap<ByteClass> {
  const classes = new Set(found.map(({ value }) => value))
  const parts = [...classes].flatMap((byteClass) =>
    subtract(
      found.filter(({ value }) => value === byteClass),
      filterRanges(predicted, (value) => value === byteClass),
    ),
  )
  return joined(parts.sort((one, other) => one.from - other.from))
}

function compareMapped(
  what: 'source-mapped' | 'destination-mapped',
  predicted: RangeMap<true>,
  { mappedBytes, slack, mapped }: MeasuredSpace,
): Disagreement[] {
  const bytes = lengthOf(predicted)
  if (mapped !== undefined && lengthOf(mapped) !== mappedBytes) {
    const text = `the pool's metadata has ${lengthOf(mapped)} bytes mapped, the kernel's status ${mappedBytes}`
    return [{ what, text, suspect: 'the measurement' }]
  }
  if (mapped !== undefined && !same(mapped, predicted)) {
    const [more] = subtract(mapped, predicted)
    const [less] = subtract(predicted, mapped)
    const parts = [
      ...(more === undefined ? [] : [`bytes ${more.from} to ${more.to} have storage and should have none`]),
      ...(less === undefined ? [] : [`bytes ${less.from} to ${less.to} have no storage and should have some`]),
    ]
    return [{ what, text: `${mappedBytes} bytes mapped, the model says ${bytes}: ${parts.join(', ')}`, suspect: 'the model' }]
  }
  const most = bytes + (slack ? FILE_SLACK_BYTES : 0)
  if (bytes <= mappedBytes && mappedBytes <= most) return []
  return [{ what, text: `${mappedBytes} bytes mapped, the model says ${bytes}${slack ? ` to ${most}` : ''}`, suspect: 'the model' }]
}

function compareNumbers(what: Disagreement['what'], predicted: number, measured: number): Disagreement[] {
  if (predicted === measured) return []
  return [{ what, text: `${measured} bytes, the model says ${predicted}`, suspect: 'the model' }]
}

import type { CopyResult } from '../../result/copy.ts'
import type { Result } from '../../result/result.ts'

/** What the options of one QEMU's mirror do from one kind of source: a row for each set of options, a column for each destination. */
export interface MirrorTable {
  readonly title: string
  readonly destinations: readonly string[]
  readonly rows: readonly { readonly options: string; readonly cells: readonly MirrorCell[] }[]
}

export interface MirrorCell {
  readonly text: string
  /** Absent where this QEMU does not know the options. */
  readonly copy?: CopyResult
}

const MIRROR = /^mirror\/([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)$/
const SOURCES: Readonly<Record<string, string>> = {
  device: 'from a block device, whose holes QEMU cannot see',
  file: 'from a file, whose holes QEMU sees',
}

/**
 * The tables of the copies that try the options of QEMU's mirror. A cell is `corrupt`; or how much of an intact destination has storage,
 * or `intact` where that is always all of it.
 */
export function mirrorTables({ copies }: Pick<Result, 'copies'>): MirrorTable[] {
  const found = copies.flatMap((copy) => {
    const [, qemu, source, destination, options] = MIRROR.exec(copy.id) ?? []
    return qemu === undefined || source === undefined || destination === undefined || options === undefined
      ? []
      : [{ copy, table: `${qemu}/${source}`, qemu, source, destination, options }]
  })
  return distinct(found.map(({ table }) => table)).flatMap((name) => {
    const some = found.filter(({ table }) => table === name)
    const [first] = some
    if (first === undefined) return []
    const destinations = distinct(some.map(({ destination }) => destination))
    const rows = distinct(some.map(({ options }) => options)).map((options) => ({
      options,
      cells: destinations.map((destination) =>
        cellOf(some.find((one) => one.options === options && one.destination === destination)?.copy),
      ),
    }))
    return [{ title: `QEMU ${first.qemu}, ${SOURCES[first.source] ?? first.source}`, destinations, rows }]
  })
}

function cellOf(copy: CopyResult | undefined): MirrorCell {
  return copy === undefined ? { text: '-' } : { text: textOf(copy), copy }
}

function textOf({ copyCase: { destination, sizeBytes }, wrongBytes, mappedBytes, verdict }: CopyResult): string {
  if (wrongBytes === undefined) return verdict
  if (wrongBytes > 0) return 'corrupt'
  if (destination.storage.kind === 'thick' || mappedBytes === undefined) return 'intact'
  return `${Math.round((100 * Math.min(mappedBytes, sizeBytes)) / sizeBytes)} %`
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)]
}

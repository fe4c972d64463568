import type { Extent } from '../result/bytes.ts'
import type { CopyCase, CopySpec, StorageSpec } from '../result/copy.ts'
import { describeMirrorOptions } from '../result/describe.ts'
import { sizeText } from '../units.ts'

/** On one line what is copied, onto what, and how. */
export function describeCopyCase({ sizeBytes, source, destination, copy }: CopyCase): string {
  const larger = destination.sizeBytes - (destination.cryptHeaderBytes ?? 0) - sizeBytes
  return [
    `${sizeText(sizeBytes)} with ${writes(source.extents)}`,
    `from ${storage(source.storage)}`,
    `onto ${prior(destination)}${storage(destination.storage)}${larger > 0 ? `, ${sizeText(larger)} larger` : ''}`,
    how(copy),
  ].join(', ')
}

function writes(extents: readonly Extent[]): string {
  const [first] = extents
  if (first === undefined) return 'nothing written'
  const one = ({ offset, length, write }: Extent) => `${sizeText(length)} of ${write} at ${offset}`
  return extents.length <= 2 ? extents.map(one).join(' and ') : `${extents.length} writes, the first ${one(first)}`
}

function storage(spec: StorageSpec): string {
  if (spec.kind !== 'thin') return spec.kind === 'thick' ? 'a thick volume' : 'a file'
  const odd = [...(spec.zeroing ? [] : ['without zeroing']), ...(spec.discards ? [] : ['ignoring discards'])]
  return `a thin volume (chunks of ${sizeText(spec.chunkBytes)}${odd.map((what) => `, ${what}`).join('')})`
}

function prior({ prior: { kind }, cryptHeaderBytes }: CopyCase['destination']): string {
  const layer = cryptHeaderBytes === undefined ? '' : 'encryption on '
  const what = {
    new: 'new: ',
    reserved: 'reserved: ',
    used: 'used before: ',
    snapshot: 'a snapshot: ',
    'external-origin': 'with an external origin: ',
  }[kind]
  return `${layer}${what}`
}

function how(copy: CopySpec): string {
  if (copy.how === 'mapped') return 'mapped chunks only'
  if (copy.how === 'mirror') return describeMirror(copy)
  const kept = 'keepsFile' in copy && copy.keepsFile ? ', file kept' : ''
  return `${copy.how.replaceAll('-', ' ')} by ${sizeText(copy.blockBytes)}${kept}`
}

function describeMirror({ options, writer }: Extract<CopySpec, { how: 'mirror' }>): string {
  return `QEMU's mirror ${describeMirrorOptions(options)}${writer === undefined ? '' : ` while an instance writes (${writer})`}`
}

import { overlay, type RangeMap, range, subtract } from '../content/ranges.ts'
import { makeDestination } from '../model/copy_case.ts'
import type { ByteClass } from '../result/bytes.ts'
import { ATOM_BYTES, asModelled, type DestinationKind, destinationsOf } from './destinations.ts'

/** Large enough for a volume of one chunk of every pool. */
const MOST_ATOMS = 4
/** Half an atom: a write may be smaller than anything that a copy writes. */
const WRITE_BYTES = ATOM_BYTES / 2

/** The way to find out whether a driver may claim. A weaker probe takes more drivers for honest. */
export interface Probe {
  /** True if the probe writes before it reads. */
  readonly writes: boolean
  /** The number of bytes read, from the start. */
  readonly lookedAtBytes: number
  /** True if the probe reads the volume below an encryption. */
  readonly belowEncryption: boolean
}

export const wholeProbe: Probe = { writes: true, lookedAtBytes: Number.POSITIVE_INFINITY, belowEncryption: false }

/**
 * Decides whether a driver that hands out such volumes may claim that they read as zeros. It may if every unwritten byte of every
 * volume of the kind reads as zero after every pattern of writes.
 */
export function mayClaim(kind: DestinationKind, probe: Probe = wholeProbe): boolean {
  for (let atoms = 1; atoms <= MOST_ATOMS; atoms++) {
    for (const destination of destinationsOf(kind, atoms)) {
      const patterns = probe.writes ? 2 ** ((atoms * ATOM_BYTES) / WRITE_BYTES) : 1
      for (let pattern = 0; pattern < patterns; pattern++) {
        const { volume, below } = makeDestination(asModelled(destination))
        const probed = probe.belowEncryption ? below : volume
        let written: RangeMap<true> = []
        for (let part = 0; 2 ** part <= pattern; part++) {
          if (((pattern >> part) & 1) === 0) continue
          const [from, to] = [part * WRITE_BYTES, (part + 1) * WRITE_BYTES]
          probed.write(range<ByteClass>(from, to, 'data'))
          written = overlay(written, range(from, to, true))
        }
        const unwritten = subtract(probed.read(), written)
        if (unwritten.some(({ from, value }) => from < probe.lookedAtBytes && value !== 'zero')) return false
      }
    }
  }
  return true
}

import { describe, expect, test } from 'vitest'
import { predict } from '../model/copy_case.ts'
import type { Extent } from '../result/bytes.ts'
import { ATOM_BYTES, asModelled, atomsOf, type DestinationKind, destinationKinds, destinationsOf } from './destinations.ts'
import { checkSources, enumerateKind, isSmaller, type SmallCopy, wrongByteOf } from './enumerate.ts'
import { mayClaim, wholeProbe } from './honest_claims.ts'
import { type Answers, judgeRule } from './judge_rule.ts'

const BOUND = 2
const kinds = destinationKinds()
const thick: DestinationKind = { storage: { kind: 'thick' }, prior: 'new', encrypted: false, keepsFile: false }

describe('a tally of a kind', () => {
  test('counts what predicting every case by itself counts', () => {
    for (const kind of kinds) {
      for (const mode of ['full', 'sparse'] as const) {
        const { all, corrupt } = enumerateKind(kind, BOUND).modes[mode]
        expect({ kind, mode, cases: all.cases, corrupt: corrupt.cases }).toEqual({ kind, mode, ...countOneByOne(kind, mode) })
      }
    }
  })

  test('counts one copy for sources that read the same, and a case for each of them', () => {
    const { copies, modes } = enumerateKind(thick, 1)

    // 2 patterns, 3 blocks, 2 sizes of the destination; the pattern without data is unwritten or has zeros written.
    expect(copies).toBe(2 * 3 * 2 * 2)
    expect(modes.sparse.all.cases).toBe(3 * 3 * 2)
  })

  test('finds the smallest case that is corrupt, and its first wrong byte', () => {
    const { smallest } = enumerateKind(thick, BOUND).modes.sparse.corrupt

    expect(smallest).toMatchObject({ sourceAtoms: 2, data: 0, blockAtoms: 1, mode: 'sparse', destination: { atoms: 2 } })
    expect(smallest && wrongByteOf(smallest)).toEqual({ offset: ATOM_BYTES, expected: 'zero', found: 'stale' })
  })
})

function countOneByOne(kind: DestinationKind, how: 'full' | 'sparse'): { cases: number; corrupt: number } {
  let [cases, corrupt] = [0, 0]
  for (let atoms = 1; atoms <= BOUND; atoms++) {
    for (let number = 0; number < 3 ** atoms; number++) {
      const extents = Array.from({ length: atoms }, (_, atom) => atom).flatMap((atom): Extent[] => {
        const write = [undefined, 'zeros', 'data'][Math.floor(number / 3 ** atom) % 3] as Extent['write'] | undefined
        return write === undefined ? [] : [{ offset: atom * ATOM_BYTES, length: ATOM_BYTES, write }]
      })
      for (const destination of [...destinationsOf(kind, atoms), ...destinationsOf(kind, atoms + 1)]) {
        for (const blockAtoms of [1, 2, 4]) {
          const { wrong } = predict({
            sizeBytes: atoms * ATOM_BYTES,
            source: {
              storage: { kind: 'thin', chunkBytes: 2 * ATOM_BYTES, zeroing: true, discards: true },
              sizeBytes: atoms * ATOM_BYTES,
              extents,
            },
            destination: asModelled(destination),
            copy: { how, blockBytes: blockAtoms * ATOM_BYTES, keepsFile: kind.keepsFile },
          })
          cases++
          if (wrong.length > 0) corrupt++
        }
      }
    }
  }
  return { cases, corrupt }
}

test('no copy depends on whether the pool takes discards', () => {
  for (const kind of kinds) {
    if (kind.storage.kind !== 'thin') continue
    const deaf = { ...kind, storage: { ...kind.storage, discards: false } }
    expect(counts(deaf)).toEqual(counts(kind))
  }
})

function counts(kind: DestinationKind): number[] {
  const { modes } = enumerateKind(kind, BOUND)
  return [modes.full, modes.sparse].flatMap(({ all, corrupt, leftBehind }) => [all.cases, corrupt.cases, leftBehind.cases])
}

test('every source reads like the one that represents it', () => {
  expect(checkSources(3, [{ kind: 'thick' }, { kind: 'file' }])).toEqual({ sources: 2 * (3 + 9 + 27), odd: 0 })
})

describe('a driver may claim', () => {
  test('nothing of a new volume that shows old bytes beside the first small write', () => {
    const noZeroing: DestinationKind = { ...thick, storage: { kind: 'thin', chunkBytes: ATOM_BYTES, zeroing: false, discards: true } }

    expect(mayClaim(noZeroing)).toBe(false)
    expect(mayClaim(noZeroing, { ...wholeProbe, writes: false })).toBe(true)
  })

  test('nothing of a thick volume, of which the first 4 KiB are wiped', () => {
    expect(mayClaim(thick)).toBe(false)
    expect(mayClaim(thick, { ...wholeProbe, lookedAtBytes: ATOM_BYTES })).toBe(true)
  })

  test('nothing of an encrypted volume, whatever lies below', () => {
    const encrypted: DestinationKind = { ...thick, storage: { kind: 'file' }, encrypted: true }

    expect(mayClaim(encrypted)).toBe(false)
    expect(mayClaim(encrypted, { ...wholeProbe, belowEncryption: true })).toBe(true)
  })
})

test('the order of cases is total: of two different ones of a kind, one is smaller', () => {
  const copies = kinds.slice(0, 4).flatMap((kind) => copiesOf(kind))
  for (const [index, one] of copies.entries())
    for (const other of copies.slice(index + 1)) {
      if (one.destination.kind !== other.destination.kind) continue
      expect(isSmaller(one, other)).not.toBe(isSmaller(other, one))
    }
})

function copiesOf(kind: DestinationKind): SmallCopy[] {
  return [1, 2].flatMap((sourceAtoms) =>
    [...destinationsOf(kind, sourceAtoms)].flatMap((destination) =>
      [0, 1, 2]
        .slice(0, sourceAtoms + 1)
        .flatMap((data) => [1, 2].map((blockAtoms): SmallCopy => ({ destination, sourceAtoms, data, blockAtoms, mode: 'sparse' }))),
    ),
  )
}

test('a rule is held to what drivers may answer, and to nothing else', () => {
  const answers: Answers<boolean> = {
    destination: [
      { name: 'yes', answer: true, promises: true },
      { name: 'no', answer: false, promises: false },
    ],
    source: [{ name: 'no', answer: false, promises: false }],
    mayGive: ({ promises }) => !promises,
  }
  const kindTallies = [enumerateKind(thick, BOUND)]
  const believes = (answer: boolean) => (answer ? 'sparse' : 'full')

  expect(judgeRule(kindTallies, believes, answers).corrupt.cases).toBe(0)
  const lied = judgeRule(kindTallies, believes, { ...answers, mayGive: () => true })
  expect(lied.corrupt.cases).toBe(kindTallies[0]?.modes.sparse.corrupt.cases)
  expect(lied.corrupt.smallest).toMatchObject({ answered: 'yes', known: { history: 'new', layers: [] } })
  expect(lied.corruptKinds).toHaveLength(1)
  expect(judgeRule(kindTallies, () => 'full', { ...answers, mayGive: () => true }).needless.cases).toBeGreaterThan(0)
})

test('the atoms of a pattern are its bits', () => {
  expect(atomsOf(0b1011)).toEqual([0, 1, 3])
  expect(atomsOf(0)).toEqual([])
})

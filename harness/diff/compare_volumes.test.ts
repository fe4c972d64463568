import { type FileHandle, link, mkdir, open, readFile, symlink, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { BrokenLab, UsageError } from '../errors.ts'
import { openNative } from '../machine/native.ts'
import { MiB, SECTOR_BYTES } from '../units.ts'
import { compareVolumes, type DiffOptions } from './compare_volumes.ts'

const PAGE = 4096

interface Written {
  readonly at: number
  readonly bytes: Uint8Array
}

/** A file of a size, with nothing but these writes; the rest is a hole. */
interface Made {
  readonly sizeBytes: number
  readonly writes: readonly Written[]
}

const bytes = (length: number, value: number) => new Uint8Array(length).fill(value)

async function make(path: string, { sizeBytes, writes }: Made): Promise<void> {
  let file: FileHandle | undefined
  try {
    file = await open(path, 'wx')
    await file.truncate(sizeBytes)
    for (const { at, bytes } of writes) await file.write(bytes, 0, bytes.length, at)
  } finally {
    await file?.close()
  }
}

function contentOf({ sizeBytes, writes }: Made): Uint8Array {
  const content = new Uint8Array(sizeBytes)
  for (const { at, bytes } of writes) content.set(bytes, at)
  return content
}

/** Runs in a folder with the files `source` and `destination`. */
function inFolder<Result>(
  source: Made,
  destination: Made,
  run: (paths: { folder: string; source: string; destination: string }) => Promise<Result>,
) {
  return withDir(
    async ({ path: folder }) => {
      const paths = { folder, source: join(folder, 'source'), destination: join(folder, 'destination') }
      await make(paths.source, source)
      await make(paths.destination, destination)
      return run(paths)
    },
    { unsafeCleanup: true },
  )
}

function diff(source: string, destination: string, options: Partial<DiffOptions> = {}) {
  return compareVolumes(openNative('native', '/tmp'), source, destination, { signal: new AbortController().signal, ...options })
}

const compared = (source: Made, destination: Made, options: Partial<DiffOptions> = {}) =>
  inFolder(source, destination, (paths) => diff(paths.source, paths.destination, options))

const SIXTEEN = 16 * MiB
const sparse: Made = { sizeBytes: SIXTEEN, writes: [{ at: MiB, bytes: bytes(2 * MiB, 7) }] }

describe('two files', () => {
  test('that hold the same are the same, and their holes are not read', async () => {
    const { same, ranges, source, destination, comparedBytes } = await compared(sparse, sparse)

    expect({ same, ranges, comparedBytes }).toEqual({ same: true, ranges: [], comparedBytes: SIXTEEN })
    expect([source, destination]).toEqual([
      expect.objectContaining({ kind: 'file', sizeBytes: SIXTEEN, readBytes: 2 * MiB, holes: 'told by its filesystem' }),
      expect.objectContaining({ readBytes: 2 * MiB }),
    ])
  })

  test('are read whole where that is asked for', async () => {
    const { same, source, destination } = await compared(sparse, sparse, { readAll: true })

    expect(same).toBe(true)
    expect([source, destination]).toMatchObject([
      { readBytes: SIXTEEN, holes: 'not asked for' },
      { readBytes: SIXTEEN, holes: 'not asked for' },
    ])
  })

  test('are the same where one has zeros and the other a hole', async () => {
    const written: Made = { sizeBytes: SIXTEEN, writes: [...sparse.writes, { at: 8 * MiB, bytes: bytes(MiB, 0) }] }

    expect(await compared(sparse, written)).toMatchObject({ same: true, destination: { readBytes: 3 * MiB } })
    expect(await compared(written, sparse)).toMatchObject({ same: true, source: { readBytes: 3 * MiB } })
  })

  test('differ where one has data and the other a hole, zeros or other data; the first page shows it', async () => {
    const other: Made = {
      sizeBytes: SIXTEEN,
      writes: [
        { at: MiB, bytes: bytes(2 * MiB, 7) },
        { at: 2 * MiB - SECTOR_BYTES, bytes: bytes(2 * SECTOR_BYTES, 8) },
        { at: 3 * MiB - PAGE, bytes: bytes(PAGE, 0) },
        { at: 5 * MiB + 100, bytes: bytes(1, 9) },
      ],
    }

    const { same, ranges, differingBytes, firstPage } = await compared(sparse, other)

    expect(same).toBe(false)
    expect(ranges).toEqual([
      { offset: 2 * MiB - SECTOR_BYTES, length: 2 * SECTOR_BYTES, source: 'data', destination: 'data' },
      { offset: 3 * MiB - PAGE, length: PAGE, source: 'data', destination: 'zeros' },
      { offset: 5 * MiB, length: SECTOR_BYTES, source: 'zeros', destination: 'data' },
    ])
    expect(differingBytes).toBe(3 * SECTOR_BYTES + PAGE)
    expect(firstPage?.offset).toBe(2 * MiB - PAGE)
    const [one, two] = [firstPage?.source, firstPage?.destination].map((text) => Buffer.from(text ?? '', 'base64'))
    expect(one).toEqual(Buffer.alloc(PAGE, 7))
    expect(two).toEqual(Buffer.concat([Buffer.alloc(PAGE - SECTOR_BYTES, 7), Buffer.alloc(SECTOR_BYTES, 8)]))
  })
})

describe('a larger destination', () => {
  const larger = (writes: Made['writes']): Made => ({ sizeBytes: SIXTEEN + 1000, writes: [...sparse.writes, ...writes] })

  test('is the same if it goes on with zeros', async () => {
    expect(await compared(sparse, larger([]))).toMatchObject({ same: true, tail: { of: 'destination', sizeBytes: 1000, dataBytes: 0 } })
  })

  test('differs if there is anything else after the end of the source', async () => {
    const { same, tail, ranges } = await compared(sparse, larger([{ at: SIXTEEN + 700, bytes: bytes(1, 1) }]))

    expect({ same, ranges }).toEqual({ same: false, ranges: [] })
    expect(tail).toEqual({ of: 'destination', sizeBytes: 1000, dataBytes: 1000 - SECTOR_BYTES, firstDataAt: SIXTEEN + 700 })
  })
})

test('a smaller destination lacks something, also if that is zeros', async () => {
  const { same, tail } = await compared(sparse, { ...sparse, sizeBytes: SIXTEEN - 1 })

  expect({ same, tail }).toEqual({ same: false, tail: { of: 'source', sizeBytes: 1, dataBytes: 0 } })
})

test('random files differ where a comparison byte by byte says so, whatever is known of their holes', async () => {
  const sizes = fc.integer({ min: 1, max: 5 * PAGE })
  const writes = fc.array(
    fc.record({ at: fc.nat(4 * PAGE), length: fc.integer({ min: 1, max: 1500 }), value: fc.integer({ min: 0, max: 2 }) }),
    { maxLength: 6 },
  )
  const made = (sizeBytes: number, list: readonly { at: number; length: number; value: number }[]): Made => ({
    sizeBytes,
    writes: list
      .filter(({ at }) => at < sizeBytes)
      .map(({ at, length, value }) => ({ at, bytes: bytes(Math.min(length, sizeBytes - at), value) })),
  })
  await fc.assert(
    fc.asyncProperty(sizes, sizes, writes, writes, fc.boolean(), async (sourceBytes, destinationBytes, first, second, readAll) => {
      const [source, destination] = [made(sourceBytes, first), made(destinationBytes, [...first, ...second])]
      const { ranges, tail, same } = await compared(source, destination, { readAll })

      const [one, other] = [contentOf(source), contentOf(destination)]
      const common = Math.min(one.length, other.length)
      const wrong: number[] = []
      for (let at = 0; at < common; at += SECTOR_BYTES) {
        const end = Math.min(at + SECTOR_BYTES, common)
        if (Buffer.compare(one.subarray(at, end), other.subarray(at, end)) !== 0) wrong.push(at)
      }
      const found = ranges.flatMap(({ offset, length }) =>
        Array.from({ length: Math.ceil(length / SECTOR_BYTES) }, (_, index) => offset + index * SECTOR_BYTES),
      )
      expect(found).toEqual(wrong)
      const rest = (one.length > common ? one : other).subarray(common)
      expect(tail?.firstDataAt).toBe(rest.some((byte) => byte !== 0) ? common + rest.findIndex((byte) => byte !== 0) : undefined)
      expect(same).toBe(wrong.length === 0 && one.length <= other.length && rest.every((byte) => byte === 0))
    }),
    { numRuns: 60 },
  )
})

describe('what is no pair of volumes is refused', () => {
  const refused = (run: (paths: { folder: string; source: string; destination: string }) => Promise<unknown>) =>
    expect(inFolder(sparse, sparse, run)).rejects

  test.each([
    [
      'nothing',
      async ({ source }: { source: string }) => diff(source, `${source}-that-is-not-there`),
      /^there is nothing at .*not-there: /,
    ],
    [
      'a folder',
      async ({ source, folder }: { source: string; folder: string }) => diff(source, folder),
      / is a directory; give a block device or a file$/,
    ],
    [
      'a pseudo-device',
      async ({ source }: { source: string }) => diff('/dev/null', source),
      /^\/dev\/null is neither a block device nor a file; /,
    ],
  ])('%s', async (_, run, message) => {
    await refused(run).toThrow(UsageError)
    await refused(run).toThrow(message)
  })

  test('one volume under two names', async () => {
    await refused(async ({ folder, source }) => {
      await mkdir(join(folder, 'names'))
      await link(source, join(folder, 'names/hard'))
      await symlink(join(folder, 'names/hard'), join(folder, 'names/soft'))
      return diff(source, join(folder, 'names/soft'))
    }).toThrow(/ are the same volume$/)
  })
})

test('a volume that ends early is no difference, but cannot be read', async () => {
  const dense: Made = { sizeBytes: SIXTEEN, writes: [{ at: 0, bytes: bytes(SIXTEEN, 1) }] }
  await inFolder(dense, dense, async ({ source, destination }) => {
    let cut: Promise<void> | undefined
    const onProgress = () => {
      cut ??= truncate(destination, 2 * MiB)
    }

    await expect(diff(source, destination, { onProgress })).rejects.toThrow(BrokenLab)
    await cut
    expect((await readFile(source)).length).toBe(SIXTEEN)
  })
})

test('a comparison that is stopped ends', async () => {
  const stop = new AbortController()

  await expect(compared(sparse, sparse, { signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(/abort/i)
})

test('progress goes to the end of what is read', async () => {
  const seen: [number, number][] = []
  await compared(sparse, { ...sparse, sizeBytes: SIXTEEN + PAGE }, { onProgress: (done, all) => seen.push([done, all]) })

  expect(seen.at(-1)).toEqual([4 * MiB, 4 * MiB])
})

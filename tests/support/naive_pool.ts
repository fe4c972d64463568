import type { ByteClass } from '../../harness/result/bytes.ts'

export interface NaivePoolSpec {
  readonly chunkSectors: number
  readonly zeroing: boolean
  readonly discards: boolean
}

/** A thin pool in the plainest form that can be written, a cell for every sector: what tests hold the model against. */
export class NaivePool {
  readonly spec: NaivePoolSpec
  readonly volumes: NaiveThin[] = []

  constructor(spec: NaivePoolSpec) {
    this.spec = spec
  }

  /** A block counts once, however many volumes map it. */
  usedSectors(): number {
    return new Set(this.volumes.flatMap(({ blocks }) => [...blocks.values()])).size * this.spec.chunkSectors
  }

  isShared(block: ByteClass[]): boolean {
    return this.volumes.filter(({ blocks }) => [...blocks.values()].includes(block)).length > 1
  }
}

/** A thin volume: a block of sectors for every chunk that has one. Blocks are distinguished by identity. */
export class NaiveThin {
  blocks = new Map<number, ByteClass[]>()
  private readonly pool: NaivePool
  private readonly size: number
  private readonly behind: readonly ByteClass[]

  /** The size is in sectors; `behind` are those of the external origin. */
  constructor(pool: NaivePool, size: number, behind: readonly ByteClass[] = []) {
    this.pool = pool
    this.size = size
    this.behind = behind
    pool.volumes.push(this)
  }

  read(): ByteClass[] {
    const { chunkSectors } = this.pool.spec
    return Array.from({ length: this.size }, (_, sector) => {
      const block = this.blocks.get(Math.floor(sector / chunkSectors))
      return block?.[sector % chunkSectors] ?? this.behind[sector] ?? 'zero'
    })
  }

  /** Sector by sector; undefined is not written. */
  write(sectors: readonly (ByteClass | undefined)[]): void {
    const { chunkSectors } = this.pool.spec
    sectors.forEach((value, sector) => {
      if (value === undefined) return
      const chunk = Math.floor(sector / chunkSectors)
      const there = this.blocks.get(chunk)
      const block = there === undefined ? this.newBlock(chunk) : this.pool.isShared(there) ? [...there] : there
      block[sector % chunkSectors] = value
      this.blocks.set(chunk, block)
    })
  }

  private newBlock(chunk: number): ByteClass[] {
    const { chunkSectors, zeroing } = this.pool.spec
    const start = chunk * chunkSectors
    return Array.from({ length: chunkSectors }, (_, at) => this.behind[start + at] ?? (zeroing ? 'zero' : 'stale'))
  }

  /** One discard of the sectors [from, to). */
  discard(from: number, to: number): void {
    const { chunkSectors, discards } = this.pool.spec
    if (!discards) return
    for (const chunk of [...this.blocks.keys()]) {
      if (from <= chunk * chunkSectors && (chunk + 1) * chunkSectors <= to) this.blocks.delete(chunk)
    }
  }

  snapshot(): NaiveThin {
    const made = new NaiveThin(this.pool, this.size, this.behind)
    made.blocks = new Map(this.blocks)
    return made
  }

  remove(): void {
    this.pool.volumes.splice(this.pool.volumes.indexOf(this), 1)
  }

  /** Sectors of mapped chunks; the last may reach past the end. */
  mapped(): boolean[] {
    const { chunkSectors } = this.pool.spec
    return Array.from({ length: Math.ceil(this.size / chunkSectors) * chunkSectors }, (_, sector) =>
      this.blocks.has(Math.floor(sector / chunkSectors)),
    )
  }
}

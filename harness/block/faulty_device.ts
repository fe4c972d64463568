import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { SECTOR_BYTES } from '../units.ts'
import { makeMappedDevice } from './mapped_device.ts'

/** A range of a device, in bytes, in whole sectors: [from, to). */
export interface BadRange {
  readonly from: number
  readonly to: number
}

/** Puts a device of the lab over another one, under a name that is the lab's. Returns its path. */
export type CoverDevice = (lab: Lab, name: string, below: string) => Promise<string>

/** Covers devices so that every read and write of a range of them fails. */
export function withBadRange(range: BadRange): CoverDevice {
  return async (lab, name, below) => (await FaultyDevice.open(lab, name, below, [range])).path
}

/** A device over another one, on which reads and writes of some ranges fail. */
export class FaultyDevice {
  readonly path: string
  private readonly lab: Lab
  private readonly name: string
  private readonly below: string
  private readonly sizeBytes: number

  private constructor(lab: Lab, name: string, below: string, sizeBytes: number) {
    this.lab = lab
    this.name = name
    this.below = below
    this.sizeBytes = sizeBytes
    this.path = `/dev/mapper/${name}`
  }

  static async open(lab: Lab, name: string, below: string, bad: readonly BadRange[] = []): Promise<FaultyDevice> {
    const { sizeBytes } = await lab.helper.measure(below)
    const device = new FaultyDevice(lab, name, below, sizeBytes)
    await makeMappedDevice(lab, name, device.table(bad))
    return device
  }

  /** From now on, reads and writes of these ranges fail, and no others. They are in order and apart. */
  async failOn(bad: readonly BadRange[]): Promise<void> {
    await runOrThrow(this.lab, ['dmsetup', 'reload', this.name], { stdin: this.table(bad).join('\n') })
    await runOrThrow(this.lab, ['dmsetup', 'resume', '--noudevsync', this.name])
  }

  /** The offsets of the sectors of the device below that hold this stamp. */
  findStamp(tag: number, offset: number): Promise<number[]> {
    return this.lab.helper.findStamp(this.below, tag, offset)
  }

  private table(bad: readonly BadRange[]): string[] {
    const part = (from: number, to: number, target: string) =>
      to > from ? [`${from / SECTOR_BYTES} ${(to - from) / SECTOR_BYTES} ${target}`] : []
    const linear = (from: number, to: number) => part(from, to, `linear ${this.below} ${from / SECTOR_BYTES}`)
    let at = 0
    const lines = bad.flatMap(({ from, to }) => {
      const before = linear(at, from)
      at = to
      return [...before, ...part(from, to, 'error')]
    })
    return [...lines, ...linear(at, this.sizeBytes)]
  }
}

/** Storage whose devices can be made to fail later on. */
export class FaultyStorage {
  private readonly devices: FaultyDevice[] = []

  readonly cover: CoverDevice = async (lab, name, below) => {
    const device = await FaultyDevice.open(lab, name, below)
    this.devices.push(device)
    return device.path
  }

  /**
   * Makes reads and writes of a volume's sector fail, wherever the storage holds the stamp of it. `offset` is in bytes from the start of
   * the volume. Returns in how many places that is.
   */
  async failOnStamp(tag: number, offset: number): Promise<number> {
    let places = 0
    for (const device of this.devices) {
      const found = await device.findStamp(tag, offset)
      if (found.length > 0) await device.failOn(found.map((from) => ({ from, to: from + SECTOR_BYTES })))
      places += found.length
    }
    return places
  }

  /** In how many places the storage holds the stamp of a volume's sector. */
  async places(tag: number, offset: number): Promise<number> {
    const found = await Promise.all(this.devices.map((device) => device.findStamp(tag, offset)))
    return found.flat().length
  }

  /** Makes all of it sound again. */
  async heal(): Promise<void> {
    for (const device of this.devices) await device.failOn([])
  }
}

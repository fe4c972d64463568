import { describe, expect, test } from 'vitest'
import { PivotUnknown } from '../errors.ts'
import type { Answer } from '../protocol/capabilities.ts'
import type { VolumeService } from '../protocol/volume_service.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import { isOnDestination, type MigrationMethod, type MigrationParts, type MigrationResult, migrate } from './migrate.ts'
import type { Backend, MigrationStatus, Volume } from './volume.ts'

const SIZE = 64
const NAME = 'volume-1'
const ARRIVAL = 'volume-of-its-own'
const HOST_STATES: MigrationStatus[] = ['starting', 'migrating', 'completing', 'success']

type Verb = keyof VolumeService

/** A backend in memory: volumes with a content, attachments, and faults by verb and volume. */
class FakeBackend implements Backend, VolumeService {
  readonly name: string
  readonly service: VolumeService = this
  readonly volumes = new Map<string, string>()
  readonly attached = new Set<string>()
  readonly calls: string[] = []
  readonly faults = new Map<string, string>()
  answer: Answer = { kind: 'answered', report: { sparse_copy_volume: true, location_info: 'here' } }
  moves: () => boolean = () => false
  renames = true
  targets: unknown[] = []

  constructor(name: string) {
    this.name = name
  }

  /** Makes a verb throw; the message says which. */
  breakDown(verb: Verb, volume: string): void {
    this.faults.set(`${verb} ${volume}`, `${verb} broke`)
  }

  async getCapabilities(): Promise<Answer> {
    this.note('getCapabilities', '')
    return this.answer
  }

  async createVolume(name: string): Promise<void> {
    this.note('createVolume', name)
    if (this.volumes.has(name)) throw new Error(`${name} exists`)
    this.volumes.set(name, '')
  }

  async deleteVolume(name: string): Promise<void> {
    this.note('deleteVolume', name)
    if (this.attached.has(name)) throw new Error(`${name} is in use`)
    if (!this.volumes.delete(name)) throw new Error(`no ${name}`)
  }

  async attachVolume(name: string): Promise<string> {
    this.note('attachVolume', name)
    if (!this.volumes.has(name)) throw new Error(`no ${name}`)
    this.attached.add(name)
    return `/${this.name}/${name}`
  }

  async detachVolume(name: string): Promise<void> {
    this.note('detachVolume', name)
    this.attached.delete(name)
  }

  async migrateVolume(name: string, target: unknown): Promise<boolean> {
    this.note('migrateVolume', name)
    this.targets.push(target)
    return this.moves()
  }

  async updateMigratedVolume(name: string, newName: string): Promise<boolean> {
    this.note('updateMigratedVolume', name)
    if (!this.renames) return false
    this.volumes.set(newName, this.volumes.get(name) ?? '')
    this.volumes.delete(name)
    return true
  }

  private note(verb: Verb, name: string): void {
    this.calls.push(`${verb} ${name}`.trim())
    const fault = this.faults.get(`${verb} ${name}`)
    if (fault !== undefined) throw new Error(fault)
  }
}

interface Scene {
  readonly source: FakeBackend
  readonly destination: FakeBackend
  readonly volume: Volume
  readonly copies: { from: string; to: string; bytes: number; mode: CopyMode }[]
  readonly run: (method?: MigrationMethod, parts?: Partial<MigrationParts>) => Promise<MigrationResult>
}

function setUp(): Scene {
  const source = new FakeBackend('source')
  const destination = new FakeBackend('destination')
  source.volumes.set(NAME, 'content')
  const volume: Volume = { name: NAME, sizeBytes: SIZE, status: 'available', migrationStatus: null, backend: source }
  const copies: Scene['copies'] = []
  const sound: MigrationParts = {
    newName: () => ARRIVAL,
    copy: async (from, to, bytes, mode) => {
      expect([source.attached.has(NAME), destination.attached.has(ARRIVAL)]).toEqual([true, true])
      copies.push({ from, to, bytes, mode })
      destination.volumes.set(ARRIVAL, source.volumes.get(NAME) ?? '')
    },
    sizeOf: async () => SIZE,
  }
  return {
    source,
    destination,
    volume,
    copies,
    run: (method = 'host', parts = {}) => migrate(volume, destination, method, { ...sound, ...parts }),
  }
}

describe('a host-assisted migration', () => {
  test('goes through its states in order and hands the volume over under its name', async () => {
    const scene = setUp()

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'migrated', states: HOST_STATES, movedBy: 'host' })
    expect(scene.volume).toMatchObject({ name: NAME, status: 'available', migrationStatus: 'success', backend: scene.destination })
    expect([...scene.source.volumes]).toEqual([])
    expect([...scene.destination.volumes]).toEqual([[NAME, 'content']])
    expectNothingAttached(scene)
  })

  test('copies the size of the volume from the source to the destination, once', async () => {
    const scene = setUp()

    await scene.run()

    expect(scene.copies).toEqual([{ from: `/source/${NAME}`, to: `/destination/${ARRIVAL}`, bytes: SIZE, mode: 'sparse' }])
  })

  test("asks the destination, never the source, and copies in full on the destination's no", async () => {
    const scene = setUp()
    scene.destination.answer = { kind: 'answered', report: { sparse_copy_volume: false } }

    const result = await scene.run()

    expect(scene.copies.map(({ mode }) => mode)).toEqual(['full'])
    expect(scene.source.calls).not.toContain('getCapabilities')
    expect(result).toMatchObject({ answer: scene.destination.answer, decision: { mode: 'full', decidedBy: 'claimed-false' } })
  })

  test('copies in full and succeeds when nobody answers', async () => {
    const scene = setUp()
    scene.destination.answer = { kind: 'unanswered', why: 'silence' }

    expect(await scene.run()).toMatchObject({ outcome: 'migrated', decision: { mode: 'full', decidedBy: 'no-answer' } })
    expect(scene.copies.map(({ mode }) => mode)).toEqual(['full'])
  })

  test('follows another rule and asks another service when it is given them', async () => {
    const scene = setUp()
    scene.source.answer = { kind: 'answered', report: { asked: 'the source' } }

    const result = await scene.run('host', {
      ask: ({ source }) => source.getCapabilities(),
      rule: () => ({ mode: 'full', decidedBy: 'forced', reason: 'a test' }),
    })

    expect(result).toMatchObject({ answer: scene.source.answer, decision: { decidedBy: 'forced' } })
    expect(scene.copies.map(({ mode }) => mode)).toEqual(['full'])
    expect(scene.destination.calls).not.toContain('getCapabilities')
  })

  test('deletes the source only after the copy is done, checked and detached', async () => {
    const scene = setUp()
    const order: string[] = []
    await scene.run('host', {
      copy: async () => void order.push(`copy, source calls: ${scene.source.calls.join(', ')}`),
      sizeOf: async () => order.push('size') && SIZE,
    })

    expect(order).toEqual(['size', `copy, source calls: attachVolume ${NAME}`, 'size'])
    expect(scene.source.calls).toEqual([`attachVolume ${NAME}`, `detachVolume ${NAME}`, `deleteVolume ${NAME}`])
  })

  test.each([
    [512, 'full', 'has-storage'],
    [0, 'sparse', 'claimed-true'],
    [undefined, 'sparse', 'claimed-true'],
  ])('whose new volume has %s bytes of storage before the copy is %s, whatever was claimed', async (mappedBytes, mode, decidedBy) => {
    const scene = setUp()
    const looked: string[] = []

    const result = await scene.run('host', {
      mappedBytesOf: async (path) => {
        looked.push(`${path} after ${scene.copies.length} copies`)
        return mappedBytes
      },
    })

    expect(looked).toEqual([`/destination/${ARRIVAL} after 0 copies`])
    expect(scene.copies).toMatchObject([{ mode }])
    expect(result).toMatchObject({ decision: { mode, decidedBy } })
  })

  test('may go to a destination that is larger than the source', async () => {
    expect(await setUp().run('host', { sizeOf: async () => SIZE + 1 })).toMatchObject({ outcome: 'migrated' })
  })
})

describe('a refused migration leaves everything untouched', () => {
  test.each<[string, Partial<Volume>, RegExp]>([
    ['the volume is in use', { status: 'in-use' }, /in-use/],
    ['the volume is being deleted', { status: 'deleting' }, /deleting/],
    ['the volume is in error', { status: 'error' }, /error/],
    ['it is there already', { backend: new FakeBackend('destination') }, /on destination already/],
    ['it is starting already', { migrationStatus: 'starting' }, /starting/],
    ['it is migrating already', { migrationStatus: 'migrating' }, /migrating/],
    ['it is completing already', { migrationStatus: 'completing' }, /completing/],
  ])('when %s', async (_, state, why) => {
    const scene = setUp()
    Object.assign(scene.volume, state)
    const before = { ...scene.volume }

    const result = await scene.run()

    expect(result).toEqual({ outcome: 'refused', why: expect.stringMatching(why) })
    expect(scene.volume).toEqual(before)
    expect([...scene.source.calls, ...scene.destination.calls]).toEqual([])
    expect([...scene.source.volumes]).toEqual([[NAME, 'content']])
  })

  test.each<MigrationStatus>(['success', 'error'])('but not because an earlier migration ended in %s', async (status) => {
    const scene = setUp()
    scene.volume.migrationStatus = status

    expect(await scene.run()).toMatchObject({ outcome: 'migrated' })
  })
})

interface Step {
  readonly why: string
  readonly states: MigrationStatus[]
  readonly fail: (scene: Scene) => Partial<MigrationParts> | undefined
}

const fault = (side: 'source' | 'destination', verb: Verb, volume: string) => (scene: Scene) => {
  scene[side].breakDown(verb, volume)
  return undefined
}
const throwing = (message: string) => async () => {
  throw new Error(message)
}

describe('a migration that fails', () => {
  const steps: Record<string, Step> = {
    'asking, with a service that throws': {
      why: 'ask broke',
      states: ['starting', 'error'],
      fail: () => ({ ask: throwing('ask broke') }),
    },
    deciding: {
      why: 'rule broke',
      states: ['starting', 'error'],
      fail: () => ({
        rule: () => {
          throw new Error('rule broke')
        },
      }),
    },
    'creating the destination': {
      why: 'createVolume broke',
      states: ['starting', 'error'],
      fail: fault('destination', 'createVolume', ARRIVAL),
    },
    'attaching the source': {
      why: 'attachVolume broke',
      states: ['starting', 'error'],
      fail: fault('source', 'attachVolume', NAME),
    },
    'attaching the destination': {
      why: 'attachVolume broke',
      states: ['starting', 'error'],
      fail: fault('destination', 'attachVolume', ARRIVAL),
    },
    'measuring the destination': {
      why: 'sizeOf broke',
      states: ['starting', 'error'],
      fail: () => ({ sizeOf: throwing('sizeOf broke') }),
    },
    'on a destination that is too small': {
      why: 'holds 63 bytes',
      states: ['starting', 'error'],
      fail: () => ({ sizeOf: async () => SIZE - 1 }),
    },
    copying: {
      why: 'copy broke',
      states: ['starting', 'migrating', 'error'],
      fail: () => ({ copy: throwing('copy broke') }),
    },
    'because the destination shrank in the copy': {
      why: 'after the copy the destination holds 10 bytes',
      states: ['starting', 'migrating', 'error'],
      fail: () => {
        const sizes = [SIZE, 10]
        return { sizeOf: async () => sizes.shift() ?? 0 }
      },
    },
    'deleting the source': {
      why: 'deleteVolume broke',
      states: ['starting', 'migrating', 'completing', 'error'],
      fail: fault('source', 'deleteVolume', NAME),
    },
  }

  test.each(Object.entries(steps))(
    '%s leaves the source, removes the destination and keeps the reason',
    async (_, { why, states, fail }) => {
      const scene = setUp()

      const result = await scene.run('host', fail(scene))

      expect(result).toMatchObject({ outcome: 'failed', why: expect.stringContaining(why), leftovers: [], states })
      expect(scene.volume).toMatchObject({ status: 'available', migrationStatus: 'error', backend: scene.source })
      expect([...scene.source.volumes]).toEqual([[NAME, 'content']])
      expect([...scene.destination.volumes]).toEqual([])
      expectNothingAttached(scene)
    },
  )

  test('on a destination that is too small has not copied a byte', async () => {
    const scene = setUp()

    await scene.run('host', { sizeOf: async () => SIZE - 1 })

    expect(scene.copies).toEqual([])
  })

  test('creating half a destination has it removed', async () => {
    const scene = setUp()
    scene.destination.breakDown('createVolume', ARRIVAL)
    scene.destination.volumes.set(ARRIVAL, 'half')

    await scene.run()

    expect([...scene.destination.volumes]).toEqual([])
  })

  test('and cannot remove the destination says so, beside the first reason', async () => {
    const scene = setUp()
    scene.destination.breakDown('deleteVolume', ARRIVAL)

    const result = await scene.run('host', { copy: throwing('copy broke') })

    expect(result).toMatchObject({
      outcome: 'failed',
      why: 'copy broke',
      leftovers: [expect.stringMatching(`${ARRIVAL}.*deleteVolume broke`)],
    })
    expectNothingAttached(scene)
  })

  test('and can undo nothing names every leftover, newest first', async () => {
    const scene = setUp()
    scene.destination.breakDown('deleteVolume', ARRIVAL)
    scene.destination.breakDown('detachVolume', ARRIVAL)
    scene.source.breakDown('detachVolume', NAME)

    const result = await scene.run('host', { copy: throwing('copy broke') })

    expect(result).toMatchObject({
      outcome: 'failed',
      why: 'copy broke',
      leftovers: [
        expect.stringMatching(/attachment of the destination.*detachVolume broke/),
        expect.stringMatching(/attachment of the source.*detachVolume broke/),
        expect.stringMatching(/destination volume.*deleteVolume broke/),
      ],
    })
    expect(scene.volume.backend).toBe(scene.source)
  })

  test('to detach after the copy still detaches the other side', async () => {
    const scene = setUp()
    scene.destination.breakDown('detachVolume', ARRIVAL)

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'failed', why: 'detachVolume broke' })
    expect([...scene.source.attached]).toEqual([])
  })

  test('to create under one name never touches a volume of another', async () => {
    const scene = setUp()
    scene.destination.volumes.set(`${NAME}-migration`, 'of somebody else')
    const names = [1, 2].map(async () => {
      const { volume, destination } = setUp()
      await migrate(volume, destination, 'host', { copy: async () => {}, sizeOf: async () => SIZE })
      return destination.calls.find((call) => call.startsWith('createVolume'))
    })

    await scene.run()

    expect(new Set(await Promise.all(names)).size).toBe(2)
    expect(scene.destination.volumes.get(`${NAME}-migration`)).toBe('of somebody else')
  })

  test('to delete the source although it is gone keeps the only copy that is left', async () => {
    const scene = setUp()
    const { source, destination } = scene
    source.deleteVolume = async () => {
      source.volumes.delete(NAME)
      throw new Error('no answer within 900 s')
    }

    await scene.run()

    expect([...source.volumes, ...destination.volumes].map(([, held]) => held)).toEqual(['content'])
  })

  test('renaming the destination keeps the only copy that is left', async () => {
    const scene = setUp()
    scene.destination.breakDown('updateMigratedVolume', ARRIVAL)

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'failed', why: 'updateMigratedVolume broke' })
    expect([...scene.destination.volumes]).toEqual([[ARRIVAL, 'content']])
    expect(scene.volume).toMatchObject({ migrationStatus: 'error', backend: scene.destination })
  })

  test('can be tried again', async () => {
    const scene = setUp()
    await scene.run('host', { copy: throwing('copy broke') })

    expect(await scene.run()).toMatchObject({ outcome: 'migrated', states: HOST_STATES })
    expect([...scene.destination.volumes]).toEqual([[NAME, 'content']])
  })
})

describe('a destination whose driver', () => {
  test('does not rename leaves the volume the name it arrived under', async () => {
    const scene = setUp()
    scene.destination.renames = false

    expect(await scene.run()).toMatchObject({ outcome: 'migrated' })
    expect([...scene.destination.volumes]).toEqual([[ARRIVAL, 'content']])
    expect(scene.volume.name).toBe(ARRIVAL)
  })

  test('is reached through encryption gets a full copy although it claims true', async () => {
    const scene = setUp()
    Object.assign(scene.destination, { layers: ['luks'] })

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'migrated', decision: { mode: 'full', decidedBy: 'layered' } })
  })
})

describe('a driver-assisted migration', () => {
  test('is done when the driver moved the volume, with no copy by the host', async () => {
    const scene = setUp()
    scene.source.moves = () => true

    const result = await scene.run('driver')

    expect(result).toMatchObject({ outcome: 'migrated', states: ['starting', 'migrating', 'success'], movedBy: 'driver' })
    expect(scene.volume).toMatchObject({ migrationStatus: 'success', backend: scene.destination })
    expect(scene.copies).toEqual([])
    expect(scene.destination.calls).toEqual(['getCapabilities'])
  })

  test.each([
    ['true', 'sparse'],
    ['false', 'full'],
  ])("tells the source's driver where to and, on a claim of %s, to copy %s", async (claim, copyMode) => {
    const scene = setUp()
    scene.destination.answer = { kind: 'answered', report: { sparse_copy_volume: claim === 'true', location_info: 'there' } }

    await scene.run('driver')

    expect(scene.source.targets).toEqual([{ locationInfo: 'there', copyMode, sizeBytes: SIZE }])
  })

  test.each<[string, Answer]>([
    ['nobody answered', { kind: 'unanswered', why: 'silence' }],
    ['the report is malformed', { kind: 'answered', report: 'there' }],
  ])('names no place when %s', async (_, answer) => {
    const scene = setUp()
    scene.destination.answer = answer

    await scene.run('driver')

    expect(scene.source.targets).toEqual([{ locationInfo: undefined, copyMode: 'full', sizeBytes: SIZE }])
  })

  test('falls back to the host when the driver declines, and enters each state once', async () => {
    const scene = setUp()

    expect(await scene.run('driver')).toMatchObject({ outcome: 'migrated', states: HOST_STATES, movedBy: 'host' })
    expect(scene.copies).toHaveLength(1)
  })

  test('fails when the driver throws, and the host copies nothing', async () => {
    const scene = setUp()
    scene.source.breakDown('migrateVolume', NAME)

    const result = await scene.run('driver')

    expect(result).toMatchObject({
      outcome: 'failed',
      why: 'migrateVolume broke',
      leftovers: [],
      states: ['starting', 'migrating', 'error'],
    })
    expect(scene.volume).toMatchObject({ migrationStatus: 'error', backend: scene.source })
    expect([...scene.source.volumes]).toEqual([[NAME, 'content']])
    expect(scene.destination.calls).toEqual(['getCapabilities'])
    expect(scene.copies).toEqual([])
  })

  test('is not tried when the host shall copy', async () => {
    const scene = setUp()
    scene.source.moves = () => true

    await scene.run('host')

    expect(scene.source.calls).not.toContain(`migrateVolume ${NAME}`)
  })
})

function expectNothingAttached({ source, destination }: Scene): void {
  expect([...source.attached, ...destination.attached]).toEqual([])
}

describe('a live migration', () => {
  const live = (mirror: NonNullable<MigrationParts['mirror']>) => {
    const scene = setUp()
    scene.volume.status = 'in-use'
    scene.source.attached.add(NAME)
    return { ...scene, run: () => scene.run('live', { mirror }) }
  }
  const written = (scene: Pick<Scene, 'destination'>) => async () => {
    scene.destination.volumes.set(ARRIVAL, 'newer content')
  }

  test('goes through its states and hands the volume over in use, under the name that it arrived under', async () => {
    const modes: CopyMode[] = []
    const scene = live(async (to, mode) => {
      expect(to).toBe(`/destination/${ARRIVAL}`)
      modes.push(mode)
    })

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'migrated', states: HOST_STATES, movedBy: 'live' })
    expect(isOnDestination(result)).toBe(true)
    expect(modes).toEqual(['sparse'])
    expect(scene.volume).toMatchObject({ name: ARRIVAL, status: 'in-use', migrationStatus: 'success', backend: scene.destination })
    expect([...scene.source.volumes.keys(), ...scene.source.attached]).toEqual([])
    expect([[...scene.destination.volumes.keys()], [...scene.destination.attached]]).toEqual([[ARRIVAL], [ARRIVAL]])
  })

  test('is refused for a volume that is not in use, and without anything that mirrors', async () => {
    const idle = setUp()
    const alone = live(async () => {})

    expect(await idle.run('live', { mirror: async () => {} })).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('not in-use'),
    })
    alone.volume.status = 'in-use'
    expect(await migrate(alone.volume, alone.destination, 'live', { copy: async () => {}, sizeOf: async () => SIZE })).toMatchObject({
      outcome: 'refused',
      why: expect.stringContaining('nothing can mirror'),
    })
    expect(await live(async () => {}).run()).toMatchObject({ outcome: 'migrated' })
  })

  test('of a volume in use refuses the other methods', async () => {
    const scene = live(async () => {})

    for (const method of ['host', 'driver'] as const)
      expect(await migrate(scene.volume, scene.destination, method, { copy: async () => {}, sizeOf: async () => SIZE })).toMatchObject({
        outcome: 'refused',
        why: 'the volume is in-use, not available',
      })
  })

  test('whose mirror fails leaves the source attached and whole, and removes the destination', async () => {
    const scene = live(throwing('the mirror broke'))

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'failed', why: 'the mirror broke', leftovers: [], states: ['starting', 'migrating', 'error'] })
    expect(isOnDestination(result)).toBe(false)
    expect(scene.volume).toMatchObject({ name: NAME, status: 'in-use', backend: scene.source })
    expect([...scene.source.volumes, ...scene.destination.volumes]).toEqual([[NAME, 'content']])
    expect([...scene.source.attached, ...scene.destination.attached]).toEqual([NAME])
  })

  test('whose instance may write to the destination already keeps both copies, and says so', async () => {
    const scene = live(async () => {
      throw new PivotUnknown('QEMU went away')
    })

    const result = await scene.run()

    expect(result).toMatchObject({ outcome: 'failed', why: 'QEMU went away', leftovers: [expect.stringContaining(ARRIVAL)] })
    expect(isOnDestination(result)).toBe(false)
    expect([[...scene.source.volumes.keys()], [...scene.destination.volumes.keys()]]).toEqual([[NAME], [ARRIVAL]])
  })

  // What the instance writes from the pivot on is on the destination only.
  test.each(['detachVolume', 'deleteVolume'] as const)('whose source fails in %s after the pivot keeps the destination', async (verb) => {
    const scene = setUp()
    scene.volume.status = 'in-use'
    scene.source.breakDown(verb, NAME)

    const result = await scene.run('live', { mirror: written(scene) })

    expect(result).toMatchObject({ outcome: 'failed', why: `${verb} broke`, leftovers: [expect.stringContaining(ARRIVAL)] })
    expect(isOnDestination(result)).toBe(true)
    expect(scene.destination.volumes.get(ARRIVAL)).toBe('newer content')
    expect(scene.volume).toMatchObject({ name: ARRIVAL, backend: scene.destination })
  })
})

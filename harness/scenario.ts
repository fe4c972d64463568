import { test as base, expect } from 'vitest'
import type { Content } from './content/content.ts'
import { contentOf, type LayoutName } from './content/layouts.ts'
import { type DriverName, inspectStorage, type StorageBackend } from './drivers/backend.ts'
import type { Written } from './helper/writer.ts'
import type { Lab } from './lab/lab.ts'
import type { Machine } from './machine/machine.ts'
import { selectedMachine } from './machine/selected_machine.ts'
import type { MigrationMethod, MigrationParts } from './migration/migrate.ts'
import { type LabMigration, migrateInLab, type RuleParts, soundParts } from './migration/parts.ts'
import { Instance, type MirrorStage } from './movers/mirror/instance.ts'
import type { StorageDaemon } from './movers/mirror/storage_daemon.ts'
import type { Mover } from './movers/mover.ts'
import type { CopyMode } from './result/copy_mode.ts'
import { describeDifference } from './result/describe.ts'
import type { Space } from './result/evidence.ts'
import type { WriterName } from './result/mirror.ts'
import { Session } from './testbed/session.ts'
import type { TestBed } from './testbed/test_bed.ts'
import { LabVolume, serveBackend } from './testbed/volumes.ts'
import { MiB } from './units.ts'

export { expect } from 'vitest'
export { MiB } from './units.ts'

/** A volume of a scenario. */
export class ScenarioVolume extends LabVolume {
  /** Stamps the volume in a layout; returns what it holds then. */
  async stamp(layout: LayoutName): Promise<Content> {
    const content = contentOf(layout, this.sizeBytes, this.lab.tag(), this.lab.seed)
    await this.write(content)
    return content
  }
}

export interface ScenarioMigration extends LabMigration {
  /** The volume under its name on the destination. */
  readonly arrived: ScenarioVolume
}

export interface LiveOptions {
  readonly writer?: WriterName
  /** What happens at a stage of the mirror. */
  readonly onStage?: (stage: MirrorStage, about: { readonly instance: Instance; readonly daemon: StorageDaemon }) => Promise<void>
  readonly parts?: RuleParts
}

/** Gives a scenario a lab of its own on a real machine. The lab is released after the scenario, whatever happens in it. */
export class ScenarioContext {
  readonly lab: Lab
  readonly machine: Machine
  private readonly testBed: TestBed

  constructor(testBed: TestBed, lab: Lab) {
    this.testBed = testBed
    this.lab = lab
    this.machine = testBed.machine
  }

  /** Makes an LVM command that a scenario runs itself see the lab's devices, and only those. */
  get lvmEnvironment(): Record<string, string> {
    return this.testBed.lvm.environment
  }

  /** A backend on freshly poisoned storage with room for `bytes`. */
  backend(kind: DriverName, bytes: number): Promise<StorageBackend> {
    return this.testBed.create(this.lab, kind, 'backend', { dataBytes: bytes, poisonBytes: Number.MAX_SAFE_INTEGER })
  }

  async volume(backend: StorageBackend, sizeBytes: number, name = 'volume-1234'): Promise<ScenarioVolume> {
    const volume = new ScenarioVolume(this.lab, backend, name, sizeBytes)
    await volume.create()
    return volume
  }

  /** A volume that fills a backend of its own. */
  async volumeOn(kind: DriverName, sizeBytes: number): Promise<ScenarioVolume> {
    return this.volume(await this.backend(kind, sizeBytes), sizeBytes)
  }

  async copy(from: ScenarioVolume, to: ScenarioVolume, mode: CopyMode, mover: Mover = soundParts.mover): Promise<void> {
    await mover(this.lab, { from: await from.path(), to: await to.path(), bytes: from.sizeBytes, mode })
  }

  /**
   * Migrates by the rule; `parts` replaces what a scenario wants otherwise. `layers` names what the migration knows to stand
   * between the copy and what the destination's driver promises.
   */
  async migrate(
    volume: ScenarioVolume,
    to: StorageBackend,
    method: MigrationMethod,
    parts: Partial<MigrationParts> = {},
    layers: readonly string[] = [],
  ): Promise<ScenarioMigration> {
    const { name, sizeBytes, backend } = volume
    const arrived = new ScenarioVolume(this.lab, to, name, sizeBytes)
    await this.lab.own(
      `the volume ${name} that arrived`,
      async () => {},
      () => arrived.remove(),
    )
    const from = { name, sizeBytes, backend: serveBackend(backend) }
    const migration = await migrateInLab(this.lab, from, { ...serveBackend(to), layers }, method, soundParts, () => parts)
    return { ...migration, arrived }
  }

  /** Migrates a volume in use while its instance writes. Returns what the volume must hold then, wherever it is. */
  async migrateLive(
    volume: ScenarioVolume,
    to: StorageBackend,
    content: Content,
    { writer = 'mixed', onStage, parts = soundParts }: LiveOptions = {},
  ): Promise<ScenarioMigration & { readonly written: Written }> {
    const { name, sizeBytes, backend } = volume
    const from = { name, sizeBytes, backend: serveBackend(backend) }
    const daemon = await this.testBed.storageDaemon()
    const instance = await Instance.start(this.lab, daemon, { path: await volume.path(), content, writer })
    const live = { instance, ...(onStage && { onStage: (stage: MirrorStage) => onStage(stage, { instance, daemon }) }) }
    const migration = await migrateInLab(this.lab, from, serveBackend(to), 'live', parts, undefined, live)
    await instance.goOn().catch(() => {}) // what it has lost is on record
    const written = await instance.stop()
    const arrived = new ScenarioVolume(this.lab, to, migration.record.name, sizeBytes)
    await this.lab.own(
      `the volume ${arrived.name} that arrived`,
      async () => {},
      () => arrived.remove(),
    )
    return { ...migration, arrived, written }
  }

  /** Measures how much of a backend's storage a volume takes. */
  async spaceOf(backend: StorageBackend, volume: string): Promise<Space> {
    return (await inspectStorage(this.lab, this.testBed.lvm, [backend])).spaceOf(backend, volume)
  }

  /** The names of the volumes that a backend's storage holds, its own internalVolumes left out. */
  async volumesOn({ group, internalVolumes = [], fileOf }: StorageBackend): Promise<string[]> {
    if (group !== undefined) {
      const rows = await this.testBed.lvm.volumes(this.lab, [group])
      return rows.map(({ lv_name }) => lv_name).filter((name) => !internalVolumes.includes(name))
    }
    const listed = await this.lab.run(['ls', fileOf?.('') ?? ''])
    return listed.stdout
      .toString()
      .split('\n')
      .filter((name) => name !== '')
  }
}

/** Opens the one machine that a file's scenarios share. */
export function openSession(): Promise<Session> {
  return Session.open({ machine: selectedMachine, machines: 1, imageBytes: 1024 * MiB, seed: 1, mover: soundParts.mover })
}

/** The test bed of a session with one machine. */
export function testBedOf({ testBeds: [testBed] }: Session): TestBed {
  if (testBed === undefined) throw new Error('a session has at least one test bed')
  return testBed
}

/** A test on real storage; its title states the outcome. The machine is booted once for a file. */
export const scenario = base.extend<{ context: ScenarioContext; session: Session }>({
  session: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads from this pattern which fixtures are needed
    async ({}, use) => {
      const session = await openSession()
      await use(session)
      expect(await session.close(), 'left behind').toEqual([])
    },
    { scope: 'file' },
  ],
  context: async ({ session, signal }, use) => {
    const testBed = testBedOf(session)
    const lab = await testBed.lab.child()
    const abort = () => lab.abort()
    signal.addEventListener('abort', abort)
    await use(new ScenarioContext(testBed, lab))
    signal.removeEventListener('abort', abort)
    expect(await lab.release(), 'left behind').toEqual([])
  },
})

declare module 'vitest' {
  interface Matchers<T> {
    /** Passes when every byte of a volume is as expected. */
    toHold: (content: Content) => Promise<T>
  }
}

expect.extend({
  async toHold(volume: ScenarioVolume, content: Content) {
    const { wrongBytes, checkedBytes, differences } = await volume.verify(content)
    const [first] = differences
    return {
      pass: wrongBytes === 0,
      message: () =>
        first === undefined
          ? `all ${checkedBytes} bytes of ${volume.name} are as expected`
          : `${wrongBytes} of ${checkedBytes} bytes of ${volume.name} are wrong, first ${describeDifference(first)}`,
    }
  },
})

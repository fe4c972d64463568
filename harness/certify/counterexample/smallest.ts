import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from '../../lab/lab.ts'
import { DriverFault } from '../candidate/faults.ts'
import { type Case, firstStale, type MigrationCase, type Reading } from '../checks/cases.ts'
import { migrateContent } from '../checks/migrate_content.ts'
import { runExperiment } from '../checks/run_experiment.ts'
import type { DriverUnderTest } from '../session/driver_under_test.ts'
import { Recorder } from '../session/recorder.ts'
import type { Recording } from './script.ts'
import { keyOf, type Least, simplerThan } from './simpler.ts'

/** A case that corrupts on storage of its own, with a recording of it. */
export interface Shown {
  readonly case: Case
  readonly stale: Reading
  readonly recording: Recording
}

/** Looks for the smallest case that corrupts. Each case runs once, on new storage of its own. */
export class SmallestSearch {
  private readonly seconds: number
  private readonly known = new Map<string, Promise<Shown | undefined>>()
  private until = Number.NaN
  /** Everything that could not be released. */
  readonly leaks: string[] = []

  /** No case is begun later than this many seconds after the first. */
  constructor(seconds: number) {
    this.seconds = seconds
  }

  /** Returns the smallest case, no larger than this one, that corrupts; undefined when none does on new storage. */
  async find(driver: DriverUnderTest, shown: Case, least: Least): Promise<Shown | undefined> {
    if (Number.isNaN(this.until)) this.until = Date.now() + this.seconds * 1000
    for (const candidate of [...simplerThan(shown, least), shown]) {
      const found = await this.show(driver, candidate)
      if (found !== undefined) return found
    }
    return undefined
  }

  private show(driver: DriverUnderTest, some: Case): Promise<Shown | undefined> {
    const key = keyOf(some)
    const known = this.known.get(key)
    if (known !== undefined) return known
    if (Date.now() >= this.until) return Promise.resolve(undefined)
    const shown = this.tryOut(driver, some)
    this.known.set(key, shown)
    shown.catch(() => this.known.delete(key)) // a lab that failed says nothing of the case
    return shown
  }

  private async tryOut(driver: DriverUnderTest, some: Case): Promise<Shown | undefined> {
    const lab = await driver.testBed.lab.child()
    try {
      return await (some.kind === 'new' ? runNew(driver, lab, some) : runMigration(driver, lab, some))
    } catch (error) {
      if (error instanceof DriverFault) return undefined // it fails, but not by wrong bytes
      throw error
    } finally {
      this.leaks.push(...(await lab.release()))
    }
  }
}

async function runNew(driver: DriverUnderTest, lab: Lab, experiment: Extract<Case, { kind: 'new' }>): Promise<Shown | undefined> {
  const recorder = new Recorder()
  const session = await driver.openIn(lab, recorder)
  const before = await snapshotOf(lab)
  const stale = firstStale(await runExperiment(session, experiment))
  if (stale === undefined) return undefined
  const volume = { driver: session.name, name: stale.name }
  return { case: experiment, stale, recording: { ...before, recorder, volume, writtenTo: volume, bytes: stale.actualBytes } }
}

async function runMigration(driver: DriverUnderTest, lab: Lab, migration: MigrationCase): Promise<Shown | undefined> {
  const recorder = new Recorder()
  const tried = await driver.openIn(lab, recorder)
  const peer = await driver.peers.openIn(lab, recorder, migration.peer)
  const before = await snapshotOf(lab)
  const [source, destination] = migration.direction === 'in' ? [peer, tried] : [tried, peer]
  const { sizeBytes, writes } = migration
  const content = { sizeBytes, tag: lab.tag(), extents: writes.map((write) => ({ ...write, write: 'data' as const })) }
  const { arrived } = await migrateContent(source, destination, migration.method, content)
  if (arrived === undefined) return undefined
  const actualBytes = await arrived.actualBytes()
  const stale = firstStale([{ volume: 1, name: arrived.name, actualBytes, verification: await arrived.verify(content) }])
  await arrived.detach()
  if (stale === undefined) return undefined
  const user = { driver: source.name, name: arrived.name.replace(/-migrated$/, '') }
  return {
    case: migration,
    stale,
    recording: { ...before, recorder, volume: { driver: destination.name, name: arrived.name }, writtenTo: user, bytes: sizeBytes },
  }
}

/** Returns the commands that a lab has run so far, and the sizes of its images in bytes. */
async function snapshotOf(lab: Lab): Promise<Pick<Recording, 'folder' | 'prefix' | 'images' | 'setup'>> {
  const images = new Map<string, number>()
  for (const name of await readdir(lab.folder, { recursive: true })) {
    if (name.endsWith('.img')) images.set(join(lab.folder, name), (await stat(join(lab.folder, name))).size)
  }
  return { folder: lab.folder, prefix: lab.prefix, images, setup: [...lab.commands] }
}

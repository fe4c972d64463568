import { leaveOrphan } from '../block/thin_pool.ts'
import { type Content, wholly } from '../content/content.ts'
import { contentOf } from '../content/layouts.ts'
import { lengthOf } from '../content/ranges.ts'
import { inspectStorage, type StorageBackend } from '../drivers/backend.ts'
import { poolName } from '../drivers/lvm/kinds.ts'
import { messageOf, NotInstalled } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import { isOnDestination, type MigrationRecord, type MigrationResult } from '../migration/migrate.ts'
import { demandSoundQemu, migrateInLab } from '../migration/parts.ts'
import type { Rule } from '../migration/rule.ts'
import type { Prediction } from '../model/copy_case.ts'
import type { Writes } from '../model/live.ts'
import { NotOpened } from '../movers/mirror/disk.ts'
import { Instance } from '../movers/mirror/instance.ts'
import type { CellResult } from '../result/cell.ts'
import type { Evidence } from '../result/evidence.ts'
import { verdictOf } from '../testbed/findings.ts'
import { PhaseClock } from '../testbed/phases.ts'
import type { TestBed } from '../testbed/test_bed.ts'
import { LabVolume, serveBackend } from '../testbed/volumes.ts'
import { MiB } from '../units.ts'
import type { VerifyParts } from './broken_rules.ts'
import type { Cell } from './cell.ts'
import { serveAsked } from './faulty_answers.ts'
import { judgeCell, predictedPercent } from './judge_cell.ts'

/** The spec's volume name. */
const VOLUME = 'volume-1234'
const NEIGHBOUR = 'volume-other'
/** The name that a volume in use arrives under, and keeps. Cinder makes a new one each time. */
const ARRIVAL = 'volume-5678'

export interface CellOptions {
  readonly parts: VerifyParts
  /** The command that repeats a cell. */
  readonly repeat: (cell: Cell) => string
  /** Called before the storage of a cell that is not upheld is cleared away. */
  readonly debugShell?: (testBed: TestBed, cell: Cell) => Promise<void>
}

/** Runs one cell on a test bed: a lab of its own, real storage, a verdict. Never throws: a lab that fails is a `broken` cell. */
export async function runCell(
  testBed: TestBed,
  cell: Cell,
  { parts, repeat, debugShell }: CellOptions,
): Promise<{ result: CellResult; leaks: string[] }> {
  const began = performance.now()
  const lab = await testBed.lab.child()
  const clock = new PhaseClock()
  let judged: Pick<CellResult, 'findings' | 'notes' | 'extents' | 'evidence' | 'prediction'> & { broken?: string; notShown?: string }
  try {
    const { content, writes, evidence } = await gatherEvidence(testBed, lab, cell, parts, clock)
    const { findings, notes, prediction } = judgeCell(cell, content, evidence, { writes, model: parts.model })
    judged = {
      findings,
      notes,
      extents: (writes?.held ?? content).extents,
      evidence,
      // Of a volume that was written to meanwhile there are bounds only, which a finding gives.
      ...(writes === undefined && { prediction: recordOfPrediction(cell, evidence, prediction) }),
    }
  } catch (error) {
    judged = {
      findings: [],
      notes: [],
      [error instanceof NotInstalled || error instanceof NotOpened ? 'notShown' : 'broken']: messageOf(error),
    }
  }
  const faults: string[] = []
  const verdict = (leaks: readonly string[]) => verdictOf(judged, leaks)
  if (debugShell !== undefined && verdict([]).verdict !== 'upheld')
    await debugShell(testBed, cell).catch((error: unknown) => faults.push(messageOf(error)))
  const leaks = [...faults, ...(await clock.time('release', () => lab.release()))]
  const result: CellResult = {
    ...describeCell(cell),
    ...verdict(leaks),
    findings: judged.findings,
    notes: judged.notes,
    ...(judged.extents !== undefined && { extents: judged.extents }),
    ...(judged.evidence !== undefined && { evidence: judged.evidence }),
    ...(judged.prediction !== undefined && { prediction: judged.prediction }),
    machine: testBed.machine.name,
    commands: [...lab.commands],
    repeat: repeat(cell),
    seconds: (performance.now() - began) / 1000,
    phases: clock.phases,
  }
  return { result, leaks }
}

/** The part of a cell's result that is known before it runs. */
export function describeCell({ id, method, source, destination, layout, sizeBytes, writer, forced, question }: Cell) {
  const control = id.startsWith('control/')
  const { transport = 'json-rpc', faultyAnswer } = question ?? {}
  return {
    ...{ id, control, method, source, destination, layout, sizeBytes, transport },
    ...(writer && { writer }),
    ...(forced && { forced }),
    ...(faultyAnswer && { faultyAnswer }),
  }
}

interface CellVolumes {
  readonly content: Content
  readonly source: LabVolume
  readonly destination: LabVolume
}

/** Prepares a cell's backends, the neighbours in them, and the stamped source. */
async function prepareVolumes(testBed: TestBed, lab: Lab, cell: Cell, clock: PhaseClock): Promise<CellVolumes> {
  const { backendBytes: dataBytes, poisonBytes, sizeBytes } = cell
  const [from, to] = await clock.time('storage', async () => [
    await testBed.source(cell.source, { dataBytes, poisonBytes: poisonBytes.source }),
    await testBed.create(lab, cell.destination, 'destination', { dataBytes, poisonBytes: poisonBytes.destination }),
  ])
  for (const backend of [from, to]) if (cell.neighbourBytes > 0) await placeNeighbour(lab, backend, cell.neighbourBytes)
  if (cell.orphan) await placeOrphan(lab, to, sizeBytes)

  const content = contentOfCell(cell, lab.tag(), lab.seed)
  const source = new LabVolume(lab, from, VOLUME, sizeBytes)
  await clock.time('source', async () => {
    await source.create()
    await source.write(content)
  })
  return { content, source, destination: new LabVolume(lab, to, VOLUME, sizeBytes) }
}

async function gatherEvidence(
  testBed: TestBed,
  lab: Lab,
  cell: Cell,
  parts: VerifyParts,
  clock: PhaseClock,
): Promise<{ content: Content; writes?: Writes; evidence: Evidence }> {
  const { content, source, destination } = await prepareVolumes(testBed, lab, cell, clock)
  const backends = [source.backend, destination.backend]
  const before = await clock.time('look', async () => {
    const { rows, spaceOf } = await inspectStorage(lab, testBed.lvm, backends)
    return { rows, space: await spaceOf(source.backend, VOLUME) }
  })

  const { result, arrived, writes, mirror } = await migrateVolume(testBed, lab, cell, { content, source, destination }, parts, clock)
  lab.signal.throwIfAborted() // a migration that was stopped says nothing of the rule

  const sourceRemains = await source.exists()
  const migrated = result.outcome === 'migrated'
  const isThere = isOnDestination(result)
  const after = await clock.time('look', async () => {
    const { rows, spaceOf } = await inspectStorage(lab, testBed.lvm, backends)
    return { rows, space: migrated ? await spaceOf(arrived.backend, arrived.name) : undefined }
  })
  const verification =
    isThere || sourceRemains ? await clock.time('verify', () => (isThere ? arrived : source).verify(writes?.held ?? content)) : undefined
  const moved = lab.copies.at(-1)
  return {
    content,
    ...(writes !== undefined && { writes }),
    evidence: {
      outcome: result.outcome,
      ...(result.outcome !== 'migrated' && { why: result.why }),
      states: result.outcome === 'refused' ? [] : result.states,
      ...(result.outcome !== 'refused' && recordOf(result)),
      sourceRemains,
      ...(mirror !== undefined && { mirror }),
      ...(moved !== undefined && { moved }),
      ...(verification !== undefined && { verification }),
      before: before.space,
      ...(after.space !== undefined && { after: after.space }),
      rowsBefore: before.rows,
      rowsAfter: after.rows,
    },
  }
}

interface CellMigration {
  readonly result: MigrationResult
  /** The volume on the destination, if it arrived: under its own name, or under another that a volume in use keeps. */
  readonly arrived: LabVolume
  readonly writes?: Writes
  readonly mirror?: Evidence['mirror']
}

/** Migrates a cell's volume by the rule, unless the cell forces a copy, and asks as the cell says. */
async function migrateVolume(
  testBed: TestBed,
  lab: Lab,
  cell: Cell,
  { content, source: { name, sizeBytes, backend }, destination }: CellVolumes,
  parts: VerifyParts,
  clock: PhaseClock,
): Promise<CellMigration> {
  const rule = forcedRule(cell) ?? parts.rule
  const to =
    cell.question === undefined
      ? serveBackend(destination.backend)
      : await serveAsked(lab, destination.backend, cell.question, parts.restClient)
  const from = { name, sizeBytes, backend: serveBackend(backend) }
  const ruleParts = { ...parts, ...(rule && { rule }) }
  const { writer } = cell
  if (writer === undefined) {
    const { result } = await clock.time('migrate', () => migrateInLab(lab, from, to, cell.method, ruleParts))
    return { result, arrived: destination }
  }
  if (cell.libvirt && parts.mirrorFault !== undefined) throw new NotInstalled('libvirt has no mirror that is broken on purpose')
  const instance = await clock.time('instance', async () =>
    Instance.start(lab, await (cell.libvirt ? testBed.libvirt() : testBed.storageDaemon()), {
      path: await from.backend.service.attachVolume(name),
      content,
      writer,
    }),
  )
  // libvirt cannot be told of a claim.
  const live = { instance, fault: parts.mirrorFault, ...(cell.libvirt && { optionsFor: () => ({}) }) }
  const { result, record, mirrorError } = await clock.time('migrate', () =>
    migrateInLab(lab, from, to, cell.method, ruleParts, () => ({ newName: () => ARRIVAL }), live),
  )
  await instance.goOn().catch(() => {}) // what it has lost is on record
  const written = await clock.time('instance', () => instance.stop())
  demandSoundQemu(mirrorError, written)
  const { content: held, touched, acknowledged, lost } = written
  const { qemu, libvirt, options } = instance
  const writes = writer === 'none' ? undefined : { held, touched }
  const arrived = new LabVolume(lab, destination.backend, record.name, sizeBytes)
  return {
    result,
    arrived,
    ...(writes && { writes }),
    mirror: {
      qemu,
      ...(libvirt !== undefined && { libvirt }),
      options,
      acknowledgedWrites: acknowledged,
      ...(lost !== undefined && { lost }),
    },
  }
}

async function placeNeighbour(lab: Lab, backend: StorageBackend, bytes: number): Promise<void> {
  const neighbour = new LabVolume(lab, backend, NEIGHBOUR, bytes)
  await neighbour.create()
  await neighbour.write({ sizeBytes: bytes, tag: lab.tag(), extents: wholly(bytes) })
}

async function placeOrphan(lab: Lab, { group, kind }: StorageBackend, sizeBytes: number): Promise<void> {
  if (group === undefined) throw new Error(`${kind} has no pool for an orphan`)
  await leaveOrphan(lab, { group, name: poolName(group) }, sizeBytes, async (path) => {
    await lab.helper.stamp(path, { sizeBytes, tag: lab.tag(), extents: wholly(sizeBytes) })
  })
}

function recordOfPrediction(cell: Cell, { after }: Evidence, prediction: Prediction): NonNullable<CellResult['prediction']> {
  const { content, wrong, sourceMapped, destinationMapped, poolUsedBytes, copied } = prediction
  const percent = predictedPercent(cell, after, prediction)
  return {
    content,
    wrongBytes: lengthOf(wrong),
    sourceMappedBytes: lengthOf(sourceMapped),
    destinationMapped,
    destinationMappedBytes: lengthOf(destinationMapped),
    ...(poolUsedBytes !== undefined && { poolUsedBytes: poolUsedBytes + cell.neighbourBytes }),
    ...(percent !== undefined && { dataPercent: percent }),
    readBytes: copied.readBytes,
    writtenBytes: copied.writtenBytes,
    written: copied.written,
  }
}

function forcedRule({ forced }: Cell): Rule | undefined {
  return forced && (() => ({ mode: forced, decidedBy: 'forced', reason: `this cell forces a ${forced} copy` }))
}

/** The content that is stamped on a cell's source. */
export function contentOfCell({ layout, sizeBytes }: Cell, tag: number, seed: number): Content {
  return layout === 'spec-table' ? specContent(tag) : contentOf(layout, sizeBytes, tag, seed)
}

function specContent(tag: number): Content {
  return { sizeBytes: 1024 * MiB, tag, extents: [{ offset: 0, length: 200 * MiB, write: 'data' }] }
}

function recordOf({ movedBy, answer, decision }: MigrationRecord): Pick<Evidence, 'movedBy' | 'answer' | 'decision'> {
  return { ...(movedBy && { movedBy }), ...(answer && { answer }), ...(decision && { decision }) }
}

import { type Content, dataBlocks } from '../content/content.ts'
import { lengthOf } from '../content/ranges.ts'
import type { MatrixDriver } from '../drivers/backend.ts'
import type { Model } from '../explore/broken_models.ts'
import type { Measured, MeasuredSpace } from '../model/compare.ts'
import { type Prediction, predict } from '../model/copy_case.ts'
import { dataPercent } from '../model/data_percent.ts'
import { mappedBounds, type Writes } from '../model/live.ts'
import { LEAST_WRITES } from '../movers/mirror/instance.ts'
import type { Note } from '../result/cell.ts'
import { describeDifference } from '../result/describe.ts'
import type { Evidence } from '../result/evidence.ts'
import type { Finding } from '../result/finding.ts'
import { boundsFinding, checkModel } from '../testbed/findings.ts'
import { MiB } from '../units.ts'
import { type Cell, isLvm } from './cell.ts'
import { copyCaseOf } from './model_of_cell.ts'

const CHUNK_BYTES = 64 * 1024
/** LVM's label, its metadata and the pool's lie before the pool's data. */
const POOL_START_BYTES = 32 * MiB

/**
 * Holds a cell's evidence against what must come of it and what the model predicts of the copy that was decided. Pure. Every check
 * says what it saw, also when all is well.
 */
export function judgeCell(
  cell: Cell,
  content: Content,
  evidence: Evidence,
  { model = predict, writes }: { readonly model?: Model | undefined; readonly writes?: Writes | undefined } = {},
): { findings: Finding[]; notes: Note[]; prediction: Prediction } {
  const { mode, copied } = cell.expect
  const prediction = model(copyCaseOf(cell, content, copied ?? evidence.decision?.mode ?? mode, evidence.mirror))
  const findings = [checkOutcome(cell, evidence), checkSource(evidence), ...checkDecision(cell, evidence)]
  const { verification, after, outcome } = evidence
  if (verification !== undefined)
    findings.push(cell.expect.bytes === 'intact' ? checkIntact(cell, verification) : checkCorrupt(content, prediction, verification))
  else if (outcome === 'migrated') findings.push({ check: 'bytes', ok: false, text: 'the bytes of the destination were not compared' })
  if (verification !== undefined && after !== undefined)
    findings.push(
      ...(writes === undefined
        ? checkModel(prediction, measuredOf(cell, evidence, verification, after))
        : checkBounds(cell, prediction, evidence, after, writes)),
    )
  else if (outcome === 'migrated' && after === undefined)
    findings.push({ check: 'model', ok: false, text: 'the content and the mapping of the destination were not measured' })
  findings.push(...checkWrites(cell, evidence), ...checkPoison(cell, evidence), ...checkDataPercent(cell, evidence))
  if (writes === undefined) findings.push(...checkPredictedPercent(cell, evidence, prediction))
  return { findings, notes: after === undefined ? [] : notesOn(cell, content, after.mappedBytes), prediction }
}

/** The measurements of a migration, in the shape that the model predicts. */
function measuredOf(
  { source, destination, neighbourBytes }: Cell,
  { before, moved, mirror }: Evidence,
  { byteClasses, checkedBytes }: NonNullable<Evidence['verification']>,
  after: NonNullable<Evidence['after']>,
): Measured {
  const space = (driver: MatrixDriver, { mappedBytes, mapped }: Evidence['before']): MeasuredSpace => ({
    mappedBytes,
    slack: !isLvm(driver),
    ...(mapped !== undefined && { mapped }),
  })
  return {
    ...(byteClasses !== undefined && { byteClasses }),
    classifiedBytes: checkedBytes,
    source: space(source, before),
    destination: space(destination, after),
    ...(after.pool !== undefined && { poolUsedBytes: after.pool.usedBytes - neighbourBytes }),
    ...(mirror === undefined && moved?.readBytes !== undefined && { readBytes: moved.readBytes }),
    ...(mirror === undefined && moved?.writtenBytes !== undefined && { writtenBytes: moved.writtenBytes }),
    discardRefused: false,
  }
}

/** When an instance writes meanwhile, chance decides on some chunks, and the model gives bounds. */
function checkBounds(
  { sizeBytes }: Cell,
  prediction: Prediction,
  { mirror }: Evidence,
  { mapped, mappedBytes }: NonNullable<Evidence['after']>,
  writes: Writes,
): Finding[] {
  if (mapped === undefined) return []
  return [boundsFinding(mappedBounds(prediction, mirror?.options ?? {}, writes, CHUNK_BYTES), mapped, mappedBytes, sizeBytes)]
}

/** A writer that wrote nothing while the mirror copied would show nothing. */
function checkWrites({ writer = 'none' }: Cell, { mirror, outcome }: Evidence): Finding[] {
  if (mirror === undefined || writer === 'none') return []
  const { acknowledgedWrites, lost } = mirror
  const least = outcome === 'migrated' ? LEAST_WRITES : 1
  const ok = acknowledgedWrites >= least && lost === undefined
  const seen = `${acknowledgedWrites} writes were acknowledged`
  const but = lost === undefined ? `, fewer than ${least}` : `, and then the instance lost its volume: ${lost}`
  return [{ check: 'writes', ok, text: ok ? `${seen} before, during and after the copy` : `${seen}${but}` }]
}

/** LVM's figures of the destination, computed from what the model says is mapped. */
function checkPredictedPercent(cell: Cell, { after }: Evidence, prediction: Prediction): Finding[] {
  const predicted = predictedPercent(cell, after, prediction)
  if (after?.pool === undefined || predicted === undefined) return []
  const seen = `pool ${after.pool.dataPercent}, volume ${after.dataPercent}`
  const ok = after.pool.dataPercent === predicted.pool && after.dataPercent === predicted.volume
  const text = ok ? `Data%: ${seen}, as predicted` : `Data%: ${seen}; the model says pool ${predicted.pool}, volume ${predicted.volume}`
  return [{ check: 'model/data-percent', ok, text }]
}

/** The predicted Data% of a destination in a thin pool. LVM chooses the size of the pool. */
export function predictedPercent(
  { neighbourBytes, sizeBytes }: Cell,
  after: Evidence['after'],
  { poolUsedBytes, destinationMapped }: Prediction,
): { pool: string; volume: string } | undefined {
  if (after?.pool === undefined || poolUsedBytes === undefined) return undefined
  return {
    pool: dataPercent(poolUsedBytes + neighbourBytes, after.pool.totalBytes),
    volume: dataPercent(lengthOf(destinationMapped), sizeBytes),
  }
}

function checkOutcome({ expect }: Cell, { outcome, why, states, movedBy }: Evidence): Finding {
  const check = 'migrated'
  if (outcome !== 'migrated') return { check, ok: false, text: `the migration ${outcome}: ${why ?? 'no reason was given'}` }
  if (movedBy !== expect.movedBy)
    return {
      check,
      ok: false,
      text: `moved by ${movedBy === undefined ? 'neither host nor driver' : `the ${movedBy}`}, not by the ${expect.movedBy}`,
    }
  const wanted = movedBy === 'driver' ? 'starting migrating success' : 'starting migrating completing success'
  if (states.join(' ') !== wanted) return { check, ok: false, text: `its states were ${states.join(' ')}, not ${wanted}` }
  return { check, ok: true, text: `migrated by the ${movedBy}` }
}

function checkSource({ outcome, sourceRemains }: Evidence): Finding {
  const ok = sourceRemains === (outcome !== 'migrated')
  if (ok)
    return {
      check: 'source',
      ok,
      text: sourceRemains ? 'the source is still there' : 'the source is gone, the destination carries its name',
    }
  return {
    check: 'source',
    ok,
    text: sourceRemains ? 'the source is still there after the migration' : 'the source is gone although the migration failed',
  }
}

function checkDecision({ expect, forced }: Cell, { decision }: Evidence): Finding[] {
  if (forced !== undefined) return []
  const ok = decision?.mode === expect.mode && decision.decidedBy === expect.decidedBy
  const seen = decision === undefined ? 'nothing was decided' : `${decision.mode} copy, because ${decision.reason}`
  return [{ check: 'decision', ok, text: ok ? seen : `${seen}; the rule wants ${expect.mode} (${expect.decidedBy})` }]
}

function checkIntact({ sizeBytes }: Cell, { checkedBytes, wrongBytes, differences }: NonNullable<Evidence['verification']>): Finding {
  const [first] = differences
  if (first !== undefined || wrongBytes > 0) {
    const where = first === undefined ? '' : `, first ${describeDifference(first)}`
    return { check: 'bytes', ok: false, text: `${wrongBytes} of ${checkedBytes} bytes are wrong${where}` }
  }
  if (checkedBytes !== sizeBytes) return { check: 'bytes', ok: false, text: `only ${checkedBytes} of ${sizeBytes} bytes were checked` }
  return { check: 'bytes', ok: true, text: `${checkedBytes} bytes checked, all right` }
}

/** A control must fail in the one way that the rule prevents: old bytes in the blocks that were skipped, all data right. */
function checkCorrupt(
  content: Content,
  prediction: Prediction,
  { checkedBytes, wrongBytes, differences, moreDifferences }: NonNullable<Evidence['verification']>,
): Finding {
  const check = 'control-corrupts'
  const [first] = differences
  if (first === undefined) {
    return { check, ok: false, text: 'nothing is corrupt although the copy broke the rule: this harness would miss a corruption here' }
  }
  const odd = differences.find(({ expected, found }) => expected !== 'zero' || (found.what !== 'poison' && found.what !== 'other-stamp'))
  if (odd !== undefined) {
    return { check, ok: false, text: `corrupt in another way than stale bytes in place of zeros: ${describeDifference(odd)}` }
  }
  const predicted = lengthOf(prediction.wrong)
  if (wrongBytes !== predicted || checkedBytes !== content.sizeBytes || moreDifferences > 0) {
    return {
      check,
      ok: false,
      text: `${wrongBytes} stale bytes among ${checkedBytes} checked, ${predicted} among ${content.sizeBytes} were predicted`,
    }
  }
  return { check, ok: true, text: `corrupt as predicted: ${wrongBytes} stale bytes, first ${describeDifference(first)}` }
}

/** dm-thin hands out its lowest free block, so a pool never used beyond the poison has handed out poisoned blocks only. */
function checkPoison({ poisonBytes, backendBytes }: Cell, { before, after }: Evidence): Finding[] {
  const pools = [
    { what: 'source', used: before.pool?.usedBytes, poisoned: poisonBytes.source },
    { what: 'destination', used: after?.pool?.usedBytes, poisoned: poisonBytes.destination },
  ]
  return pools.flatMap(({ what, used, poisoned }) =>
    used === undefined || poisoned >= backendBytes
      ? []
      : [
          {
            check: `${what}-poison`,
            ok: used <= poisoned - POOL_START_BYTES,
            text: `${used} bytes of the ${what}'s pool are in use; ${poisoned} of its storage were poisoned`,
          },
        ],
  )
}

function checkDataPercent({ expect }: Cell, { before, after }: Evidence): Finding[] {
  if (expect.dataPercent === undefined) return []
  const looks = [
    { when: 'before', want: expect.dataPercent.before, got: before },
    { when: 'after', want: expect.dataPercent.after, got: after },
  ]
  return looks.map(({ when, want, got }) => {
    const seen = { pool: got?.pool?.dataPercent ?? 'none', volume: got?.dataPercent ?? 'none' }
    const ok = seen.pool === want.pool && seen.volume === want.volume
    const text = `Data% ${when}: pool ${seen.pool}, volume ${seen.volume}`
    return { check: `data-percent-${when}`, ok, text: ok ? text : `${text}; the spec's table says ${want.pool} and ${want.volume}` }
  })
}

function notesOn({ method, destination, expect, orphan, writer }: Cell, content: Content, after: number): Note[] {
  // What was mapped before is no fault of the copy.
  if (expect.mode === 'full' || orphan) return []
  const notes: Note[] = []
  if (destination === 'nfs-prealloc' && after < content.sizeBytes) {
    notes.push({ kind: 'preallocation-lost', text: 'dd truncates the destination file, and a sparse copy does not allocate it again' })
  }
  const needed = dataBlocks(content, CHUNK_BYTES) * CHUNK_BYTES
  if (destination === 'lvm-thin' && after > needed) {
    const times = (after / Math.max(needed, 1)).toFixed(1)
    const text =
      method === 'live'
        ? `${after} bytes mapped, ${times} times the ${needed} of its data: QEMU's mirror sees no holes in a block device and copies all of it`
        : `${after} bytes mapped, ${times} times the ${needed} that bs=64k would have left: dd's block of 1 MiB is larger than a chunk of 64 KiB`
    // An instance that writes takes storage for what it writes.
    if (method !== 'live' || writer === 'none') notes.push({ kind: 'thinness-lost', text })
  }
  return notes
}

import { type Content, dataBlocks } from '../data/content.ts'
import type { Difference } from '../data/verify.ts'
import { type DriverName, honest } from '../drivers/backend.ts'
import { agrees, type MappedPrediction, predictCopied, predictWritten, type StorageKind } from '../model/mapped.ts'
import { DD_BLOCK_BYTES } from '../movers/dd.ts'
import type { Evidence, Finding, Note } from '../result/result.ts'
import { type Cell, MiB } from './cell.ts'

const CHUNK_BYTES = 64 * 1024
/** LVM's label, its metadata and the pool's lie before the pool's data. */
const POOL_START_BYTES = 32 * MiB

/** Holds a cell's evidence against what must come of it. Pure. Every check says what it saw, also when all is well. */
export function judge(cell: Cell, content: Content, evidence: Evidence): { findings: Finding[]; notes: Note[] } {
  const findings = [checkOutcome(cell, evidence), checkSource(evidence), ...checkDecision(cell, evidence)]
  const { verification, after, outcome } = evidence
  if (verification !== undefined)
    findings.push(cell.expect.bytes === 'intact' ? checkIntact(cell, verification) : checkCorrupt(content, verification))
  else if (outcome === 'migrated') findings.push({ check: 'bytes', ok: false, text: 'nobody compared the bytes of the destination' })
  if (cell.source === 'lvm-thin')
    findings.push(checkMapped('source-mapped', 'the source', predictWritten(content, CHUNK_BYTES), evidence.before.mappedBytes))
  if (after !== undefined) {
    const prediction = predictCopied(content, storageOf(cell.destination), cell.expect.mode, DD_BLOCK_BYTES)
    findings.push(checkMapped('destination-mapped', 'the destination', prediction, after.mappedBytes))
  } else if (outcome === 'migrated') {
    findings.push({ check: 'destination-mapped', ok: false, text: 'nobody looked at what the destination has mapped' })
  }
  findings.push(...checkPoison(cell, evidence), ...checkDataPercent(cell, evidence))
  return { findings, notes: after === undefined ? [] : notesOn(cell, content, after.mappedBytes) }
}

export function storageOf(driver: DriverName): StorageKind {
  return honest(driver).storage
}

function checkOutcome({ expect }: Cell, { outcome, why, states, movedBy }: Evidence): Finding {
  const check = 'migrated'
  if (outcome !== 'migrated') return { check, ok: false, text: `the migration ${outcome}: ${why ?? 'no reason was given'}` }
  if (movedBy !== expect.movedBy) return { check, ok: false, text: `moved by the ${movedBy ?? 'nobody'}, not by the ${expect.movedBy}` }
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

/** A control must fail in the one way that the rule prevents: old bytes in every block that was skipped, all data right. */
function checkCorrupt(
  content: Content,
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
  const predicted = content.sizeBytes - dataBlocks(content, DD_BLOCK_BYTES) * DD_BLOCK_BYTES
  if (wrongBytes !== predicted || checkedBytes !== content.sizeBytes || moreDifferences > 0) {
    return {
      check,
      ok: false,
      text: `${wrongBytes} stale bytes among ${checkedBytes} checked, ${predicted} among ${content.sizeBytes} were predicted`,
    }
  }
  return { check, ok: true, text: `corrupt as predicted: ${wrongBytes} stale bytes, first ${describeDifference(first)}` }
}

function checkMapped(check: string, what: string, { least, most }: MappedPrediction, bytes: number): Finding {
  const ok = agrees({ least, most }, bytes)
  const predicted = least === most ? `${least}` : `${least} to ${most}`
  return {
    check,
    ok,
    text: ok ? `${what} has ${bytes} bytes mapped, as predicted` : `${what} has ${bytes} bytes mapped, ${predicted} were predicted`,
  }
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

function notesOn({ destination, expect }: Cell, content: Content, after: number): Note[] {
  if (expect.mode === 'full') return []
  const notes: Note[] = []
  if (destination === 'nfs-prealloc' && after < content.sizeBytes) {
    notes.push({ kind: 'preallocation-lost', text: 'dd truncates the destination file, and a sparse copy does not allocate it again' })
  }
  const needed = dataBlocks(content, CHUNK_BYTES) * CHUNK_BYTES
  if (storageOf(destination) === 'thin' && after > needed) {
    const times = (after / Math.max(needed, 1)).toFixed(1)
    notes.push({
      kind: 'thinness-lost',
      text: `${after} bytes mapped, ${times} times the ${needed} that bs=64k would have left: dd's block of 1 MiB is larger than a chunk of 64 KiB`,
    })
  }
  return notes
}

/** "at byte 4096: 512 bytes of poison where zero belongs". */
export function describeDifference({ offset, length, expected, found }: Difference): string {
  const what = {
    zero: 'zeros',
    poison: 'poison (what lay on the storage before)',
    'other-stamp': "another volume's data",
    'shifted-stamp': found.what === 'shifted-stamp' ? `this volume's data from offset ${found.fromOffset}` : '',
    noise: 'noise',
  }[found.what]
  return `at byte ${offset}: ${length} bytes of ${what} where ${expected === 'zero' ? 'zeros belong' : 'data belongs'}`
}

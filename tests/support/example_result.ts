import type { CellResult } from '../../harness/result/cell.ts'
import type { CopyResult } from '../../harness/result/copy.ts'
import type { Result } from '../../harness/result/result.ts'
import { countVerdicts, overallVerdict } from '../../harness/result/verdicts.ts'

/** A cell's result for the tests of what is made from it: a sparse host copy that is upheld, but for what is given. */
export function exampleCell(change: Partial<CellResult> = {}): CellResult {
  return {
    id: 'host/lvm-thin/lvm-thin/mixed',
    control: false,
    method: 'host',
    source: 'lvm-thin',
    destination: 'lvm-thin',
    layout: 'mixed',
    sizeBytes: 16777216,
    verdict: 'upheld',
    findings: [
      { check: 'migrated', ok: true, text: 'migrated by the host' },
      { check: 'bytes', ok: true, text: '16777216 bytes checked, all right' },
    ],
    notes: [],
    evidence: exampleEvidence(),
    machine: 'uml1',
    commands: [{ argv: ['lvs', '--reportformat', 'json'], ending: 'exited with 0', seconds: 0.16, output: '' }],
    repeat: 'scripts/verify --seed 7 --only host/lvm-thin/lvm-thin/mixed',
    seconds: 2.44,
    ...change,
  }
}

export function exampleEvidence(): NonNullable<CellResult['evidence']> {
  const pool = { usedBytes: 3145728, totalBytes: 25165824, dataPercent: '12.50' }
  const common = { lv_attr: 'Vwi-a-tz--', lv_size: '16.00m', origin: '', data_percent: '18.75' }
  return {
    outcome: 'migrated',
    states: ['starting', 'migrating', 'completing', 'success'],
    movedBy: 'host',
    answer: { kind: 'answered', report: { sparse_copy_volume: true } },
    decision: { mode: 'sparse', decidedBy: 'claimed-true', reason: 'the destination reports sparse_copy_volume = true' },
    sourceRemains: false,
    verification: { checkedBytes: 16777216, wrongBytes: 0, differences: [], moreDifferences: 0 },
    before: { mappedBytes: 3145728, dataPercent: '18.75', pool },
    after: { mappedBytes: 3145728, dataPercent: '18.75', pool },
    rowsBefore: [{ ...common, lv_name: 'volume-1234', vg_name: 'holeproof_1_source', pool_lv: 'holeproof_1_source-pool' }],
    rowsAfter: [{ ...common, lv_name: 'volume-1234', vg_name: 'holeproof_1_2_destination', pool_lv: 'holeproof_1_2_destination-pool' }],
  }
}

/** A copy's result, as the model predicted, but for what is given. */
export function exampleCopy(change: Partial<CopyResult> = {}): CopyResult {
  const storage = { kind: 'thin', chunkBytes: 65536, zeroing: true, discards: true } as const
  return {
    id: 'trap/thin-used/sparse',
    copyCase: {
      sizeBytes: 16777216,
      source: { storage, sizeBytes: 16777216, extents: [{ offset: 0, length: 4096, write: 'data' }] },
      destination: { storage, sizeBytes: 16777216, prior: { kind: 'new' } },
      copy: { how: 'sparse', blockBytes: 1048576 },
    },
    description: '16 MiB with data at 0-4K, in blocks of 1 MiB onto a new thin volume (chunks of 64 KiB)',
    verdict: 'upheld',
    findings: [{ check: 'model/content', ok: true, text: 'every byte as predicted' }],
    permitted: true,
    wrongBytes: 0,
    predictedWrongBytes: 0,
    machine: 'uml1',
    repeat: 'scripts/verify --seed 7 --only trap/thin-used/sparse',
    seconds: 1.5,
    ...change,
  }
}

/** A run of these cells, with the counts and the verdict that follow from them. */
export function exampleResult(cells: readonly CellResult[] = [exampleCell()], change: Partial<Result> = {}): Result {
  const counts = countVerdicts(cells)
  return {
    schema: 'holeproof-result-2',
    version: '0.1.0',
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: 61.25,
    seed: 7,
    machines: [{ name: 'uml1', kind: 'uml', kernel: '6.1.0' }],
    cells: [...cells],
    copies: [],
    certificates: [],
    leaks: [],
    counts,
    verdict: overallVerdict(counts, change),
    ...change,
  }
}

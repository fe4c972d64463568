import { type LayoutName, layoutNames } from '../content/layouts.ts'
import { claims, type MatrixDriver, matrixDrivers } from '../drivers/backend.ts'
import type { MigrationMethod } from '../migration/migrate.ts'
import type { DecidedBy } from '../migration/rule.ts'
import type { Transport } from '../result/cell.ts'
import type { CopyMode } from '../result/copy_mode.ts'
import { type WriterName, writerSchema } from '../result/mirror.ts'
import { MiB } from '../units.ts'

/** The fault of an answer that comes over this transport. */
export type FaultyAnswer<Over extends Transport = Transport> = Over extends Transport ? keyof (typeof faultyAnswers)[Over] : never

/** How the destination is asked, and the fault of its answer, if there is one. */
export type Question = {
  [Over in Transport]: { readonly transport: Over; readonly faultyAnswer?: FaultyAnswer<Over> }
}[Transport]

/** LVM's Data% of the pool and of the volume, to the digit. */
export interface DataPercent {
  readonly pool: string
  readonly volume: string
}

/** One run: what is migrated, from where to where, how, and what must come of it. */
export interface Cell {
  /** Stable and readable; a control's begins with `control/`. */
  readonly id: string
  readonly method: MigrationMethod
  readonly source: MatrixDriver
  readonly destination: MatrixDriver
  readonly layout: LayoutName | 'spec-table'
  /** What an instance writes meanwhile: by the method `live`, and only by it. */
  readonly writer?: WriterName
  /** The volume in use is the disk of libvirt's domain. Default: QEMU's storage daemon has it. */
  readonly libvirt?: true
  readonly sizeBytes: number
  /** The bytes that each backend can hold. */
  readonly backendBytes: number
  /** How far into each backend's storage a cell can allocate: so far it is poisoned. */
  readonly poisonBytes: { readonly source: number; readonly destination: number }
  /** Data of another volume that lies in both backends beforehand. */
  readonly neighbourBytes: number
  /** Overrides the rule: a control, or the table's copy without conv=sparse. */
  readonly forced?: CopyMode
  /** Default: over JSON-RPC, and the answer is the destination's own report. */
  readonly question?: Question
  /** The destination's pool holds a volume that LVM does not know of, as a crash leaves it: the new volume will be that one. */
  readonly orphan?: true
  readonly expect: Expectation
}

export interface Expectation {
  readonly mode: CopyMode
  /** Who must move the data in the end: by the driver-assisted method too, a driver that cannot leaves it to the host. */
  readonly movedBy: MigrationMethod
  /** Which condition of the rule must have decided; absent when the mode is forced. */
  readonly decidedBy?: DecidedBy
  /** `corrupt`: stale bytes where zeros belong, and nothing else wrong. */
  readonly bytes: 'intact' | 'corrupt'
  /** How the data must be copied, where the driver that moves it sees more than the rule can. Default: as was decided. */
  readonly copied?: CopyMode
  readonly dataPercent?: { readonly before: DataPercent; readonly after: DataPercent }
}

const CELL_BYTES = 16 * MiB
const SPARE_BYTES = 8 * MiB
/** All of the storage and more. */
const EVERYWHERE = Number.MAX_SAFE_INTEGER
const common = {
  sizeBytes: CELL_BYTES,
  backendBytes: CELL_BYTES + SPARE_BYTES,
  poisonBytes: { source: EVERYWHERE, destination: EVERYWHERE },
  neighbourBytes: 0,
} as const

/** The rule's own expectation for a destination that answers properly. */
function byTheRule(destination: MatrixDriver, movedBy: MigrationMethod): Expectation {
  return claims[destination]
    ? { mode: 'sparse', movedBy, decidedBy: 'claimed-true', bytes: 'intact' }
    : { mode: 'full', movedBy, decidedBy: 'claimed-false', bytes: 'intact' }
}

const pairs: Cell[] = (['host', 'driver', 'live'] as const).flatMap((method) =>
  matrixDrivers.flatMap((source) =>
    matrixDrivers.map(
      (destination): Cell => ({
        ...common,
        id: `${method}/${source}/${destination}/mixed`,
        method,
        source,
        destination,
        layout: 'mixed',
        ...(method === 'live' && { writer: 'mixed' as const }),
        expect: byTheRule(destination, expectedMovedBy(method, source, destination)),
      }),
    ),
  ),
)

/** Against the rule on purpose: what a wrong decision does to each destination, and by each method. */
const controls: Cell[] = pairs
  .filter(({ method, source, destination }) => source === 'lvm-thin' && (method === 'host' || (method === 'driver' && isLvm(destination))))
  .map((pair): Cell => {
    const forced = claims[pair.destination] ? 'full' : 'sparse'
    return {
      ...pair,
      id: `control/${pair.method}/${pair.source}/${pair.destination}/${forced}-forced`,
      forced,
      expect: { mode: forced, movedBy: pair.expect.movedBy, bytes: forced === 'sparse' ? 'corrupt' : 'intact' },
    }
  })

/** A claim that is not so, told to QEMU, which sees the holes of a file. */
const liveControl: Cell = {
  ...common,
  id: 'control/live/nfs/lvm-thick/sparse-forced',
  method: 'live',
  source: 'nfs',
  destination: 'lvm-thick',
  layout: 'mixed',
  writer: 'none',
  forced: 'sparse',
  expect: { mode: 'sparse', movedBy: 'live', bytes: 'corrupt' },
}

/** A sparse copy depends on where the data lies, a full one only at its edges and on zeros that were written. */
const layoutsTo: Partial<Record<MatrixDriver, readonly LayoutName[]>> = {
  'lvm-thin': layoutNames.filter((layout) => layout !== 'mixed'),
  'lvm-thick': ['edge-bytes', 'written-zeros', 'last-block-zero'],
}
const layoutCells: Cell[] = matrixDrivers.flatMap((destination) =>
  (layoutsTo[destination] ?? []).map(
    (layout): Cell => ({
      ...common,
      id: `host/lvm-thin/${destination}/${layout}`,
      method: 'host',
      source: 'lvm-thin',
      destination,
      layout,
      expect: byTheRule(destination, 'host'),
    }),
  ),
)

/** The faults of answers, by transport, each with the condition of the rule that must decide then. */
const faultyAnswers = {
  'json-rpc': {
    'string-true': 'claim-not-boolean',
    'string-false': 'claim-not-boolean',
    error: 'no-answer',
    garbage: 'no-answer',
    silence: 'no-answer',
    'late-true': 'no-answer',
  },
  rest: {
    'string-true': 'claim-not-boolean',
    'string-false': 'claim-not-boolean',
    'property-only': 'nothing-claimed',
    error: 'no-answer',
    unauthorized: 'no-answer',
    redirect: 'no-answer',
    'other-host': 'no-answer',
    'html-page': 'no-answer',
    'truncated-json': 'no-answer',
    'huge-body': 'no-answer',
    'hang-up': 'no-answer',
    silence: 'no-answer',
    'late-true': 'no-answer',
    'slow-body': 'no-answer',
  },
} as const satisfies Record<Transport, Record<string, DecidedBy>>

/** Cells of a transport; their ids begin with its word. */
function asking(word: string, question: Question, destination: MatrixDriver, expect: Expectation): Cell {
  return {
    ...common,
    id: `${word}/${question.faultyAnswer ?? 'honest'}/lvm-thin/${destination}`,
    method: 'host',
    source: 'lvm-thin',
    destination,
    layout: 'mixed',
    question,
    expect,
  }
}

/** The destination does not promise zeros, whatever its answer looks like. */
function faulty<Over extends Transport>(word: string, transport: Over): Cell[] {
  const conditions: Readonly<Record<string, DecidedBy>> = faultyAnswers[transport]
  return Object.entries(conditions).map(([faultyAnswer, decidedBy]) =>
    asking(word, { transport, faultyAnswer } as Question, 'lvm-thick', { mode: 'full', movedBy: 'host', decidedBy, bytes: 'intact' }),
  )
}

const answers: Cell[] = faulty('answer', 'json-rpc')
const rest: Cell[] = [
  ...(['lvm-thin', 'lvm-thick'] as const).map((destination) =>
    asking('rest', { transport: 'rest' }, destination, byTheRule(destination, 'host')),
  ),
  ...faulty('rest', 'rest'),
]

/** A pool after a crash hands out another volume's data. What the kernel tells of the new volume counts more than the claim then. */
const orphan = { ...common, source: 'lvm-thin', destination: 'lvm-thin', layout: 'mixed', orphan: true } as const
const orphans: Cell[] = [
  {
    ...orphan,
    id: 'orphan/host/lvm-thin/lvm-thin',
    method: 'host',
    expect: { mode: 'full', movedBy: 'host', decidedBy: 'has-storage', bytes: 'intact' },
  },
  {
    ...orphan,
    id: 'orphan/driver/lvm-thin/lvm-thin',
    method: 'driver',
    expect: { mode: 'sparse', movedBy: 'driver', decidedBy: 'claimed-true', bytes: 'intact', copied: 'full' },
  },
  {
    ...orphan,
    id: 'control/orphan/host/lvm-thin/lvm-thin/sparse-forced',
    method: 'host',
    forced: 'sparse',
    expect: { mode: 'sparse', movedBy: 'host', bytes: 'corrupt' },
  },
]

/** What each writer does to a destination that reads as zeros, and to one that does not; without one, the model is exact. */
const writers: Cell[] = (['lvm-thin', 'lvm-thick'] as const).flatMap((destination) =>
  writerSchema.options
    .filter((writer) => writer !== 'mixed')
    .map((writer) => ({
      ...common,
      id: `live/lvm-thin/${destination}/${writer}`,
      method: 'live',
      source: 'lvm-thin',
      destination,
      layout: 'mixed',
      writer,
      expect: byTheRule(destination, 'live'),
    })),
)

/** What Nova does, through libvirt and the QEMU of the distribution. */
const libvirtCells: Cell[] = (
  [
    ['lvm-thin', 'lvm-thick', 'mixed'],
    ['lvm-thin', 'lvm-thin', 'mixed'],
    ['lvm-thin', 'lvm-thin', 'none'],
    ['lvm-thick', 'nfs', 'mixed'],
  ] as const
).map(([source, destination, writer]) => ({
  ...common,
  id: `libvirt/${source}/${destination}/${writer}`,
  method: 'live',
  source,
  destination,
  layout: 'mixed',
  writer,
  libvirt: true,
  expect: byTheRule(destination, 'live'),
}))

const TABLE_BEFORE = { pool: '10.28', volume: '19.53' }
const TABLE_FULL = { pool: '31.45', volume: '100.00' }

/** The spec's example at its real sizes (section "Problem description"): 1.00g with 200 MiB written, pools of 3.80g. */
function specTable(id: string, method: MigrationMethod, mode: CopyMode, after: DataPercent): Cell {
  return {
    id,
    method,
    source: 'lvm-thin',
    destination: 'lvm-thin',
    layout: 'spec-table',
    ...(method === 'live' && { writer: 'none' }),
    sizeBytes: 1024 * MiB,
    backendBytes: 3892 * MiB,
    poisonBytes: { source: 464 * MiB, destination: (after === TABLE_FULL ? 1288 : 464) * MiB },
    neighbourBytes: 200 * MiB,
    ...(mode === 'full' && { forced: mode }),
    expect: {
      mode,
      movedBy: method,
      ...(mode === 'sparse' && { decidedBy: 'claimed-true' as const }),
      bytes: 'intact',
      dataPercent: { before: TABLE_BEFORE, after },
    },
  }
}
const table = [specTable('table/full', 'host', 'full', TABLE_FULL), specTable('table/sparse', 'host', 'sparse', TABLE_BEFORE)]
/** QEMU's mirror sees no holes in a block device, so that what the rule permits changes nothing. */
const liveTable = [
  specTable('live-table/as-nova', 'live', 'full', TABLE_FULL),
  specTable('live-table/by-the-rule', 'live', 'sparse', TABLE_FULL),
]

/** Everything that `scripts/verify` runs by default. The long ones come first, so that they do not end alone. */
export const allCells: readonly Cell[] = [
  ...table,
  ...answers,
  ...rest,
  ...orphans,
  ...pairs,
  ...writers,
  ...controls,
  liveControl,
  ...layoutCells,
]

/** What runs only when `--only` asks for it: it takes long, and libvirt needs packages of its own. */
export const cellsOnRequest: readonly Cell[] = [...libvirtCells, ...liveTable]

/** Only LVM's driver moves volumes by itself, and only to LVM. */
function expectedMovedBy(method: MigrationMethod, source: MatrixDriver, destination: MatrixDriver): MigrationMethod {
  if (method === 'live') return method
  return method === 'driver' && isLvm(source) && isLvm(destination) ? 'driver' : 'host'
}

export function isLvm(driver: MatrixDriver): boolean {
  return driver === 'lvm-thin' || driver === 'lvm-thick'
}

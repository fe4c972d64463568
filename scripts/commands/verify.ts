import { join } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { UsageError } from '../../harness/errors.ts'
import { brokenModelNames } from '../../harness/explore/broken_models.ts'
import { mirrorCopies, qemusIn } from '../../harness/explore/mirror_options.ts'
import type { NamedCopy } from '../../harness/explore/run_copies.ts'
import { traps } from '../../harness/explore/traps.ts'
import type { MachineChoice, MachineKind } from '../../harness/machine/machine.ts'
import { commandLine } from '../../harness/paths.ts'
import { quoted } from '../../harness/result/describe.ts'
import { brokenRuleNames } from '../../harness/verify/broken_rules.ts'
import { allCells, cellsOnRequest } from '../../harness/verify/cell.ts'
import { verifyOnKernels } from '../../harness/verify/kernels.ts'
import { assignToShard, estimateCellCost, estimateCopyCost } from '../../harness/verify/shard.ts'
import { EXIT, newCommand, runnable, version } from '../lib/cli/command.ts'
import { openDebugShell } from '../lib/cli/debug_shell.ts'
import { isMeant, parseOnly, splitOnly } from '../lib/cli/only.ts'
import { addRunOptionsOnKernels, machineWords, newSeed, onlyOption, qemusOption } from '../lib/cli/options.ts'
import { repeatVerify } from '../lib/cli/repeat_verify.ts'
import { type ShardNumber, seedOfShards, shardOption } from '../lib/cli/shard.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { type Progress, showProgress } from '../lib/output/progress.ts'
import { reportRun } from '../lib/output/report_run.ts'
import { reportKernels, writeKernel } from '../lib/output/report_side_by_side.ts'
import { kernelFolder, prepareRun } from '../lib/output/result_folder.ts'
import { createLogger } from '../lib/output/terminal.ts'
import { readBaseline } from '../lib/read/result.ts'
import { bringQemu } from '../lib/setup/qemu_daemon.ts'
import { prepareKernels, refuseKernelFor, tryLibvirt } from '../lib/setup/select_machine.ts'

/** The time limit for shrinking a disagreement with the model to its smallest case. */
const SHRINK_SECONDS = 60

const command = addRunOptionsOnKernels(
  newCommand(
    'verify',
    'Migrates volumes between real LVM and NFS backends on poisoned storage, checks every byte, and reports whether the rule holds.',
    [
      ['verify', 'run the whole matrix'],
      ['verify --only host/lvm-thin', 'run the cells whose ids begin with this'],
      ['verify --only table/full,table/sparse', "reproduce the spec's own table"],
      ['verify --only libvirt', 'migrate under libvirt, which runs on request only'],
      ['verify --only mirror --qemu 7.2,10.0,11.1', "what the options of QEMU's mirror do"],
      ['verify --break always-sparse', 'watch the harness catch a broken rule'],
      ['verify --kernel 6.1,6.12,newest', 'run it on three kernels and compare them'],
    ],
    ['0 upheld', '1 refuted or kernels differ', '2 bad usage or input', '3 broken lab or a kernel that cannot be used here'],
  )
    .addOption(onlyOption('cell'))
    .addOption(shardOption('cells'))
    .addOption(qemusOption())
    .option('--list', 'print the ids of the cells and exit')
    .option('--keep', 'stop at the first cell that is not upheld, keep its storage and open a shell there')
    .addOption(
      new Option('--break <rule>', 'break the rule or the model on purpose: the run must fail').choices([
        ...brokenRuleNames,
        ...brokenModelNames,
      ]),
    ),
  'a cell',
)

export default runnable(command, async () => {
  const options = command.parse().opts()
  const several = options.kernel !== undefined && options.kernel.length > 1
  if (several) refuseWithSeveralKernels(options)
  const all = selectAll(options.only, options.qemu)
  const { cells, copies } = options.shard === undefined ? all : shareOf(all, options.shard)
  if (options.list) {
    console.log([...cells, ...copies].map(({ id }) => id).join('\n'))
    return EXIT.upheld
  }
  const seed = options.shard ? seedOfShards(options.seed) : (options.seed ?? newSeed())
  const baseline = await readBaseline(options.baseline)
  const log = createLogger(options)
  await prepareRun(options.out, log)
  for (const qemu of new Set(qemusIn(copies.map(({ id }) => id)))) await bringQemu(qemu, log)
  const kernels = await prepareKernels(options.machine, options.kernel, log)
  if (cells.some(({ libvirt }) => libvirt) && kernels.some(({ machine }) => kindOf(machine).kind === 'uml')) await tryLibvirt(log)

  const stop = stopOnSignals()
  let progress: Progress | undefined
  const endProgress = () => progress?.stop()
  const runs = await verifyOnKernels(kernels, {
    cells,
    copies,
    shrinkSeconds: SHRINK_SECONDS,
    seed,
    version,
    signal: stop.signal,
    repeat: ({ id }, { machine, asked }) =>
      repeatVerify(id, { machine: machineWords(kindOf(machine), asked), seed, brokenRule: options.break }),
    onKernel: ({ kernel }) => {
      if (several) log(`on kernel ${kernel}`)
      progress = showProgress(cells.length + copies.length, options)
      return progress.onEvent
    },
    onEnded: async (run) => {
      endProgress()
      if (several) await writeKernel(run, options)
    },
    ...(options.break !== undefined && { brokenRule: options.break }),
    ...(options.keep && {
      machines: 1,
      debugShell: async (testBed, cell) => {
        endProgress()
        await openDebugShell(testBed, cell)
        stop.abort()
      },
    }),
  }).finally(endProgress)
  const [only, ...others] = runs
  if (only === undefined || others.length > 0) return reportKernels(runs, options)
  const whole = { cells: all.cells.map(({ id }) => id), copies: all.copies.map(({ id }) => id), drivers: [] }
  const result = options.shard ? { ...only.result, shard: { ...options.shard, whole, asked: sharedCommandLine(options) } } : only.result

  return reportRun(result, { ...options, baseline })
})

/** A kernel that cannot be booted here is to be repeated on the kind of machine that it is for. */
function kindOf(machine: MachineChoice | Error): MachineChoice {
  return machine instanceof Error ? { kind: 'uml' } : machine
}

export interface OneKernelOptions {
  readonly machine: MachineKind | 'auto'
  readonly keep?: true | undefined
  readonly shard?: ShardNumber | undefined
  readonly baseline?: string | undefined
  readonly out: string
}

/** Throws UsageError if an option works with one kernel only. */
export function refuseWithSeveralKernels({ machine, keep, shard, baseline, out }: OneKernelOptions): void {
  refuseKernelFor(machine)
  if (keep) throw new UsageError('--keep stops at one cell on one kernel. Name one with --kernel.')
  if (shard !== undefined) {
    const one = commandLine(`verify --kernel 6.12 --shard ${shard.number}/${shard.of}`)
    throw new UsageError(`--shard works with one kernel. Run and merge the shards of each kernel, as with ${one}.`)
  }
  if (baseline !== undefined) {
    const after = commandLine(`compare ${quoted(baseline)} ${quoted(join(out, kernelFolder('6.12')))}`)
    throw new UsageError(`--baseline works with one kernel. Compare the result of each kernel afterwards, as with ${after}.`)
  }
}

interface Selection {
  readonly cells: typeof allCells
  readonly copies: readonly NamedCopy[]
}

/**
 * The cells and copies that --only selects; without it all but those on request: libvirt's, and the mirror's options. An id of these
 * names its QEMU, so that the id alone repeats a copy; `qemus` are for `mirror` alone.
 */
export function selectAll(only: string | undefined, qemus: readonly string[]): Selection {
  if (only === undefined) return { cells: allCells, copies: traps }
  const versions = new Set([...qemus, ...qemusIn(splitOnly(only))])
  const copies = [...traps, ...[...versions].flatMap(mirrorCopies)]
  const cells = [...allCells, ...cellsOnRequest]
  const ids = [...cells, ...copies].map(({ id }) => id)
  const wanted = parseOnly(only, ids, 'cell', 'verify')
  const isWanted = ({ id }: { readonly id: string }) => wanted.some((some) => isMeant(id, some))
  return { cells: cells.filter(isWanted), copies: copies.filter(isWanted) }
}

function shareOf({ cells, copies }: Selection, shard: ShardNumber): Selection {
  const share = assignToShard([...cells.map(estimateCellCost), ...copies.map(estimateCopyCost)], shard)
  return { cells: cells.filter(({ id }) => share.has(id)), copies: copies.filter(({ id }) => share.has(id)) }
}

/** The command line that all shards of a run have in common; merge refuses shards that differ in it. */
function sharedCommandLine({ only, break: broken }: { readonly only?: string; readonly break?: string }): string {
  const words = ['verify', ...(only === undefined ? [] : ['--only', only]), ...(broken === undefined ? [] : ['--break', broken])]
  return commandLine(words.join(' '))
}

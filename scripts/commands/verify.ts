import { constants } from 'node:fs'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Option } from 'commander'
import { type BrokenRule, brokenRuleNames } from '../../harness/certify/broken_rules.ts'
import { allCells, type Cell } from '../../harness/certify/cell.ts'
import { verify } from '../../harness/certify/verify.ts'
import { findRuns, sweep } from '../../harness/lab/sweep.ts'
import { messageOf, UsageError } from '../../harness/machine/errors.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { junitOf } from '../../harness/report/junit.ts'
import { terminalReport } from '../../harness/report/terminal.ts'
import type { Result } from '../../harness/result/result.ts'
import { EXIT, newCommand, runMain, version } from '../lib/command.ts'
import { enterWreck } from '../lib/keep_wreck.ts'
import { prepareMachine } from '../lib/machine_choice.ts'
import { showProgress } from '../lib/progress.ts'

const RESULT_FILE = 'result.json'
const JUNIT_FILE = 'junit.xml'

interface Options {
  machine: MachineKind | 'auto'
  only?: string
  seed?: number
  out: string
  strict?: boolean
  keep?: boolean
  plain?: boolean
  list?: boolean
  break?: BrokenRule
}

const command = newCommand(
  'scripts/verify',
  'Migrates volumes between real LVM and NFS backends on poisoned storage, checks every byte, and says whether the rule holds.',
  [
    ['scripts/verify', 'the whole matrix'],
    ['scripts/verify --only host/lvm-thin', 'the cells whose id begins so'],
    ['scripts/verify --only table/full,table/sparse', "the spec's own table"],
    ['scripts/verify --break always-sparse', 'see the harness catch a broken rule'],
  ],
)
  .addOption(new Option('--machine <kind>', 'where to run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .option('--only <ids>', 'cells by id, or by the leading parts of it; several with commas')
  .addOption(new Option('--seed <number>', 'repeats a run').argParser(parseSeed))
  .option('--out <folder>', 'where result.json and junit.xml go', 'reports')
  .option('--strict', 'a cell that is not shown fails the run (exit code 1)')
  .option('--keep', 'stop at the first cell that is not upheld, with its storage as it is, and take commands')
  .option('--plain', 'no colours, no progress bar')
  .option('--list', 'print the ids of the cells and end')
  .addOption(new Option('--break <rule>', 'break the rule on purpose: the run must turn red').choices(brokenRuleNames))

await runMain(async () => {
  const options = command.parse().opts<Options>()
  const cells = chooseCells(options.only)
  if (options.list) {
    console.log(cells.map(({ id }) => id).join('\n'))
    return EXIT.upheld
  }
  const say = (line: string) => console.error(line)
  await prepareFolder(options.out)
  const { removed, failed } = await sweep(await findRuns())
  for (const what of failed) say(`left by a killed run, and not removed: ${what}`)
  for (const what of removed) say(`cleared away what a killed run left: ${what}`)
  const machine = await prepareMachine(options.machine, say)

  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      say(`${signal}: clearing up`)
      stop.abort()
    })
  }
  const progress = showProgress(cells.length, options.plain === true)
  const result = await verify({
    cells,
    machine,
    seed,
    version,
    signal: stop.signal,
    tell: progress.tell,
    repeat: ({ id }) =>
      ['scripts/verify', '--machine', machine, '--only', id, '--seed', seed, ...(options.break ? ['--break', options.break] : [])].join(
        ' ',
      ),
    ...(options.break !== undefined && { brokenRule: options.break }),
    ...(options.keep && {
      machines: 1,
      keepWreck: async (bench, cell) => {
        progress.stop()
        await enterWreck(bench, cell)
        stop.abort()
      },
    }),
  }).finally(progress.stop)

  process.stdout.write(terminalReport(result, !options.plain && process.stdout.isTTY === true && process.env.NO_COLOR === undefined))
  for (const [file, text] of Object.entries({ [RESULT_FILE]: `${JSON.stringify(result, null, 1)}\n`, [JUNIT_FILE]: junitOf(result) })) {
    await writeFile(join(options.out, file), text)
    console.log(`  ${join(options.out, file)}`)
  }
  return exitCode(result, stop.signal.aborted, options.strict === true)
})

/** A run that was stopped has shown nothing, whatever its first cells said; only a refutation stands. */
function exitCode({ verdict, counts }: Result, stopped: boolean, strict: boolean): number {
  if (verdict === 'refuted') return EXIT.refuted
  if (verdict === 'broken' || stopped) return EXIT.broken
  if (verdict === 'not-shown') return strict || counts.upheld === 0 ? EXIT.refuted : EXIT.upheld
  return EXIT.upheld
}

/** Fails before the run, not after it. */
async function prepareFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.W_OK)
    // What an earlier run found must not be taken for what this one finds.
    for (const file of [RESULT_FILE, JUNIT_FILE]) await rm(join(path, file), { force: true })
  } catch (error) {
    throw new UsageError(`--out: nothing can be written to ${path}: ${messageOf(error)}`)
  }
}

function chooseCells(only: string | undefined): readonly Cell[] {
  if (only === undefined) return allCells
  const wanted = only.split(',').map((id) => id.trim())
  const unknown = wanted.filter((id) => !allCells.some((cell) => matches(cell, id)))
  if (unknown.length > 0) throw new UsageError(`--only: no cell is called ${unknown.join(' or ')}; scripts/verify --list prints them all`)
  return allCells.filter((cell) => wanted.some((id) => matches(cell, id)))
}

function matches({ id }: Cell, wanted: string): boolean {
  return id === wanted || id.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`)
}

function parseSeed(text: string): number {
  const seed = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) throw new UsageError(`--seed: '${text}' is not a whole number of 0 or more`)
  return seed
}

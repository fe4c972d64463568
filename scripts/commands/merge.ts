import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import { notShownCopy } from '../../harness/explore/run_copies.ts'
import { traps } from '../../harness/explore/traps.ts'
import { mergeResults, type Part, type StandIns } from '../../harness/result/merge.ts'
import { allCells, cellsOnRequest } from '../../harness/verify/cell.ts'
import { notShown } from '../../harness/verify/run_cells.ts'
import { newCommand, runnable } from '../lib/cli/command.ts'
import { addReportOptions, machineWords } from '../lib/cli/options.ts'
import { repeatVerify } from '../lib/cli/repeat_verify.ts'
import { reportRun } from '../lib/output/report_run.ts'
import { COUNTEREXAMPLES, prepareFolder, RESULT_FILE } from '../lib/output/result_folder.ts'
import { readBaseline, readResult } from '../lib/read/result.ts'

const command = addReportOptions(
  newCommand(
    'merge',
    'Merges the results of the shards of a run. The report and the exit code are those that the run would have had without shards.',
    [
      ['merge shard-*', 'merge the folders that the shards wrote with --out'],
      ['merge shards', 'merge all results in a folder'],
      ['merge --allow-missing shard-*', 'merge although a shard is missing; the run is then not upheld'],
    ],
  )
    .argument('<shard...>', 'folders with a result, a folder that holds such folders, or result files')
    .option('--allow-missing', 'merge although shards are missing: their part is not shown (exit code 1)'),
  'anything',
)

export default runnable(command, async () => {
  const options = command.parse().opts()
  const [paths] = command.processedArgs
  const shards = findShards(paths, options.out)
  const parts: Part[] = []
  for (const { name } of shards) parts.push({ name, result: await readResult(name) })
  const merged = mergeResults(parts, options.allowMissing ? standInsFor(parts) : undefined)
  if (merged.kind !== 'merged') {
    const hint = merged.kind === 'incomplete' ? ['(--allow-missing merges the others; the missing part is then not shown)'] : []
    throw new UsageError(['These results cannot be merged:', ...merged.why, ...hint].join('\n  '))
  }
  const baseline = await readBaseline(options.baseline)
  await prepareFolder(options.out)
  for (const { folder } of shards) await copyCounterexamples(folder, options.out)
  return reportRun(merged.result, { ...options, baseline })
})

/** A shard's result, as the user named it (a folder or a file), and the folder that contains it. */
interface FoundShard {
  readonly name: string
  readonly folder: string
}

/** Finds the results below these paths. Throws UsageError if there are none, or if writing to `out` would overwrite one. */
export function findShards(paths: readonly string[], out: string): FoundShard[] {
  const shards = paths.flatMap(resultsIn).map((name) => ({ name, folder: statSync(name).isDirectory() ? name : dirname(name) }))
  const taken = existsSync(out) ? realpathSync(out) : undefined
  if (shards.some(({ folder }) => realpathSync(folder) === taken))
    throw new UsageError(`--out: ${out} is one of the shards. Choose another folder.`)
  return shards
}

/** Copies the counterexamples of a shard, and the bundles of modules that they need. */
export async function copyCounterexamples(shard: string, out: string): Promise<void> {
  const folder = join(shard, COUNTEREXAMPLES)
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  // A shard may come from an untrusted job, and a link in it may point anywhere.
  const isOwn = (path: string) => lstatSync(path).isDirectory() || lstatSync(path).isFile()
  await cp(folder, join(out, COUNTEREXAMPLES), { recursive: true, filter: isOwn })
}

/** The path of a result, or of every result in a folder. Throws UsageError if there is none. */
function resultsIn(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`${path} does not exist`)
  if (!statSync(path).isDirectory() || existsSync(join(path, RESULT_FILE))) return [path]
  const folders = readdirSync(path).map((name) => join(path, name))
  const results = folders.filter((folder) => existsSync(join(folder, RESULT_FILE)))
  if (results.length === 0) throw new UsageError(`${path} contains no ${RESULT_FILE}, and no folder with one`)
  return results.toSorted()
}

/** Entries for the cells and copies of a missing shard. They are to be repeated on the machine that the other shards ran on. */
function standInsFor(parts: readonly Part[]): StandIns {
  const { seed = 0, brokenRule, machines: [{ kind: machine } = { kind: 'uml' as const }] = [] } = parts[0]?.result ?? {}
  const repeat = ({ id }: { readonly id: string }) =>
    repeatVerify(id, { machine: machineWords({ kind: machine }, undefined), seed, brokenRule })
  return {
    cell: (id, reason) => {
      const cell = [...allCells, ...cellsOnRequest].find((some) => some.id === id)
      return cell && notShown(cell, reason, repeat(cell))
    },
    copy: (id, reason) => {
      const trap = traps.find((some) => some.id === id)
      return trap && notShownCopy(trap, reason, { repeat })
    },
  }
}

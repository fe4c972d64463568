import { existsSync, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import { notShownCopy } from '../../harness/explore/run_copies.ts'
import { traps } from '../../harness/explore/traps.ts'
import { mergeResults, type Part, type StandIns } from '../../harness/result/merge.ts'
import { allCells } from '../../harness/verify/cell.ts'
import { notShown } from '../../harness/verify/run_cells.ts'
import { baselineOption, readBaseline } from '../lib/baseline.ts'
import { newCommand, runnable } from '../lib/command.ts'
import { readResult } from '../lib/read_result.ts'
import { repeatVerify } from '../lib/repeat_verify.ts'
import { COUNTEREXAMPLES, prepareFolder, quietOption, RESULT_FILE, report, summaryOption } from '../lib/run.ts'

interface Options {
  out: string
  allowMissing?: boolean
  strict?: boolean
  summary?: string
  baseline?: string
  plain?: boolean
  quiet?: boolean
}

const command = newCommand(
  'merge',
  'Makes one result of the results of a run in shards, with the report and the exit code that the run without shards would have.',
  [
    ['merge shard-*', 'the folders that the shards wrote with --out'],
    ['merge shards', 'all that are in a folder'],
    ['merge --allow-missing shard-*', 'what a missing shard had is not shown, and the run not upheld'],
  ],
)
  .argument('<shard...>', 'the folders of the results, a folder that holds them, or the files')
  .option('--out <folder>', 'where the result and its reports go', 'reports')
  .option('--allow-missing', 'merge also where shards are missing: what they had is not shown (exit code 1)')
  .addOption(summaryOption())
  .addOption(baselineOption())
  .option('--strict', 'what is not shown fails the run (exit code 1)')
  .option('--plain', 'no colours')
  .addOption(quietOption())

export default runnable(command, async () => {
  command.parse()
  const options = command.opts<Options>()
  const shards = findShards(command.args, options.out)
  const parts: Part[] = []
  for (const { name } of shards) parts.push({ name, result: await readResult(name) })
  const merged = mergeResults(parts, options.allowMissing ? standInsFor(parts) : undefined)
  if (merged.kind !== 'merged') {
    const hint = merged.kind === 'incomplete' ? ['(--allow-missing merges what is there; the rest is not shown then)'] : []
    throw new UsageError(['these results make no whole run:', ...merged.why, ...hint].join('\n  '))
  }
  const baseline = await readBaseline(options.baseline)
  await prepareFolder(options.out)
  for (const { folder } of shards) await copyCounterexamples(folder, options.out)
  return report(merged.result, { ...options, baseline })
})

/** A shard's result as it was named, a folder or a file, and the folder that it lies in. */
interface FoundShard {
  readonly name: string
  readonly folder: string
}

/** Throws UsageError where there are no results, or where writing to `out` would overwrite one. */
export function findShards(paths: readonly string[], out: string): FoundShard[] {
  const shards = paths.flatMap(resultsIn).map((name) => ({ name, folder: statSync(name).isDirectory() ? name : dirname(name) }))
  const taken = existsSync(out) ? realpathSync(out) : undefined
  if (shards.some(({ folder }) => realpathSync(folder) === taken))
    throw new UsageError(`--out: ${out} is one of the shards; name another folder`)
  return shards
}

/** A module's counterexample needs the module's bundle beside it. */
export async function copyCounterexamples(shard: string, out: string): Promise<void> {
  const folder = join(shard, COUNTEREXAMPLES)
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  // A shard may come from a job that nobody trusts, and a link in it lead anywhere.
  const isOwn = (path: string) => lstatSync(path).isDirectory() || lstatSync(path).isFile()
  await cp(folder, join(out, COUNTEREXAMPLES), { recursive: true, filter: isOwn })
}

/** The folder of a result, or all the folders of results that it holds. Throws UsageError where it is neither. */
function resultsIn(path: string): string[] {
  if (!existsSync(path)) throw new UsageError(`there is no ${path}`)
  if (!statSync(path).isDirectory() || existsSync(join(path, RESULT_FILE))) return [path]
  const folders = readdirSync(path).map((name) => join(path, name))
  const results = folders.filter((folder) => existsSync(join(folder, RESULT_FILE)))
  if (results.length === 0) throw new UsageError(`${path} holds no ${RESULT_FILE}, nor a folder that does`)
  return results.toSorted()
}

/** What is known of the cells and copies of a missing shard; the machine to repeat them on is that of the others. */
function standInsFor(parts: readonly Part[]): StandIns {
  const { seed = 0, brokenRule, machines: [{ kind: machine } = { kind: 'uml' as const }] = [] } = parts[0]?.result ?? {}
  const repeat = ({ id }: { readonly id: string }) => repeatVerify(id, { machine, seed, brokenRule })
  return {
    cell: (id, reason) => {
      const cell = allCells.find((some) => some.id === id)
      return cell && notShown(cell, reason, repeat(cell))
    },
    copy: (id, reason) => {
      const trap = traps.find((some) => some.id === id)
      return trap && notShownCopy(trap, reason, { repeat })
    },
  }
}

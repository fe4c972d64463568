import { join } from 'node:path'
import { type CinderResult, outcomeOf } from '../../harness/cinder/result.ts'
import { ROWS } from '../../harness/cinder/row.ts'
import { runCinder } from '../../harness/cinder/run_cinder.ts'
import { tableOf } from '../../harness/cinder/table.ts'
import { UsageError } from '../../harness/errors.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { isMeant, parseOnly } from '../lib/cli/only.ts'
import { kernelOption, newSeed, onlyOption, seedOption } from '../lib/cli/options.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { makeOutFolder, writeOutFile } from '../lib/output/out.ts'
import { bringCinder } from '../lib/setup/cinder.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'
import { bringCinderSystem } from '../lib/setup/whole_cinder.ts'

const DEFAULT_RELEASE = '29'
const RESULT_FILE = 'cinder.json'

const command = newCommand(
  'cinder',
  'Runs the whole of OpenStack Cinder, unmodified, in a guest of User-Mode Linux on poisoned LVM and NFS, asks it for migrations and retypes over REST, and checks every byte (docs/whole-cinder.md).',
  [
    ['cinder', 'all rows on one release'],
    ['cinder --cinder 29,26 --only host,driver', 'the pairs of storage on two releases'],
    ['cinder --only retype', 'what lands on an encrypted volume'],
  ],
  ['0 all intact', '1 corrupt or failed', '2 bad usage', '3 broken lab'],
)
  .option('--cinder <versions>', 'releases of Cinder that Debian packages, separated by commas', DEFAULT_RELEASE)
  .addOption(onlyOption('row'))
  .option('--list', 'list the rows and exit')
  .addOption(seedOption())
  .addOption(kernelOption())
  .option('--out <folder>', 'where the result and the logs of Cinder go', 'reports/cinder')
  .option('--plain', 'print no progress')

export default runnable(command, async () => {
  const { cinder, only, list, seed = newSeed(), kernel, out, plain } = command.parse().opts()
  const ids = ROWS.map(({ id }) => id)
  if (list) {
    console.log(ids.join('\n'))
    return EXIT.upheld
  }
  const wanted = only === undefined ? ids : parseOnly(only, ids, 'row', 'cinder')
  const rows = ROWS.filter(({ id }) => wanted.some((some) => isMeant(id, some)))
  const versions = parseVersions(cinder)
  await makeOutFolder('--out', out, [RESULT_FILE])
  const log = (line: string) => console.error(line)
  await prepareMachine('uml', kernel, log)
  const { signal } = stopOnSignals()
  const results: CinderResult[] = []
  for (const asked of versions) {
    const release = await bringCinder(asked, log)
    const system = await bringCinderSystem(release, log)
    const result = await runCinder({
      ...{ version: release.version, cinder: release.folder, system, rows, seed, signal, log },
      ...(kernel !== undefined && { kernel }),
      logFile: join(out, `cinder-${release.version}.log`),
      onRow: ({ id, verdict, seconds }) => {
        if (!plain) log(`${release.version}  ${id}  ${verdict}  ${seconds} s`)
      },
    })
    results.push(result)
    console.log(tableOf(result))
    await writeOutFile('--out', join(out, RESULT_FILE), `${JSON.stringify(results, null, 2)}\n`)
  }
  return EXIT[outcomeOf(results)]
})

function parseVersions(text: string): string[] {
  const versions = text.split(',').map((version) => version.trim())
  const wrong = versions.find((version) => !/^\d+(\.\d+)*$/.test(version))
  if (wrong !== undefined) throw new UsageError(`--cinder must be versions such as 29 or 21.3.1, not '${wrong}'`)
  return [...new Set(versions)]
}

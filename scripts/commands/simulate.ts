import { join, relative } from 'node:path'
import { dir } from 'tmp-promise'
import { UsageError } from '../../harness/errors.ts'
import { openNative } from '../../harness/machine/native.ts'
import { assetPath, commandLine } from '../../harness/paths.ts'
import { forecastPage } from '../../harness/report/html/forecast_page.ts'
import { forecastReport } from '../../harness/report/terminal/forecast.ts'
import type { Forecast } from '../../harness/result/forecast.ts'
import { type Fleet, readFleet } from '../../harness/simulate/fleet.ts'
import { type FleetFile, reserveSchema } from '../../harness/simulate/fleet_file.ts'
import { forecastOf, readLvm, withPlan, withReserve } from '../../harness/simulate/plan.ts'
import { EXIT, newCommand, runnable, version } from '../lib/cli/command.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { makeOutFolder, writeOutFile } from '../lib/output/out.ts'
import { createLogger, hasColours } from '../lib/output/terminal.ts'
import { readJson } from '../lib/read/json.ts'
import { setUp } from '../lib/setup/setup.ts'

const command = newCommand(
  'simulate',
  'Forecasts from a model how much of every pool a plan of migrations takes, without touching storage. Refuses a plan that would exhaust a pool.',
  [
    [`simulate ${relative('', assetPath('examples/spec.fleet.json'))}`, "forecast the spec's own example"],
    ['simulate plan.json --out forecast', 'write forecast.json and forecast.html too'],
    ['simulate plan.json --reserve 20%', 'demand that a fifth of each pool stays free'],
    ['simulate - < plan.json', 'read the plan from standard input'],
    ['simulate --from-lvm vg1 vg2', "print this machine's pools and volumes, as a fleet file to fill in"],
    ['simulate --from-lvm --maps --plan plan.json', 'forecast a plan for this machine, exactly'],
  ],
  ['0 the plan fits', '1 it does not', '2 bad usage or input', '3 LVM cannot be read'],
)
  .argument('[file...]', 'pools, volumes and migrations, as in fleet.schema.json; - is standard input')
  .option('--out <folder>', 'write forecast.json and forecast.html there')
  .option('--from-lvm [groups...]', "read all or some of this machine's volume groups; needs root")
  .option('--maps', 'with --from-lvm: read the chunks of each thin volume, for an exact forecast')
  .option('--plan <file>', 'with --from-lvm: the migrations to forecast, with claims and bandwidths of the pools, and other pools')
  .option('--reserve <space>', 'refuse a plan that leaves less free in a pool; "20%" or "50GiB", for pools that give no reserve')
  .option('--plain', 'no colours')

export default runnable(command, async () => {
  const options = command.parse().opts()
  const input = await readInput(command.processedArgs[0] ?? [], options)
  if (input.kind === 'fleet file') {
    console.log(JSON.stringify(input.value, null, 1))
    return EXIT.upheld
  }
  const forecast = forecastOf(input.fleet, version)
  process.stdout.write(forecastReport(forecast, hasColours(options.plain)))
  if (options.out !== undefined) await write(forecast, options.out)
  return forecast.verdict === 'fits' ? EXIT.upheld : EXIT.refuted
})

type Options = ReturnType<typeof command.opts>
type Input = { kind: 'plan'; fleet: Fleet } | { kind: 'fleet file'; value: Pick<FleetFile, 'pools' | 'volumes'> }

export async function readInput(files: readonly string[], { fromLvm, plan, maps, out, reserve }: Options): Promise<Input> {
  if (reserve !== undefined) demandReserve(reserve)
  const [file] = files
  const nameOf = (path: string) => (path === '-' ? 'standard input' : path)
  if (fromLvm === undefined) {
    if (plan !== undefined || maps !== undefined)
      throw new UsageError(`${maps ? '--maps' : '--plan'} needs --from-lvm. Without it, give the plan as the argument.`)
    if (files.length > 1) throw new UsageError(`give one fleet file, not ${files.length}: ${files.join(', ')}`)
    if (file === undefined) throw new UsageError(`give a fleet file or --from-lvm. Run ${commandLine('simulate')} --help for examples.`)
    return { kind: 'plan', fleet: readFleet(withReserve(await readJson(file), reserve), nameOf(file)) }
  }
  if (file !== undefined) throw new UsageError(misplaced(files, fromLvm === true ? [] : fromLvm))
  if (plan === undefined && (out !== undefined || reserve !== undefined))
    throw new UsageError(`${out !== undefined ? '--out' : '--reserve'} needs a forecast: add --plan`)
  const planned = plan === undefined ? undefined : { value: await readJson(plan), name: nameOf(plan) }
  const read = await readThisMachine(fromLvm === true ? [] : fromLvm, maps === true)
  if (planned === undefined) return { kind: 'fleet file', value: read }
  return { kind: 'plan', fleet: readFleet(withReserve(withPlan(read, planned.value), reserve), planned.name) }
}

function demandReserve(reserve: string): void {
  const { error } = reserveSchema.safeParse(reserve)
  if (error !== undefined) throw new UsageError(`--reserve: ${error.issues.map(({ message }) => message).join('; ')}`)
}

/** Volume groups that follow another option look like files to the command line. */
function misplaced(files: readonly string[], groups: readonly string[]): string {
  const which = files.join(' ')
  return [
    `${which} cannot be used with --from-lvm, which takes the place of a fleet file.`,
    `  For volume groups, write them right after the option: --from-lvm ${[...groups, ...files].join(' ')}`,
    `  For a plan, write: --plan ${files[0] ?? ''}`,
  ].join('\n')
}

async function readThisMachine(groups: readonly string[], maps: boolean): Promise<Pick<FleetFile, 'pools' | 'volumes'>> {
  await setUp(['storage'], createLogger({}))
  const { signal } = stopOnSignals()
  const folder = await dir({ prefix: 'holeproof-', unsafeCleanup: true })
  try {
    return await readLvm(openNative('native', folder.path), groups, { maps, signal })
  } finally {
    await folder.cleanup()
  }
}

async function write(forecast: Forecast, out: string): Promise<void> {
  const files = { 'forecast.json': `${JSON.stringify(forecast)}\n`, 'forecast.html': forecastPage(forecast) }
  await makeOutFolder('--out', out)
  for (const [name, text] of Object.entries(files)) {
    await writeOutFile('--out', join(out, name), text)
    console.log(`  ${join(out, name)}`)
  }
}

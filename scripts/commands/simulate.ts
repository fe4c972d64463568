import { join, relative } from 'node:path'
import { dir } from 'tmp-promise'
import { UsageError } from '../../harness/errors.ts'
import { openNative } from '../../harness/machine/native.ts'
import { assetPath, commandLine } from '../../harness/paths.ts'
import { forecastPage } from '../../harness/report/html/forecast_page.ts'
import { forecastReport } from '../../harness/report/terminal/forecast.ts'
import type { Forecast } from '../../harness/result/forecast.ts'
import { type Fleet, readFleet } from '../../harness/simulate/fleet.ts'
import type { FleetFile } from '../../harness/simulate/fleet_file.ts'
import { forecastOf, readLvm, withPlan } from '../../harness/simulate/plan.ts'
import { EXIT, newCommand, runnable, version } from '../lib/command.ts'
import { makeOutFolder, writeOutFile } from '../lib/out.ts'
import { readJson } from '../lib/read_json.ts'
import { createLogger, hasColours, stopOnSignals } from '../lib/run.ts'
import { setUp } from '../lib/setup.ts'

interface Options {
  out?: string
  plain?: boolean
  fromLvm?: true | string[]
  plan?: string
  maps?: boolean
}

const command = newCommand(
  'simulate',
  'Forecasts what a plan of migrations will take of every pool, from a model, without touching storage. Refuses a plan that would exhaust one.',
  [
    [`simulate ${relative('', assetPath('examples/spec.fleet.json'))}`, "the spec's own example"],
    ['simulate plan.json --out forecast', 'the same with forecast.json and forecast.html'],
    ['simulate - < plan.json', 'the plan from standard input'],
    ['simulate --from-lvm vg1 vg2', "this machine's pools and volumes, as a fleet file to fill in"],
    ['simulate --from-lvm --maps --plan plan.json', 'forecast at once, exactly: a plan of claims and migrations'],
  ],
)
  .argument('[file]', 'pools, volumes and migrations, in the shape of fleet.schema.json; - is standard input')
  .option('--out <folder>', 'write forecast.json and forecast.html there')
  .option('--from-lvm [groups...]', "begin with this machine's volume groups, all or these; needs root")
  .option('--maps', 'with --from-lvm: read which chunks each thin volume has, for an exact forecast')
  .option('--plan <file>', 'with --from-lvm: what to forecast: claims and bandwidths of its pools, other pools, migrations')
  .option('--plain', 'no colours')

export default runnable(command, async () => {
  const options = command.parse().opts<Options>()
  const input = await readInput(command.args[0], options)
  if (input.kind === 'fleet file') {
    console.log(JSON.stringify(input.value, null, 1))
    return EXIT.upheld
  }
  const forecast = forecastOf(input.fleet, version)
  process.stdout.write(forecastReport(forecast, hasColours(options.plain)))
  if (options.out !== undefined) await write(forecast, options.out)
  return forecast.verdict === 'fits' ? EXIT.upheld : EXIT.refuted
})

type Input = { kind: 'plan'; fleet: Fleet } | { kind: 'fleet file'; value: Pick<FleetFile, 'pools' | 'volumes'> }

async function readInput(file: string | undefined, { fromLvm, plan, maps = false, out }: Options): Promise<Input> {
  const nameOf = (path: string) => (path === '-' ? 'standard input' : path)
  if (fromLvm === undefined) {
    if (plan !== undefined || maps)
      throw new UsageError(`${maps ? '--maps' : '--plan'} goes with --from-lvm; give a plan without it as the argument`)
    if (file === undefined) throw new UsageError(`give a fleet file, or --from-lvm; ${commandLine('simulate')} --help shows how`)
    return { kind: 'plan', fleet: readFleet(await readJson(file), nameOf(file)) }
  }
  if (file !== undefined) throw new UsageError(`--from-lvm takes the place of ${file}; give a plan with --plan`)
  if (plan === undefined && out !== undefined) throw new UsageError('--out keeps a forecast, which --from-lvm gives with --plan')
  const planned = plan === undefined ? undefined : { value: await readJson(plan), name: nameOf(plan) }
  const read = await readThisMachine(fromLvm === true ? [] : fromLvm, maps)
  if (planned === undefined) return { kind: 'fleet file', value: read }
  return { kind: 'plan', fleet: readFleet(withPlan(read, planned.value), planned.name) }
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

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, UsageError } from '../../harness/machine/errors.ts'
import { readFleet } from '../../harness/model/fleet/fleet.ts'
import { forecastPage } from '../../harness/report/forecast_page.ts'
import { forecastReport } from '../../harness/report/forecast_table.ts'
import type { Forecast } from '../../harness/result/forecast.ts'
import { EXIT, newCommand, runMain } from '../lib/command.ts'
import { forecastOf, readJson } from '../lib/fleet.ts'

interface Options {
  out?: string
  plain?: boolean
}

const command = newCommand(
  'scripts/simulate',
  'Forecasts what a plan of migrations will take of every pool, from a model, without touching storage. Refuses a plan that would exhaust one.',
  [
    ['scripts/simulate examples/spec.fleet.json', "the spec's own example"],
    ['scripts/simulate plan.json --out forecast', 'the same with forecast.json and forecast.html'],
    ['scripts/simulate - < plan.json', 'the plan from standard input'],
  ],
)
  .argument('<file>', 'pools, volumes and migrations, in the shape of fleet.schema.json; - is standard input')
  .option('--out <folder>', 'write forecast.json and forecast.html there')
  .option('--plain', 'no colours')

await runMain(async () => {
  const { out, plain } = command.parse().opts<Options>()
  const [file = '-'] = command.args
  const forecast = forecastOf(readFleet(await readJson(file), file === '-' ? 'standard input' : file))
  process.stdout.write(forecastReport(forecast, plain !== true && process.stdout.isTTY === true && process.env.NO_COLOR === undefined))
  if (out !== undefined) await write(forecast, out)
  return forecast.verdict === 'fits' ? EXIT.upheld : EXIT.refuted
})

async function write(forecast: Forecast, out: string): Promise<void> {
  const files = { 'forecast.json': `${JSON.stringify(forecast)}\n`, 'forecast.html': forecastPage(forecast) }
  try {
    await mkdir(out, { recursive: true })
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(out, name), text)
      console.log(`  ${join(out, name)}`)
    }
  } catch (error) {
    throw new UsageError(`--out: nothing can be written to ${out}: ${messageOf(error)}`)
  }
}

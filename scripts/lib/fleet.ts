import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, UsageError } from '../../harness/machine/errors.ts'
import { decideCopyMode } from '../../harness/migration/rule.ts'
import type { Fleet } from '../../harness/model/fleet/fleet.ts'
import { forecast, type Permission } from '../../harness/model/fleet/forecast.ts'
import type { Forecast } from '../../harness/result/forecast.ts'
import { version } from './command.ts'

/** Reads a JSON file, `-` being standard input. Throws UsageError when there is none, or it is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  const what = file === '-' ? 'standard input' : file
  let json: string
  try {
    json = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`${what} cannot be read: ${messageOf(error)}`)
  }
  try {
    return JSON.parse(json)
  } catch (error) {
    throw new UsageError(`${what} is no JSON: ${messageOf(error)}`)
  }
}

/** What the rule says of a new volume of a pool whose driver answers so; undefined: it answers without a claim. */
export function permit(claims: unknown): Permission {
  const report = claims === undefined ? {} : { sparse_copy_volume: claims }
  const { mode, reason } = decideCopyMode({ kind: 'answered', report }, { origin: 'new', layers: [] })
  return { sparse: mode === 'sparse', reason }
}

export function forecastOf(fleet: Fleet): Forecast {
  return { schema: 'holeproof-forecast-1', version, ...forecast(fleet, permit) }
}

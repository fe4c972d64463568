import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { overriding, type VolumeDriver } from '../drivers/driver.ts'
import { SHIPPED_KEY } from '../migration/capabilities.ts'
import { serveDriver } from '../migration/volume_service.ts'
import type { Line } from '../rpc/json_rpc.ts'
import type { Misanswer } from './cell.ts'

/** How long the asker waits in these cells, in seconds: short, because two of them wait it out. */
export const MISANSWER_ASK_SECONDS = 1
const LATE_SECONDS = 2

/** Serves a driver that is sound but for its answer to get_capabilities. */
export function serveMisanswering(driver: VolumeDriver, misanswer: Misanswer, line: Line): void {
  if (misanswer === 'garbage') serveGarbage(driver, line)
  else serveDriver(overriding(driver, { getCapabilities: ANSWERS[misanswer] }), line)
}

const ANSWERS: Record<Exclude<Misanswer, 'garbage'>, () => Promise<unknown>> = {
  'string-true': async () => ({ [SHIPPED_KEY]: 'True' }),
  'string-false': async () => ({ [SHIPPED_KEY]: 'False' }),
  error: async () => {
    throw new Error('the backend cannot be reached')
  },
  silence: () => new Promise(() => {}),
  'late-true': async () => {
    await sleep(LATE_SECONDS * 1000, undefined, { ref: false })
    return { [SHIPPED_KEY]: true }
  },
}

function serveGarbage(driver: VolumeDriver, line: Line): void {
  const honest = new PassThrough()
  serveDriver(driver, { input: line.input, output: honest })
  honest.on('data', (answer: Buffer) => line.output.write(answer.includes(SHIPPED_KEY) ? '<html>502 Bad Gateway</html>\n' : answer))
}

import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageBackend } from '../drivers/backend.ts'
import type { Backend } from '../migration/volume.ts'
import { SHIPPED_KEY } from '../protocol/capabilities.ts'
import { overriding, type VolumeDriver } from '../protocol/driver.ts'
import { type Line, makeLine } from '../protocol/json_rpc.ts'
import { connectService, DEFAULT_LIMITS, serveDriver } from '../protocol/volume_service.ts'
import type { FaultyAnswer } from './cell.ts'

/** How long the asker waits in these cells, in seconds. */
const ASK_SECONDS = 1
/** How long it waits for an answer that does not come in time, which is waited out. */
const IN_VAIN_SECONDS = 0.2
const LATE_SECONDS = 0.6

/** Puts a backend behind a volume service that is sound but for its answer to get_capabilities. */
export function serveFaulty({ name, driver }: StorageBackend, faultyAnswer: FaultyAnswer): Backend {
  const [there, here] = makeLine()
  if (faultyAnswer === 'garbage') serveGarbage(driver, there)
  else serveDriver(overriding(driver, { getCapabilities: ANSWERS[faultyAnswer] }), there)
  const inVain = faultyAnswer === 'silence' || faultyAnswer === 'late-true'
  return { name, service: connectService(here, { ...DEFAULT_LIMITS, askSeconds: inVain ? IN_VAIN_SECONDS : ASK_SECONDS }) }
}

const ANSWERS: Record<Exclude<FaultyAnswer, 'garbage'>, () => Promise<unknown>> = {
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

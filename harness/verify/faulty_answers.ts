import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageBackend } from '../drivers/backend.ts'
import type { Lab } from '../lab/lab.ts'
import type { Backend } from '../migration/volume.ts'
import { SHIPPED_KEY, WELL_DEFINED_PROPERTY } from '../protocol/capabilities.ts'
import { overriding, type VolumeDriver } from '../protocol/driver.ts'
import { type Line, makeLine } from '../protocol/json_rpc.ts'
import { capabilitiesBody } from '../protocol/rest/capabilities_body.ts'
import { overRest, type RestClientParts, soundRestClient } from '../protocol/rest/client.ts'
import { type Listening, listen } from '../protocol/rest/listen.ts'
import { listenForClients, PROJECT } from '../protocol/rest/volume_api.ts'
import { connectService, DEFAULT_LIMITS, serveDriver } from '../protocol/volume_service.ts'
import { MiB } from '../units.ts'
import type { FaultyAnswer, Question } from './cell.ts'

/** How long the asker waits in these cells, in seconds. */
const ASK_SECONDS = 1
/** How long it waits for an answer that does not come in time, which is waited out. */
const IN_VAIN_SECONDS = 0.2
const LATE_SECONDS = 0.6
const IN_VAIN: ReadonlySet<FaultyAnswer | undefined> = new Set<FaultyAnswer>(['silence', 'late-true', 'slow-body'])

/** The driver's own faults, which come over either transport; the others are those of the transport. */
type DriverFault = FaultyAnswer<'json-rpc'> & FaultyAnswer<'rest'>
type LineFault = Exclude<FaultyAnswer<'json-rpc'>, DriverFault>
type HttpFault = Exclude<FaultyAnswer<'rest'>, DriverFault>

/** Puts a backend behind a volume service that is asked over a transport, and is sound but for its answer to get_capabilities. */
export async function serveAsked(
  lab: Lab,
  backend: StorageBackend,
  { transport, faultyAnswer }: Question,
  restClient: Partial<RestClientParts> = {},
): Promise<Backend> {
  const seconds = IN_VAIN.has(faultyAnswer) ? IN_VAIN_SECONDS : ASK_SECONDS
  const { name, kind } = backend
  const driver = faultyAnswer !== undefined && isOf(ANSWERS, faultyAnswer) ? answering(backend.driver, faultyAnswer) : backend.driver
  const [there, here] = makeLine()
  if (faultyAnswer !== undefined && isOf(LINES, faultyAnswer)) LINES[faultyAnswer](driver, there)
  else serveDriver(driver, there)
  if (transport === 'json-rpc') return { name, service: connectService(here, { ...DEFAULT_LIMITS, askSeconds: seconds }) }

  const service = connectService(here, { ...DEFAULT_LIMITS, askSeconds: ASK_SECONDS })
  const host = `holeproof@${kind}`
  let api: Listening | undefined
  const { url } = await lab.own(
    `the volume API of ${name}`,
    async () => {
      api =
        faultyAnswer !== undefined && isOf(RESPONSES, faultyAnswer)
          ? await listenFaultily(host, faultyAnswer)
          : await listenForClients([{ host, pool: kind, getCapabilities: () => service.getCapabilities() }])
      return api
    },
    async () => api?.close(),
  )
  return { name, service: overRest(service, { endpoint: `${url}/v3/${PROJECT}`, host }, { ...soundRestClient, seconds, ...restClient }) }
}

const ANSWERS: Record<DriverFault, () => Promise<unknown>> = {
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

function answering(driver: VolumeDriver, fault: DriverFault): VolumeDriver {
  return overriding(driver, { getCapabilities: ANSWERS[fault] })
}

const LINES: Record<LineFault, (driver: VolumeDriver, line: Line) => void> = {
  garbage: (driver, line) => {
    const honest = new PassThrough()
    serveDriver(driver, { input: line.input, output: honest })
    honest.on('data', (answer: Buffer) => line.output.write(answer.includes(SHIPPED_KEY) ? '<html>502 Bad Gateway</html>\n' : answer))
  },
}

/** An HTTP response for a host, all but one thing of it as it should be: most carry a true that must not count. */
type Respond = (response: ServerResponse, host: string, path: string) => void

const RESPONSES: Record<HttpFault, Respond> = {
  'property-only': (response, host) => {
    const properties = { [WELL_DEFINED_PROPERTY]: { type: 'boolean', default: true } }
    json(response, JSON.stringify({ ...capabilitiesBody(host, {}), properties }))
  },
  unauthorized: (response, host) => json(response, claiming(host), 401),
  redirect: (response, host, path) => {
    if (path === ELSEWHERE) json(response, claiming(host))
    else response.writeHead(302, { location: ELSEWHERE }).end()
  },
  'other-host': (response, host) => json(response, claiming(`${host}-other`)),
  'html-page': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in to the proxy first</html>'),
  'truncated-json': (response, host) => json(response, claiming(host).slice(0, -1)),
  'huge-body': (response, host) => json(response, claiming(host, 'x'.repeat(2 * MiB))),
  'hang-up': (response) => response.destroy(),
  'slow-body': (response, host) => {
    const text = claiming(host)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(text.slice(0, 1))
    setTimeout(() => response.end(text.slice(1)), LATE_SECONDS * 1000).unref()
  },
}

const ELSEWHERE = '/elsewhere'

function listenFaultily(host: string, fault: HttpFault): Promise<Listening> {
  return listen(createServer(({ url = '' }: IncomingMessage, response) => RESPONSES[fault](response, host, url)))
}

function json(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

function claiming(host: string, description = ''): string {
  return JSON.stringify(capabilitiesBody(host, { description, [SHIPPED_KEY]: true }))
}

function isOf<Fault extends FaultyAnswer>(table: Readonly<Record<Fault, unknown>>, fault: FaultyAnswer): fault is Fault {
  return Object.hasOwn(table, fault)
}

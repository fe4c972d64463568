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
import { type ApiBackend, listenForClients, PROJECT } from '../protocol/rest/volume_api.ts'
import { connectService, DEFAULT_LIMITS, serveDriver } from '../protocol/volume_service.ts'
import { MiB } from '../units.ts'
import type { FaultyAnswer, Question } from './cell.ts'

/** How long the asker waits for an answer that does not come in time, which is waited out. */
const IN_VAIN_SECONDS = 0.2
/** How long a REST server waits for such an answer of its driver: longer than the asker. */
const SERVER_SECONDS = 1
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
  const { name, kind } = backend
  const inVain = IN_VAIN.has(faultyAnswer)
  const line = openLine(backend.driver, faultyAnswer)
  const service = (seconds: number) => connectService(line, { ...DEFAULT_LIMITS, ...(inVain && { askSeconds: seconds }) })
  if (transport === 'json-rpc') return { name, service: service(IN_VAIN_SECONDS) }

  const behind = service(SERVER_SECONDS)
  const host = `holeproof@${kind}`
  const { url } = await openApi(lab, { host, pool: kind, getCapabilities: () => behind.getCapabilities() }, faultyAnswer)
  const parts = { ...soundRestClient, ...(inVain && { seconds: IN_VAIN_SECONDS }), ...restClient }
  return { name, service: overRest(behind, { endpoint: `${url}/v3/${PROJECT}`, host }, parts) }
}

/** Serves a driver on a line. Returns the other end. */
function openLine(driver: VolumeDriver, fault: FaultyAnswer | undefined): Line {
  const [there, here] = makeLine()
  const asked = isOf(ANSWERS, fault) ? overriding(driver, { getCapabilities: ANSWERS[fault] }) : driver
  if (isOf(LINES, fault)) LINES[fault](asked, there)
  else serveDriver(asked, there)
  return here
}

/** Serves a backend's capabilities over HTTP for as long as the lab lives. */
async function openApi(lab: Lab, backend: ApiBackend, fault: FaultyAnswer | undefined): Promise<Listening> {
  let api: Listening | undefined
  return lab.own(
    `the volume API of ${backend.host}`,
    async () => {
      api = isOf(RESPONSES, fault) ? await listenFaultily(backend.host, fault) : await listenForClients([backend])
      return api
    },
    async () => api?.close(),
  )
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

function isOf<Fault extends FaultyAnswer>(table: Readonly<Record<Fault, unknown>>, fault: FaultyAnswer | undefined): fault is Fault {
  return fault !== undefined && Object.hasOwn(table, fault)
}

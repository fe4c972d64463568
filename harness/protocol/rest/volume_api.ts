import { randomUUID } from 'node:crypto'
import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Answer } from '../capabilities.ts'
import { capabilitiesBody, isRecord } from './capabilities_body.ts'
import { type Listening, listen } from './listen.ts'

/** A backend of a volume API. */
export interface ApiBackend {
  /** Such as `holeproof@lvm-thin`. */
  readonly host: string
  /** The name of its pool, if its report lists none. */
  readonly pool: string
  getCapabilities(): Promise<Answer>
}

/** A project to ask for. Any other will do as well. */
export const PROJECT = Buffer.from('holeproof').toString('hex').padEnd(32, '0')

/** The answers have been the same since the first microversion, so no other is offered. */
const MICROVERSION = '3.0'
const BINARY = 'cinder-volume'
const VERSION_HEADER = 'OpenStack-API-Version'

/** The names of Cinder's faults. Clients read the message from whichever it is. */
const FAULTS: Readonly<Record<number, string>> = { 400: 'badRequest', 404: 'itemNotFound', 405: 'badMethod' }
const OTHER_FAULT = 'computeFault'

/** Serves capabilities, pools and services in the shape of Cinder's REST API, version 3. No token is looked at. */
export function volumeApi(backends: readonly ApiBackend[]): Hono {
  const app = new Hono()
  app.use(async (context, next) => {
    await next()
    const id = `req-${randomUUID()}`
    for (const header of ['x-openstack-request-id', 'x-compute-request-id']) context.res.headers.set(header, id)
  })
  app.use(async ({ req: { method } }, next) => {
    if (method !== 'GET' && method !== 'HEAD') throw new HTTPException(405, { message: `Only GET is served, not ${method}.` })
    await next()
  })
  app.use('/v3/*', async (context, next) => {
    checkMicroversion(context.req.header(VERSION_HEADER))
    await next()
    context.res.headers.set(VERSION_HEADER, `volume ${MICROVERSION}`)
    context.res.headers.set('Vary', VERSION_HEADER)
  })
  app.get('/', (context) => context.json(versions(context), 300))
  // Cinder redirects from one to the other, and newer clients do not follow.
  for (const path of ['/v3', '/v3/']) app.get(path, (context) => context.json(versions(context)))
  // Newer clients leave the project out.
  for (const project of ['/v3/:project', '/v3']) {
    app.get(`${project}/capabilities/:host`, async (context) => {
      const host = context.req.param('host') ?? ''
      const backend = backends.find((some) => host === some.host || host.startsWith(`${some.host}#`))
      const report = backend && (await reportOf(backend))
      if (backend === undefined || (host !== backend.host && !poolsIn(backend, report).some(({ name }) => name === host)))
        throw new HTTPException(404, { message: `There is no host ${host}.` })
      return context.json(capabilitiesBody(host, report))
    })
    app.get(`${project}/scheduler-stats/get_pools`, async (context) => {
      const detail = readBoolean('detail', context.req.query('detail') ?? 'false')
      const pools = (await Promise.all(backends.map(poolsOf))).flat()
      return context.json({ pools: detail ? pools : pools.map(({ name }) => ({ name })) })
    })
    app.get(`${project}/os-services`, async (context) => {
      const { host, binary = BINARY } = context.req.query()
      const asked = backends.filter((some) => binary === BINARY && (host === undefined || isAt(host, some)))
      return context.json({ services: await Promise.all(asked.map(serviceOf)) })
    })
  }
  app.notFound((context) => fault(context, 404, `There is no ${context.req.path}.`))
  app.onError((error, context) => {
    if (error instanceof HTTPException) return fault(context, error.status as ContentfulStatusCode, error.message)
    return fault(context, 500, error.message)
  })
  return app
}

/** Serves a volume API on an address; port 0 takes a free one. */
export function listenForClients(backends: readonly ApiBackend[], address?: string, port?: number): Promise<Listening> {
  const server = createAdaptorServer({ fetch: volumeApi(backends).fetch })
  if (!('closeAllConnections' in server)) throw new Error('the server is not one of HTTP/1')
  return listen(server, address, port)
}

function fault(context: Context, code: ContentfulStatusCode, message: string): Response {
  if (code === 405) context.header('Allow', 'GET, HEAD')
  return context.json({ [FAULTS[code] ?? OTHER_FAULT]: { code, message } }, code)
}

function checkMicroversion(header: string | undefined): void {
  const [, asked = MICROVERSION] = /(?:^|,) *volume +([^ ,]*)/.exec(header ?? '') ?? []
  if (asked === 'latest' || asked === MICROVERSION) return
  if (!/^\d+\.\d+$/.test(asked)) throw new HTTPException(400, { message: `${asked} is not a version such as ${MICROVERSION}.` })
  throw new HTTPException(406, { message: `Version ${asked} is not served. There is only ${MICROVERSION}.` })
}

function versions({ req }: Context): object {
  return {
    versions: [
      {
        id: 'v3.0',
        status: 'CURRENT',
        version: MICROVERSION,
        min_version: MICROVERSION,
        updated: '2016-02-08T12:20:21Z',
        links: [
          { rel: 'describedby', type: 'text/html', href: 'https://docs.openstack.org/' },
          { rel: 'self', href: new URL('/v3/', req.url).href },
        ],
        'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.volume+json;version=3' }],
      },
    ],
  }
}

async function reportOf({ host, getCapabilities }: ApiBackend): Promise<unknown> {
  const answer = await getCapabilities()
  if (answer.kind === 'unanswered') throw new HTTPException(500, { message: `The driver of ${host} did not answer: ${answer.why}` })
  return answer.report
}

interface Pool {
  readonly name: string
  readonly capabilities: object
}

/** The scheduler knows a backend by what it reports, so one without a report has no pool. */
async function poolsOf(backend: ApiBackend): Promise<Pool[]> {
  const answer = await backend.getCapabilities()
  return answer.kind === 'answered' ? poolsIn(backend, answer.report) : []
}

/** The pools in a report, each with the whole of the report: the key that Cinder ships is seen here. */
function poolsIn({ host, pool }: ApiBackend, report: unknown): Pool[] {
  if (!isRecord(report)) return []
  const { pools, ...own } = report
  const listed = Array.isArray(pools) ? pools.filter(isRecord) : []
  if (listed.length === 0) return [{ name: `${host}#${pool}`, capabilities: report }]
  return listed.map((some) => ({ name: `${host}#${some.pool_name}`, capabilities: { ...own, ...some } }))
}

/** A host without a backend stands for all the backends on it. */
function isAt(host: string, backend: ApiBackend): boolean {
  return backend.host === host || backend.host.startsWith(`${host}@`)
}

/** A service is up if its driver answers. */
async function serviceOf({ host, getCapabilities }: ApiBackend): Promise<object> {
  const { kind } = await getCapabilities()
  const state = kind === 'answered' ? 'up' : 'down'
  // In UTC without a zone, as Cinder writes times.
  const updated_at = new Date().toISOString().replace('Z', '')
  return { binary: BINARY, host, zone: 'nova', status: 'enabled', state, updated_at, disabled_reason: null }
}

function readBoolean(name: string, text: string): boolean {
  if (/^(1|t|true|on|y|yes)$/i.test(text)) return true
  if (/^(0|f|false|off|n|no)$/i.test(text)) return false
  throw new HTTPException(400, { message: `${name} must be true or false, not '${text}'.` })
}

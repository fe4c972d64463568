import { createServer, type ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import type { Answer } from '../capabilities.ts'
import { askOverRest, overRest, type RestClientParts, soundRestClient } from './client.ts'
import { type Listening, listen } from './listen.ts'
import { listenForClients } from './volume_api.ts'

const HOST = 'holeproof@thick'
const BODY = { namespace: `OS::Storage::Capabilities::${HOST}`, sparse_copy_volume: true }
const JSON_TYPE = { 'content-type': 'application/json' }
/** A limit that is waited out, and one that never is. */
const [SHORT, LONG] = [0.1, 10]

const open: Listening[] = []
afterEach(async () => {
  for (const server of open.splice(0)) await server.close()
})

/** Asks a server that answers like this. */
async function asking(answer: (response: ServerResponse, path: string) => void, parts: Partial<RestClientParts> = {}): Promise<Answer> {
  const server = await listen(createServer((request, response) => answer(response, request.url ?? '')))
  open.push(server)
  return askOverRest({ endpoint: `${server.url}/v3/p`, host: HOST }, { ...soundRestClient, seconds: LONG, ...parts })
}

describe('a report', () => {
  test.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON'])(
    'of type %s is answered as it came',
    async (type) => {
      const answer = await asking((response) => response.writeHead(200, { 'content-type': type }).end(JSON.stringify(BODY)))

      expect(answer).toEqual({ kind: 'answered', report: BODY })
    },
  )

  test('may come in pieces', async () => {
    const text = JSON.stringify({ ...BODY, description: 'ü'.repeat(1000) })
    const answer = await asking((response) => {
      response.writeHead(200, JSON_TYPE)
      for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte))
      response.end()
    })

    expect(answer).toEqual({ kind: 'answered', report: JSON.parse(text) })
  })

  test.each(['True', 'False', 1, null, { default: true }])('may claim %j, for the rule to judge', async (claim) => {
    const answer = await asking((response) =>
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...BODY, sparse_copy_volume: claim })),
    )

    expect(answer).toMatchObject({ kind: 'answered', report: { sparse_copy_volume: claim } })
  })

  test('lacks what Cinder writes null for, but not a claim of null', async () => {
    const answer = await asking((response) =>
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...BODY, vendor_name: null, pool_name: null, sparse_copy_volume: null })),
    )

    expect(answer).toEqual({ kind: 'answered', report: { ...BODY, sparse_copy_volume: null } })
  })

  test('is asked for under the host, in the first microversion', async () => {
    const asked: unknown[] = []
    const server = await listen(
      createServer(({ method, url, headers }, response) => {
        asked.push([method, url, headers.accept, headers['openstack-api-version']])
        response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...BODY, namespace: 'OS::Storage::Capabilities::a@b#c' }))
      }),
    )
    open.push(server)

    expect(await askOverRest({ endpoint: `${server.url}/v3/p`, host: 'a@b#c' })).toMatchObject({ kind: 'answered' })
    expect(asked).toEqual([['GET', '/v3/p/capabilities/a%40b%23c', 'application/json', 'volume 3.0']])
  })
})

/** The faults of servers, each with the reason that the client gives. Bodies claim true wherever they can. */
const FAULTS: Readonly<
  Record<string, readonly [answer: (response: ServerResponse) => void, why: string | RegExp, parts?: Partial<RestClientParts>]>
> = {
  'status 500': [(response) => response.writeHead(500, JSON_TYPE).end(JSON.stringify(BODY)), 'HTTP status 500'],
  'status 401': [(response) => response.writeHead(401, JSON_TYPE).end(JSON.stringify(BODY)), 'HTTP status 401'],
  'status 203': [(response) => response.writeHead(203, JSON_TYPE).end(JSON.stringify(BODY)), 'HTTP status 203'],
  'status 204': [(response) => response.writeHead(204).end(), 'HTTP status 204'],
  'an HTML page': [
    (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sparse_copy_volume: true</html>'),
    'a body of type "text/html", not JSON',
  ],
  'a report of another type': [
    (response) => response.writeHead(200, { 'content-type': 'application/jsonl' }).end(JSON.stringify(BODY)),
    'a body of type "application/jsonl", not JSON',
  ],
  'a report of no type': [(response) => response.writeHead(200).end(JSON.stringify(BODY)), 'a body of type "", not JSON'],
  'an HTML page that is called JSON': [(response) => response.writeHead(200, JSON_TYPE).end('<html></html>'), 'not JSON: "<html></html>"'],
  'JSON that is cut off': [(response) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(BODY).slice(0, -1)), /^not JSON: /],
  'no body': [(response) => response.writeHead(200, JSON_TYPE).end(), 'not JSON: ""'],
  'bytes that are not UTF-8': [
    (response) => response.writeHead(200, JSON_TYPE).end(Buffer.from([0x22, 0xff, 0x22])),
    'The encoded data was not valid for encoding utf-8',
  ],
  'the report of another host': [
    (response) =>
      response.writeHead(200, JSON_TYPE).end(JSON.stringify({ ...BODY, namespace: 'OS::Storage::Capabilities::holeproof@thin' })),
    /^not the capabilities of holeproof@thick: /,
  ],
  'a report of no host': [(response) => response.writeHead(200, JSON_TYPE).end('{"sparse_copy_volume":true}'), /^not the capabilities of /],
  'JSON that is not an object': [
    (response) => response.writeHead(200, JSON_TYPE).end('true'),
    'not the capabilities of holeproof@thick: "true"',
  ],
  'a body longer than the limit': [
    (response) => response.writeHead(200, JSON_TYPE).end(JSON.stringify(BODY)),
    'a body of more than 64 bytes',
    { mostBytes: 64 },
  ],
  'a body without an end': [
    (response) => {
      response.writeHead(200, JSON_TYPE)
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(4096))) {}
      }
      response.on('drain', more)
      more()
    },
    'a body of more than 65536 bytes',
    { mostBytes: 65536 },
  ],
  'a body shorter than announced': [
    (response) => {
      response.writeHead(200, { ...JSON_TYPE, 'content-length': 1000 })
      response.write(JSON.stringify(BODY), () => response.destroy())
    },
    /^(other side closed|terminated)$/,
  ],
  'a connection that is closed at once': [(response) => response.destroy(), 'other side closed'],
  'bytes that are not HTTP': [(response) => response.socket?.end('garbage\r\n\r\n'), /HTTP|Expected/i],
  'no head': [() => {}, 'no answer within 0.1 s', { seconds: SHORT }],
  'no body after the head': [(response) => response.writeHead(200, JSON_TYPE).flushHeaders(), 'no answer within 0.1 s', { seconds: SHORT }],
  'half a body, and the rest too late': [
    (response) => {
      const text = JSON.stringify(BODY)
      response.writeHead(200, JSON_TYPE)
      response.write(text.slice(0, 20))
      setTimeout(() => response.end(text.slice(20)), 300).unref()
    },
    'no answer within 0.1 s',
    { seconds: SHORT },
  ],
  'a byte now and then': [
    (response) => {
      response.writeHead(200, JSON_TYPE)
      const timer = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(timer))
    },
    'no answer within 0.1 s',
    { seconds: SHORT },
  ],
}

describe('there is no answer', () => {
  test.each(Object.entries(FAULTS))('in %s', async (_, [answer, why, parts = {}]) => {
    expect(await asking(answer, parts)).toEqual({
      kind: 'unanswered',
      why: typeof why === 'string' ? why : expect.stringMatching(why),
    })
  })

  test.each([301, 302, 303, 307, 308])('in a redirect with status %i, which is not followed', async (status) => {
    const asked: string[] = []
    const answer = await asking((response, path) => {
      asked.push(path)
      if (path === '/elsewhere') response.writeHead(200, JSON_TYPE).end(JSON.stringify(BODY))
      else response.writeHead(status, { location: '/elsewhere' }).end()
    })

    expect(answer).toEqual({ kind: 'unanswered', why: `HTTP status ${status}, a redirect to "/elsewhere"` })
    expect(asked).toEqual(['/v3/p/capabilities/holeproof%40thick'])
  })

  test('where nothing listens', async () => {
    const server = await listen(createServer())
    await server.close()

    expect(await askOverRest({ endpoint: `${server.url}/v3/p`, host: HOST })).toMatchObject({
      kind: 'unanswered',
      why: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('where the endpoint is not a URL', async () => {
    expect(await askOverRest({ endpoint: 'nowhere', host: HOST })).toMatchObject({ kind: 'unanswered', why: expect.stringMatching(/URL/) })
  })
})

describe('a service that is asked over REST', () => {
  const unused = async () => {
    throw new Error('this test has no such verb')
  }
  const bare = { getCapabilities: unused, createVolume: unused, deleteVolume: unused, attachVolume: unused, detachVolume: unused }

  test('answers what its volume API answers, and passes every other verb on', async () => {
    const created: string[] = []
    const service = {
      ...bare,
      createVolume: async (name: string) => void created.push(name),
      migrateVolume: async () => false,
      updateMigratedVolume: async () => false,
    }
    const server = await listenForClients([
      { host: HOST, pool: 'thick', getCapabilities: async () => ({ kind: 'answered', report: { sparse_copy_volume: false } }) },
    ])
    open.push(server)
    const asked = overRest(service, { endpoint: `${server.url}/v3/p`, host: HOST })

    expect(await asked.getCapabilities()).toMatchObject({ kind: 'answered', report: { sparse_copy_volume: false } })
    await asked.createVolume('v', 512)
    expect(created).toEqual(['v'])
  })

  test('has no answer where the driver has none', async () => {
    const server = await listenForClients([
      { host: HOST, pool: 'thick', getCapabilities: async () => ({ kind: 'unanswered', why: 'the array is down' }) },
    ])
    open.push(server)

    expect(await askOverRest({ endpoint: `${server.url}/v3/p`, host: HOST })).toEqual({ kind: 'unanswered', why: 'HTTP status 500' })
  })
})

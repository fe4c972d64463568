import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { assetPath } from '../../paths.ts'
import type { Answer } from '../capabilities.ts'
import { capabilitiesBody } from './capabilities_body.ts'
import { type ApiBackend, volumeApi } from './volume_api.ts'

const PROJECT = 'c0ffee'

function backend(name: string, answer: Answer): ApiBackend {
  return { host: `holeproof@${name}`, pool: name, getCapabilities: async () => answer }
}

const answered = (report: unknown): Answer => ({ kind: 'answered', report })

const api = volumeApi([
  backend('thin', answered({ volume_backend_name: 'thin', driver_version: '3.0.0', storage_protocol: 'iSCSI', sparse_copy_volume: true })),
  backend('mute', { kind: 'unanswered', why: 'no answer within 10 s' }),
])

async function get(path: string, init: RequestInit = {}, app = api) {
  const response = await app.request(`http://127.0.0.1:8776${path}`, init)
  const { status, headers } = response
  return { status, headers, body: (await response.json()) as Record<string, unknown> }
}

async function capabilities(report: unknown): Promise<Record<string, unknown>> {
  const { body } = await get(`/v3/${PROJECT}/capabilities/holeproof@some`, {}, volumeApi([backend('some', answered(report))]))
  return body
}

describe('the capabilities of a host', () => {
  test("have Cinder's fields, the well-defined property with its default, and the claim beside them", async () => {
    const { status, headers, body } = await get(`/v3/${PROJECT}/capabilities/holeproof%40thin`)

    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('application/json')
    expect(body).toEqual({
      namespace: 'OS::Storage::Capabilities::holeproof@thin',
      vendor_name: null,
      volume_backend_name: 'thin',
      pool_name: null,
      driver_version: '3.0.0',
      storage_protocol: 'iSCSI',
      display_name: null,
      description: null,
      visibility: null,
      replication_targets: [],
      properties: {
        cinder_sparse_copy_volume: {
          title: 'Sparse volume copy',
          description: 'New volumes read as zeros wherever nothing was written',
          type: 'boolean',
          default: false,
          options: {},
        },
      },
      sparse_copy_volume: true,
    })
  })

  test.each([`/v3/${PROJECT}/capabilities/holeproof@thin%23thin`, '/v3/capabilities/holeproof@thin'])('are found at %s', async (path) => {
    expect((await get(path)).body).toMatchObject({ volume_backend_name: 'thin', sparse_copy_volume: true })
  })

  test.each([true, false, 'True', 'False', 1, null, { default: true }])('carry the claim %j as the driver made it', async (claim) => {
    expect((await capabilities({ sparse_copy_volume: claim })).sparse_copy_volume).toEqual(claim)
    expect((await capabilities({ cinder_sparse_copy_volume: claim })).cinder_sparse_copy_volume).toEqual(claim)
  })

  test('have no claim where the driver makes none', async () => {
    const body = await capabilities({})

    expect(body).not.toHaveProperty('sparse_copy_volume')
    expect(body).not.toHaveProperty('cinder_sparse_copy_volume')
  })

  test('leave out what Cinder leaves out, and take the preferred name of a protocol', async () => {
    const body = await capabilities({ location_info: 'here', storage_protocol: ['FC', 'fibre_channel'], properties: { 'acme:tier': {} } })

    expect(body).not.toHaveProperty('location_info')
    expect(body.storage_protocol).toBe('FC')
    expect(Object.keys(body.properties as object)).toEqual(['acme:tier', 'cinder_sparse_copy_volume'])
  })

  test("describe the property alike, whatever the driver's own properties are", async () => {
    const { properties } = await capabilities({ properties: { cinder_sparse_copy_volume: { default: true } } })

    expect(properties).toMatchObject({ cinder_sparse_copy_volume: { default: false, type: 'boolean' } })
  })

  test.each([[null], ['text'], [[]]])('of a driver that reports %j are a fault', async (report) => {
    expect(await capabilities(report)).toEqual({ computeFault: { code: 500, message: 'the capability report is not an object' } })
  })
})

test('the document shows the capabilities as they are', () => {
  const [, shown = ''] = readFileSync(assetPath('docs/rest.md'), 'utf8').match(/^```json\n(.*?)^```$/ms) ?? []
  const report = {
    vendor_name: 'Open Source',
    volume_backend_name: 'thin',
    driver_version: '3.0.0',
    storage_protocol: 'local',
    sparse_copy_volume: true,
  }

  expect(`${JSON.stringify(capabilitiesBody('holeproof@lvm-thin', report), null, 2)}\n`).toBe(shown)
})

describe('the versions', () => {
  test('are listed at the root with status 300, and at /v3 and /v3/ with 200', async () => {
    const [root, at, below] = [await get('/'), await get('/v3'), await get('/v3/')]

    expect([root.status, at.status, below.status]).toEqual([300, 200, 200])
    expect([at.body, below.body]).toEqual([root.body, root.body])
    expect(root.body).toMatchObject({
      versions: [
        {
          id: 'v3.0',
          status: 'CURRENT',
          version: '3.0',
          min_version: '3.0',
          links: [{}, { rel: 'self', href: 'http://127.0.0.1:8776/v3/' }],
        },
      ],
    })
  })

  test.each([undefined, 'volume 3.0', 'volume latest', 'compute 2.1', 'compute 2.1, volume 3.0'])(
    'serve a client that asks for %s',
    async (asked) => {
      const headers = asked === undefined ? {} : { 'OpenStack-API-Version': asked }
      const { status, headers: answered } = await get('/v3/capabilities/holeproof@thin', { headers })

      expect(status).toBe(200)
      expect(answered.get('OpenStack-API-Version')).toBe('volume 3.0')
      expect(answered.get('Vary')).toBe('OpenStack-API-Version')
    },
  )

  test.each([
    ['volume 3.70', 406, 'computeFault'],
    ['volume 2.0', 406, 'computeFault'],
    ['volume three', 400, 'badRequest'],
  ])('refuse a client that asks for %s', async (asked, code, name) => {
    const { status, body } = await get('/v3/capabilities/holeproof@thin', { headers: { 'OpenStack-API-Version': asked } })

    expect(status).toBe(code)
    expect(body).toMatchObject({ [name]: { code } })
  })
})

describe('the pools', () => {
  test('are the backends that report, by name', async () => {
    expect((await get(`/v3/${PROJECT}/scheduler-stats/get_pools`)).body).toEqual({ pools: [{ name: 'holeproof@thin#thin' }] })
  })

  test('have the whole report in detail, with the key that Cinder ships', async () => {
    expect((await get('/v3/scheduler-stats/get_pools?detail=True')).body).toEqual({
      pools: [
        {
          name: 'holeproof@thin#thin',
          capabilities: { volume_backend_name: 'thin', driver_version: '3.0.0', storage_protocol: 'iSCSI', sparse_copy_volume: true },
        },
      ],
    })
  })
})

describe('the pools that a report lists', () => {
  const report = {
    vendor_name: 'Acme',
    sparse_copy_volume: true,
    pools: [{ pool_name: 'a', sparse_copy_volume: false }, { pool_name: 'b' }],
  }
  const listing = volumeApi([backend('array', answered(report))])

  test('have what it says of each, and the rest from the backend', async () => {
    expect((await get('/v3/scheduler-stats/get_pools?detail=1', {}, listing)).body).toEqual({
      pools: [
        { name: 'holeproof@array#a', capabilities: { vendor_name: 'Acme', pool_name: 'a', sparse_copy_volume: false } },
        { name: 'holeproof@array#b', capabilities: { vendor_name: 'Acme', pool_name: 'b', sparse_copy_volume: true } },
      ],
    })
  })

  test("have the backend's capabilities, as in Cinder", async () => {
    expect((await get('/v3/capabilities/holeproof@array%23a', {}, listing)).body).toMatchObject({
      namespace: 'OS::Storage::Capabilities::holeproof@array#a',
      sparse_copy_volume: true,
    })
    expect((await get('/v3/capabilities/holeproof@array%23array', {}, listing)).status).toBe(404)
  })
})

describe('the services', () => {
  const listed = async (query: string) => {
    const { body } = await get(`/v3/${PROJECT}/os-services${query}`)
    return (body.services as { host: string; state: string }[]).map(({ host, state }) => [host, state])
  }

  test('are the backends, up where the driver answers', async () => {
    expect((await get('/v3/os-services')).body).toMatchObject({
      services: [
        { binary: 'cinder-volume', host: 'holeproof@thin', zone: 'nova', status: 'enabled', state: 'up', disabled_reason: null },
        {},
      ],
    })
    expect(await listed('')).toEqual([
      ['holeproof@thin', 'up'],
      ['holeproof@mute', 'down'],
    ])
  })

  test.each([
    ['?host=holeproof@mute', ['holeproof@mute']],
    ['?host=holeproof', ['holeproof@thin', 'holeproof@mute']],
    ['?host=holeproof@m', []],
    ['?binary=cinder-volume&host=holeproof@thin', ['holeproof@thin']],
    ['?binary=cinder-backup', []],
  ])('can be filtered by %s', async (query, hosts) => {
    expect((await listed(query)).map(([host]) => host)).toEqual(hosts)
  })
})

describe('a fault', () => {
  test.each([
    ['GET', '/v3/p/capabilities/holeproof@thick', 404, 'itemNotFound', 'There is no host holeproof@thick.'],
    ['GET', '/v3/p/capabilities/holeproof', 404, 'itemNotFound', 'There is no host holeproof.'],
    ['GET', '/v3/p/capabilities/holeproof@thin%23other', 404, 'itemNotFound', 'There is no host holeproof@thin#other.'],
    ['GET', '/v3/p/volumes', 404, 'itemNotFound', 'There is no /v3/p/volumes.'],
    ['GET', '/v2/', 404, 'itemNotFound', 'There is no /v2/.'],
    ['POST', '/v3/p/capabilities/holeproof@thin', 405, 'badMethod', 'Only GET is served, not POST.'],
    ['DELETE', '/v3/p/volumes/1', 405, 'badMethod', 'Only GET is served, not DELETE.'],
    ['GET', '/v3/p/scheduler-stats/get_pools?detail=perhaps', 400, 'badRequest', "detail must be true or false, not 'perhaps'."],
    ['GET', '/v3/p/capabilities/holeproof@mute', 500, 'computeFault', 'The driver of holeproof@mute did not answer: no answer within 10 s'],
  ])("of %s %s is %i in Cinder's form", async (method, path, code, name, message) => {
    const { status, headers, body } = await get(path, { method })

    expect(status).toBe(code)
    expect(body).toEqual({ [name]: { code, message } })
    expect(headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/)
    expect(headers.get('Allow')).toBe(code === 405 ? 'GET, HEAD' : null)
  })

  test('of a driver that throws is 500 too', async () => {
    const throwing = { host: 'holeproof@gone', pool: 'gone', getCapabilities: async () => Promise.reject(new Error('the driver is gone')) }

    expect(await get('/v3/p/capabilities/holeproof@gone', {}, volumeApi([throwing]))).toMatchObject({
      status: 500,
      body: { computeFault: { code: 500, message: 'the driver is gone' } },
    })
  })
})

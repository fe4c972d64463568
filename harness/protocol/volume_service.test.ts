import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { MigrationTarget, VolumeDriver } from './driver.ts'
import { type Line, makeLine } from './json_rpc.ts'
import { connectService, NotOffered, serveDriver, type VolumeService, type WholeVolumeService } from './volume_service.ts'

/** A limit that is waited out, and one that never is. */
const SHORT = { askSeconds: 0.03, verbSeconds: 0.03 }
const LONG = { askSeconds: 5, verbSeconds: 5 }

describe('a service over a line', () => {
  test('passes every verb and its arguments to the driver and its results back', async () => {
    const calls: unknown[][] = []
    const service = serving({
      createVolume: async (...args) => void calls.push(['create', ...args]),
      deleteVolume: async (...args) => void calls.push(['delete', ...args]),
      attachVolume: async (...args) => `/dev/${calls.push(['attach', ...args])}`,
      detachVolume: async (...args) => void calls.push(['detach', ...args]),
      migrateVolume: async (...args) => calls.push(['migrate', ...args]) > 0,
      updateMigratedVolume: async (...args) => void calls.push(['rename', ...args]),
    })
    const target: MigrationTarget = { locationInfo: { host: 'a' }, copyMode: 'sparse', sizeBytes: 4096 }

    await service.createVolume('v', 4096)
    expect(await service.attachVolume('v')).toBe('/dev/2')
    await service.detachVolume('v')
    expect(await service.migrateVolume('v', target)).toBe(true)
    await service.updateMigratedVolume('v', 'w')
    await service.deleteVolume('w')

    expect(calls).toEqual([
      ['create', 'v', 4096],
      ['attach', 'v'],
      ['detach', 'v'],
      ['migrate', 'v', target],
      ['rename', 'v', 'w'],
      ['delete', 'w'],
    ])
  })

  test('lets the driver decline a migration to a destination that named no place', async () => {
    const service = serving({ migrateVolume: async () => false })

    expect(await service.migrateVolume('v', { locationInfo: undefined, copyMode: 'full', sizeBytes: 4096 })).toBe(false)
  })

  test('passes the verbs that a migration does not need, too', async () => {
    const calls: unknown[][] = []
    const service = serving({
      extendVolume: async (...args) => void calls.push(['extend', ...args]),
      createSnapshot: async (...args) => void calls.push(['snapshot', ...args]),
      deleteSnapshot: async (...args) => void calls.push(['delete snapshot', ...args]),
      createVolumeFromSnapshot: async (...args) => void calls.push(['from snapshot', ...args]),
      createClonedVolume: async (...args) => void calls.push(['clone', ...args]),
    })

    await service.extendVolume('v', 8192)
    await service.createSnapshot('s', 'v')
    await service.createVolumeFromSnapshot('w', 8192, 's', 'v')
    await service.createClonedVolume('x', 8192, 'v')
    await service.deleteSnapshot('s', 'v')

    expect(calls).toEqual([
      ['extend', 'v', 8192],
      ['snapshot', 's', 'v'],
      ['from snapshot', 'w', 8192, 's', 'v'],
      ['clone', 'x', 8192, 'v'],
      ['delete snapshot', 's', 'v'],
    ])
  })

  test('tells a verb that the driver lacks from one that fails, and neither moves nor renames without it', async () => {
    const [line, there] = makeLine()
    serveDriver({ ...bare, extendVolume: async () => Promise.reject(new Error('no room')) }, there)
    const service = connectService(line, LONG)

    await expect(service.createSnapshot('s', 'v')).rejects.toThrow(NotOffered)
    await expect(service.extendVolume('v', 8192)).rejects.toThrow('extend_volume: no room')
    await expect(service.extendVolume('v', 8192)).rejects.not.toThrow(NotOffered)
    expect(await service.migrateVolume('v', { locationInfo: 'a', copyMode: 'full', sizeBytes: 4096 })).toBe(false)
    expect(await service.updateMigratedVolume('v', 'w')).toBe(false)
  })

  test('calls "method not found" an error where the driver must have the verb', async () => {
    const [service] = answeringWith((id) => [{ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }])

    await expect(service.createVolume('v', 512)).rejects.toThrow('create_volume: Method not found')
    await expect(service.createVolume('v', 512)).rejects.not.toThrow(NotOffered)
  })

  test.each([{ sparse_copy_volume: true }, { sparse_copy_volume: 'True' }, null, 'text', []])(
    'hands the report %j over as it came, for the rule to judge',
    async (report) => {
      expect(await serving({ getCapabilities: async () => report }).getCapabilities()).toEqual({ kind: 'answered', report })
    },
  )

  test('rejects with the verb and what the driver said when the driver fails', async () => {
    const fail = async () => {
      throw new Error('no space left')
    }
    const service = serving({ createVolume: fail, migrateVolume: fail })

    await expect(service.createVolume('v', 1)).rejects.toThrow('create_volume: no space left')
    await expect(service.migrateVolume('v', { locationInfo: 'a', copyMode: 'full', sizeBytes: 4096 })).rejects.toThrow(
      'migrate_volume: no space left',
    )
  })

  test.each<[string, (service: VolumeService) => Promise<unknown>]>([
    ['a size of no whole number', (service) => service.createVolume('v', 0.5)],
    ['a size of nothing', (service) => service.createVolume('v', 0)],
    ['no name', (service) => service.deleteVolume('')],
    ['no new name', (service) => service.updateMigratedVolume('v', '')],
  ])('never brings %s to the driver', async (_, call) => {
    const reached: string[] = []
    const note = async () => void reached.push('driver')
    const service = serving({ createVolume: note, deleteVolume: note, updateMigratedVolume: note })

    await expect(call(service)).rejects.toThrow()
    expect(reached).toEqual([])
  })

  test.each<[string, (service: VolumeService) => Promise<unknown>, unknown]>([
    ['a path that is not absolute', (service) => service.attachVolume('v'), { path: 'dev/v' }],
    ['no path', (service) => service.attachVolume('v'), {}],
    [
      '"true" for moved',
      (service) => service.migrateVolume('v', { locationInfo: '', copyMode: 'full', sizeBytes: 4096 }),
      { moved: 'true' },
    ],
  ])('refuses %s as a result', async (_, call, result) => {
    const [service] = answeringWith((id) => [{ jsonrpc: '2.0', id, result }])

    await expect(call(service)).rejects.toThrow(/attach_volume|migrate_volume/)
  })
})

describe('a question that is not answered properly', () => {
  test('is unanswered with the reason when the driver throws', async () => {
    const service = serving({
      getCapabilities: async () => {
        throw new Error('the array is down')
      },
    })

    expect(await service.getCapabilities()).toEqual({ kind: 'unanswered', why: 'the array is down' })
  })

  test('is unanswered after the limit when the driver stays silent', async () => {
    const service = serving({ getCapabilities: () => new Promise(() => {}) }, { ...LONG, askSeconds: 0.03 })

    expect(await service.getCapabilities()).toEqual({ kind: 'unanswered', why: 'no answer within 0.03 s' })
  })

  test.each(['<html>502 Bad Gateway</html>', '', '{"sparse_copy_volume": true}', '{"jsonrpc":"2.0","id":1}', 'true', '[]'])(
    'is unanswered at once on the line "%s"',
    async (garbage) => {
      const [service] = answeringWith(() => [garbage])

      expect(await service.getCapabilities()).toEqual({ kind: 'unanswered', why: `not a JSON-RPC answer: ${JSON.stringify(garbage)}` })
    },
  )

  test.each([
    ['is no object', 'boom'],
    ['has no code', { message: 'boom' }],
    ['is null', null],
  ])('is unanswered when the error %s', async (_, error) => {
    const [service] = answeringWith((id) => [{ jsonrpc: '2.0', id, error }])

    expect(await service.getCapabilities()).toMatchObject({ kind: 'unanswered', why: expect.stringContaining('not a JSON-RPC answer') })
  })

  test('quotes no more than a line of garbage', async () => {
    const [service] = answeringWith(() => ['x'.repeat(5000)])
    const answer = await service.getCapabilities()

    expect(answer).toMatchObject({ kind: 'unanswered' })
    expect(JSON.stringify(answer).length).toBeLessThan(160)
  })

  test('is unanswered at once when the other end closes the line', async () => {
    const [here, there] = makeLine()
    const service = connectService(here, LONG)
    const answer = service.getCapabilities()
    there.output.end()

    expect(await answer).toEqual({ kind: 'unanswered', why: 'the other end closed the line' })
  })

  test('is unanswered at once on a line that was closed before', async () => {
    const [here, there] = makeLine()
    const service = connectService(here, { ...LONG, askSeconds: 0.1 })
    there.output.end()
    await sleep(5)

    expect(await service.getCapabilities()).toEqual({ kind: 'unanswered', why: 'the other end closed the line' })
  })

  test('is unanswered when the answer carries an error beside a result', async () => {
    const [service] = answeringWith((id) => [
      { jsonrpc: '2.0', id, result: { sparse_copy_volume: true }, error: { code: -1, message: 'the array is down' } },
    ])

    expect(await service.getCapabilities()).toMatchObject({ kind: 'unanswered' })
  })

  test('is unanswered when the line breaks while it is written to', async () => {
    const [here] = makeLine()
    const service = connectService(here, LONG)
    const answer = service.getCapabilities()
    here.output.destroy(new Error('EPIPE'))

    expect(await answer).toEqual({ kind: 'unanswered', why: 'EPIPE' })
  })

  test('is not answered by what answers another question', async () => {
    const [service] = answeringWith((id) => [{ jsonrpc: '2.0', id: id + 100, result: { sparse_copy_volume: true } }], SHORT)

    expect(await service.getCapabilities()).toMatchObject({ kind: 'unanswered', why: expect.stringContaining('no answer within') })
  })

  test('is not answered later either: the next question gets its own answer', async () => {
    const ids: number[] = []
    const [service, line] = answeringWith(
      (id) => {
        ids.push(id)
        return []
      },
      { ...LONG, askSeconds: 0.15 },
    )
    const first = await service.getCapabilities()
    const [late] = ids
    const second = service.getCapabilities()
    await expect.poll(() => ids.length, { interval: 1 }).toBe(2)
    write(line, { jsonrpc: '2.0', id: late, result: 'late' })
    write(line, { jsonrpc: '2.0', id: ids[1], result: 'own' })

    expect(first).toMatchObject({ kind: 'unanswered' })
    expect(await second).toEqual({ kind: 'answered', report: 'own' })
  })

  test('does not keep the driver from the verbs that follow', async () => {
    const [service] = answeringWith((id, method) => (method === 'get_capabilities' ? ['garbage'] : [{ jsonrpc: '2.0', id, result: {} }]))
    await service.getCapabilities()

    await expect(service.createVolume('v', 1)).resolves.toBeUndefined()
  })

  test('makes every other verb reject with the limit that ran out', async () => {
    const [service] = answeringWith(() => [], SHORT)

    await expect(service.deleteVolume('v')).rejects.toThrow('delete_volume: no answer within 0.03 s')
  })
})

const unused = async () => {
  throw new Error('this test has no such verb')
}
/** A driver without the optional verbs. */
const bare: VolumeDriver = {
  getCapabilities: unused,
  createVolume: unused,
  deleteVolume: unused,
  attachVolume: unused,
  detachVolume: unused,
}

function serving(verbs: Partial<VolumeDriver>, limits = LONG): WholeVolumeService {
  const [here, there] = makeLine()
  serveDriver({ ...bare, migrateVolume: unused, updateMigratedVolume: unused, ...verbs }, there)
  return connectService(here, limits)
}

/** A service whose other end writes these lines for each request: text as it is, anything else as JSON. */
function answeringWith(lines: (id: number, method: string) => unknown[], limits = LONG): [WholeVolumeService, Line] {
  const [here, there] = makeLine()
  there.input.on('data', (data: Buffer) => {
    const { id, method }: { id: number; method: string } = JSON.parse(data.toString())
    for (const line of lines(id, method)) write(there, line)
  })
  return [connectService(here, limits), there]
}

function write({ output }: Line, line: unknown): void {
  output.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
}

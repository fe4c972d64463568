import { JSONRPCServer } from 'json-rpc-2.0'
import { z } from 'zod'
import type { VolumeDriver } from '../drivers/driver.ts'
import { messageOf } from '../machine/errors.ts'
import { callOver, type Line, serveOver, Unanswered } from '../rpc/json_rpc.ts'
import type { Answer } from './capabilities.ts'

export interface Limits {
  /** How long `get_capabilities` may take. A later answer is no answer. */
  readonly askSeconds: number
  /** How long any other verb may take. */
  readonly verbSeconds: number
}

export const DEFAULT_LIMITS: Limits = { askSeconds: 10, verbSeconds: 900 }

/** A backend's volume service as a migration sees it: the driver's verbs, each of which crosses the line as text. */
export interface VolumeService extends Omit<VolumeDriver, 'getCapabilities'> {
  /** Never throws: an error, silence and garbage are answers of their own kind. */
  getCapabilities(): Promise<Answer>
}

const volumeSchema = z.object({ name: z.string().min(1) })
const createSchema = z.object({ name: z.string().min(1), size_bytes: z.number().int().positive() })
const renameSchema = z.object({ name: z.string().min(1), new_name: z.string().min(1) })
const migrateSchema = z.object({
  name: z.string().min(1),
  // JSON has no undefined: a destination that gave none leaves it out.
  location_info: z.unknown().optional(),
  copy_mode: z.enum(['full', 'sparse']),
})

/** Serves a driver on a line until the line closes. */
export function serveDriver(driver: VolumeDriver, line: Line): void {
  const server = new JSONRPCServer({ errorListener: () => {} }) // the asker learns of the error, nobody else need
  server.addMethod('get_capabilities', () => driver.getCapabilities())
  server.addMethod('create_volume', async (params) => {
    const { name, size_bytes } = createSchema.parse(params)
    await driver.createVolume(name, size_bytes)
    return {}
  })
  server.addMethod('delete_volume', async (params) => {
    await driver.deleteVolume(volumeSchema.parse(params).name)
    return {}
  })
  server.addMethod('attach_volume', async (params) => ({ path: await driver.attachVolume(volumeSchema.parse(params).name) }))
  server.addMethod('detach_volume', async (params) => {
    await driver.detachVolume(volumeSchema.parse(params).name)
    return {}
  })
  server.addMethod('migrate_volume', async (params) => {
    const { name, location_info, copy_mode } = migrateSchema.parse(params)
    return { moved: await driver.migrateVolume(name, { locationInfo: location_info, copyMode: copy_mode }) }
  })
  server.addMethod('update_migrated_volume', async (params) => {
    const { name, new_name } = renameSchema.parse(params)
    await driver.updateMigratedVolume(name, new_name)
    return {}
  })
  serveOver(server, line)
}

/** Speaks to whatever serves at the other end of a line. */
export function connectService(line: Line, limits: Limits = DEFAULT_LIMITS): VolumeService {
  const caller = callOver(line)
  const call = async <Schema extends z.ZodType>(method: string, params: object, schema: Schema): Promise<z.infer<Schema>> => {
    try {
      return schema.parse(await caller.request(method, params, limits.verbSeconds))
    } catch (error) {
      const message = `${method}: ${messageOf(error)}`
      throw error instanceof Unanswered ? new Unanswered(message, { cause: error }) : new Error(message, { cause: error })
    }
  }
  const done = z.unknown()
  return {
    getCapabilities: async () => {
      try {
        const report = await caller.request('get_capabilities', {}, limits.askSeconds)
        return { kind: 'answered', report }
      } catch (error) {
        return { kind: 'unanswered', why: messageOf(error) }
      }
    },
    createVolume: (name, sizeBytes) => call('create_volume', { name, size_bytes: sizeBytes }, done).then(() => {}),
    deleteVolume: (name) => call('delete_volume', { name }, done).then(() => {}),
    attachVolume: async (name) => (await call('attach_volume', { name }, z.object({ path: z.string().startsWith('/') }))).path,
    detachVolume: (name) => call('detach_volume', { name }, done).then(() => {}),
    migrateVolume: async (name, { locationInfo, copyMode }) =>
      (await call('migrate_volume', { name, location_info: locationInfo, copy_mode: copyMode }, z.object({ moved: z.boolean() }))).moved,
    updateMigratedVolume: (name, newName) => call('update_migrated_volume', { name, new_name: newName }, done).then(() => {}),
  }
}

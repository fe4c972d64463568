import { JSONRPCServer } from 'json-rpc-2.0'
import type { z } from 'zod'
import { messageOf } from '../errors.ts'
import type { Answer } from './capabilities.ts'
import type { NeededVerbs, OptionalVerbs, VolumeDriver } from './driver.ts'
import { type Caller, callOver, type Line, METHOD_NOT_FOUND, RemoteError, serveOver, Unanswered } from './json_rpc.ts'
import { type Verb, type VerbParams, type VerbResult, verbs } from './verbs.ts'

export interface Limits {
  /** How long `get_capabilities` may take. A later answer is no answer. */
  readonly askSeconds: number
  /** How long any other verb may take. */
  readonly verbSeconds: number
}

export const DEFAULT_LIMITS: Limits = { askSeconds: 10, verbSeconds: 900 }

/** The driver has no such verb, which is its right. */
export class NotOffered extends Error {
  override name = 'NotOffered'
}

/** A backend's volume service as a migration sees it: the driver's verbs, each of which crosses the line as text. */
export interface VolumeService extends Omit<NeededVerbs, 'getCapabilities'> {
  /** Never throws: an error, silence and garbage are answers of their own kind. */
  getCapabilities(): Promise<Answer>
  /** False also where the driver has no such verb. */
  migrateVolume: OptionalVerbs['migrateVolume']
  /** Whether the volume has the new name now: a driver without this verb leaves it the old one. */
  updateMigratedVolume(name: string, newName: string): Promise<boolean>
}

/** A volume service with the verbs that a migration does not use. They throw NotOffered where the driver lacks them. */
export interface WholeVolumeService extends VolumeService, Omit<OptionalVerbs, 'migrateVolume' | 'updateMigratedVolume'> {}

/** Serves a driver on a line until the line closes. */
export function serveDriver(driver: VolumeDriver, line: Line): void {
  const server = new JSONRPCServer({ errorListener: () => {} }) // the asker learns of the error, nobody else need
  addVerbs(server, driver)
  serveOver(server, line)
}

/** Lets a server answer for a driver. Verbs that the driver lacks are answered with "method not found". */
export function addVerbs(server: JSONRPCServer, driver: VolumeDriver): void {
  const serve = <Name extends Verb>(verb: Name, answer: ((params: VerbParams<Name>) => Promise<unknown>) | undefined) => {
    if (answer === undefined) return
    const schema: z.ZodType = verbs[verb].params
    server.addMethod(verb, async (params) => (await answer(schema.parse(params) as VerbParams<Name>)) ?? {})
  }
  const {
    migrateVolume,
    updateMigratedVolume,
    extendVolume,
    createSnapshot,
    deleteSnapshot,
    createVolumeFromSnapshot,
    createClonedVolume,
  } = bound(driver)
  server.addMethod('get_capabilities', () => driver.getCapabilities())
  serve('create_volume', ({ name, size_bytes }) => driver.createVolume(name, size_bytes))
  serve('delete_volume', ({ name }) => driver.deleteVolume(name))
  serve('attach_volume', async ({ name }) => ({ path: await driver.attachVolume(name) }))
  serve('detach_volume', ({ name }) => driver.detachVolume(name))
  serve(
    'migrate_volume',
    migrateVolume &&
      (async ({ name, location_info, copy_mode, size_bytes }) => ({
        moved: await migrateVolume(name, { locationInfo: location_info, copyMode: copy_mode, sizeBytes: size_bytes }),
      })),
  )
  serve('update_migrated_volume', updateMigratedVolume && (({ name, new_name }) => updateMigratedVolume(name, new_name)))
  serve('extend_volume', extendVolume && (({ name, new_size_bytes }) => extendVolume(name, new_size_bytes)))
  serve('create_snapshot', createSnapshot && (({ name, volume_name }) => createSnapshot(name, volume_name)))
  serve('delete_snapshot', deleteSnapshot && (({ name, volume_name }) => deleteSnapshot(name, volume_name)))
  serve(
    'create_volume_from_snapshot',
    createVolumeFromSnapshot &&
      (({ name, size_bytes, snapshot_name, volume_name }) => createVolumeFromSnapshot(name, size_bytes, snapshot_name, volume_name)),
  )
  serve(
    'create_cloned_volume',
    createClonedVolume && (({ name, size_bytes, source_name }) => createClonedVolume(name, size_bytes, source_name)),
  )
}

/** The optional verbs that a driver has, callable by themselves. */
function bound(driver: VolumeDriver): Partial<OptionalVerbs> {
  return {
    ...(driver.migrateVolume && { migrateVolume: driver.migrateVolume.bind(driver) }),
    ...(driver.updateMigratedVolume && { updateMigratedVolume: driver.updateMigratedVolume.bind(driver) }),
    ...(driver.extendVolume && { extendVolume: driver.extendVolume.bind(driver) }),
    ...(driver.createSnapshot && { createSnapshot: driver.createSnapshot.bind(driver) }),
    ...(driver.deleteSnapshot && { deleteSnapshot: driver.deleteSnapshot.bind(driver) }),
    ...(driver.createVolumeFromSnapshot && { createVolumeFromSnapshot: driver.createVolumeFromSnapshot.bind(driver) }),
    ...(driver.createClonedVolume && { createClonedVolume: driver.createClonedVolume.bind(driver) }),
  }
}

/** Asks for one verb and checks the form of the answer. Throws NotOffered, Unanswered, or an Error with what the driver said. */
export async function callVerb<Name extends Verb>(
  caller: Caller,
  verb: Name,
  params: VerbParams<Name>,
  seconds: number,
): Promise<VerbResult<Name>> {
  try {
    const schema: z.ZodType = verbs[verb].result
    return schema.parse(await caller.request(verb, params, seconds)) as VerbResult<Name>
  } catch (error) {
    const message = `${verb}: ${messageOf(error)}`
    if (error instanceof Unanswered) throw new Unanswered(message, { cause: error })
    if (error instanceof RemoteError && error.code === METHOD_NOT_FOUND && verbs[verb].optional)
      throw new NotOffered(message, { cause: error })
    throw new Error(message, { cause: error })
  }
}

/** Speaks to whatever serves at the other end of a line. */
export function connectService(line: Line, limits: Limits = DEFAULT_LIMITS): WholeVolumeService {
  return serviceOf(callOver(line), limits)
}

/** A volume service over calls that somebody else has opened. */
export function serviceOf(caller: Caller, limits: Limits = DEFAULT_LIMITS): WholeVolumeService {
  const call = <Name extends Verb>(verb: Name, params: VerbParams<Name>) => callVerb(caller, verb, params, limits.verbSeconds)
  const done = async (asked: Promise<unknown>) => void (await asked)
  return {
    getCapabilities: async () => {
      try {
        const report = await caller.request('get_capabilities', {}, limits.askSeconds)
        return { kind: 'answered', report }
      } catch (error) {
        return { kind: 'unanswered', why: messageOf(error) }
      }
    },
    createVolume: (name, sizeBytes) => done(call('create_volume', { name, size_bytes: sizeBytes })),
    deleteVolume: (name) => done(call('delete_volume', { name })),
    attachVolume: async (name) => (await call('attach_volume', { name })).path,
    detachVolume: (name) => done(call('detach_volume', { name })),
    migrateVolume: async (name, { locationInfo, copyMode, sizeBytes }) => {
      const answer = call('migrate_volume', { name, location_info: locationInfo, copy_mode: copyMode, size_bytes: sizeBytes })
      return (await ifOffered(answer))?.moved ?? false
    },
    updateMigratedVolume: async (name, newName) =>
      (await ifOffered(call('update_migrated_volume', { name, new_name: newName }).then(() => true))) ?? false,
    extendVolume: (name, newSizeBytes) => done(call('extend_volume', { name, new_size_bytes: newSizeBytes })),
    createSnapshot: (name, volume) => done(call('create_snapshot', { name, volume_name: volume })),
    deleteSnapshot: (name, volume) => done(call('delete_snapshot', { name, volume_name: volume })),
    createVolumeFromSnapshot: (name, sizeBytes, snapshot, volume) =>
      done(call('create_volume_from_snapshot', { name, size_bytes: sizeBytes, snapshot_name: snapshot, volume_name: volume })),
    createClonedVolume: (name, sizeBytes, source) =>
      done(call('create_cloned_volume', { name, size_bytes: sizeBytes, source_name: source })),
  }
}

async function ifOffered<Answered>(asked: Promise<Answered>): Promise<Answered | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof NotOffered) return undefined
    throw error
  }
}

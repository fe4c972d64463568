import { JSONRPCServer } from 'json-rpc-2.0'
import type { z } from 'zod'
import { AdapterFault, messageOf } from '../errors.ts'
import type { Answer } from './capabilities.ts'
import type { MigrationTarget, NeededVerbs, OptionalVerbs, VolumeDriver } from './driver.ts'
import { type Caller, callOver, type Line, METHOD_NOT_FOUND, RemoteError, serveOver, Unanswered } from './json_rpc.ts'
import { type Verb, type VerbParams, type VerbResult, verbs } from './verbs.ts'

export interface Limits {
  /** How long `get_capabilities` may take. A later answer does not count. */
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
  /** Throws nothing but AdapterFault: an error, silence and garbage are answers of their own kind. */
  getCapabilities(): Promise<Answer>
  /** False also where the driver has no such verb. */
  migrateVolume: OptionalVerbs['migrateVolume']
  /** True if the volume has the new name now. A driver without this verb leaves it the old one. */
  updateMigratedVolume(name: string, newName: string): Promise<boolean>
}

/** A volume service with the verbs that a migration does not use. They throw NotOffered where the driver lacks them. */
export interface WholeVolumeService extends VolumeService, Omit<OptionalVerbs, 'migrateVolume' | 'updateMigratedVolume'> {}

/** Serves a driver on a line until the line closes. */
export function serveDriver(driver: VolumeDriver, line: Line): void {
  const server = new JSONRPCServer({ errorListener: () => {} }) // the caller gets the error, and nothing else needs it
  addVerbs(server, driver)
  serveOver(server, line)
}

/** An argument of a driver's method that is several parameters on the wire. */
interface Grouped {
  toWire(argument: never): object
  fromWire(params: Readonly<Record<string, unknown>>): unknown
}

const target: Grouped = {
  toWire: ({ locationInfo, copyMode, sizeBytes }: MigrationTarget) => ({
    location_info: locationInfo,
    copy_mode: copyMode,
    size_bytes: sizeBytes,
  }),
  fromWire: ({ location_info, copy_mode, size_bytes }) => ({ locationInfo: location_info, copyMode: copy_mode, sizeBytes: size_bytes }),
}

/** For each verb the driver's method and its arguments in order, by the names of the verb's parameters. A new verb is a line here. */
const CALLS = {
  get_capabilities: ['getCapabilities'],
  create_volume: ['createVolume', 'name', 'size_bytes'],
  delete_volume: ['deleteVolume', 'name'],
  attach_volume: ['attachVolume', 'name'],
  detach_volume: ['detachVolume', 'name'],
  migrate_volume: ['migrateVolume', 'name', target],
  update_migrated_volume: ['updateMigratedVolume', 'name', 'new_name'],
  extend_volume: ['extendVolume', 'name', 'new_size_bytes'],
  create_snapshot: ['createSnapshot', 'name', 'volume_name'],
  delete_snapshot: ['deleteSnapshot', 'name', 'volume_name'],
  create_volume_from_snapshot: ['createVolumeFromSnapshot', 'name', 'size_bytes', 'snapshot_name', 'volume_name'],
  create_cloned_volume: ['createClonedVolume', 'name', 'size_bytes', 'source_name'],
} as const satisfies Partial<Record<Verb, readonly [keyof VolumeDriver, ...(string | Grouped)[]]>>
type CalledVerb = keyof typeof CALLS
const calledVerbs = Object.keys(CALLS) as CalledVerb[]

/** The verbs whose result on the wire is an object around what the method returns. */
const RESULT_FIELD: Partial<Record<CalledVerb, string>> = { attach_volume: 'path', migrate_volume: 'moved' }

function paramsOf(verb: CalledVerb, values: readonly unknown[]): Record<string, unknown> {
  const [, ...names] = CALLS[verb]
  return Object.assign(
    {},
    ...names.map((name, at) => (typeof name === 'string' ? { [name]: values[at] } : name.toWire(values[at] as never))),
  )
}

function argumentsOf(verb: CalledVerb, params: Readonly<Record<string, unknown>>): unknown[] {
  const [, ...names] = CALLS[verb]
  return names.map((name) => (typeof name === 'string' ? params[name] : name.fromWire(params)))
}

/** Lets a server answer for a driver. Verbs that the driver lacks are answered with "method not found". */
export function addVerbs(server: JSONRPCServer, driver: VolumeDriver): void {
  // The report is the driver's own, and what comes with the question does not matter.
  server.addMethod('get_capabilities', () => driver.getCapabilities())
  for (const verb of calledVerbs.filter((verb) => verb !== 'get_capabilities')) {
    const method: ((...values: never[]) => Promise<unknown>) | undefined = driver[CALLS[verb][0]]
    if (method === undefined) continue
    const field = RESULT_FIELD[verb]
    server.addMethod(verb, async (params) => {
      const values = argumentsOf(verb, verbs[verb].params.parse(params))
      const answer = await method.apply(driver, values as never[])
      return field === undefined ? (answer ?? {}) : { [field]: answer }
    })
  }
}

/** Asks for one verb and checks the form of the answer. Throws NotOffered, Unanswered, AdapterFault, or an Error with what the driver said. */
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
    if (error instanceof AdapterFault) throw new AdapterFault(message, error.trace, { cause: error })
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
  const methods = calledVerbs.map((verb) => [
    CALLS[verb][0],
    (...values: unknown[]) => answerOf(verb, callVerb(caller, verb, paramsOf(verb, values) as never, limits.verbSeconds)),
  ])
  const getCapabilities = async (): Promise<Answer> => {
    try {
      return { kind: 'answered', report: await caller.request('get_capabilities', {}, limits.askSeconds) }
    } catch (error) {
      if (error instanceof AdapterFault) throw error
      return { kind: 'unanswered', why: messageOf(error) }
    }
  }
  return { ...Object.fromEntries(methods), getCapabilities } as WholeVolumeService
}

/** The value that a method of the service returns for a verb's result. */
async function answerOf(verb: CalledVerb, asked: Promise<unknown>): Promise<unknown> {
  if (verb === 'update_migrated_volume') return (await ifOffered(asked.then(() => true))) ?? false
  if (verb === 'migrate_volume') return (await ifOffered(asked as Promise<VerbResult<'migrate_volume'>>))?.moved ?? false
  const result = await asked
  return verb === 'attach_volume' ? (result as VerbResult<'attach_volume'>).path : undefined
}

/** The same service, with every call passed through `observe`: its verb, its parameters as on the wire, and the call itself. */
export function observing<Service extends VolumeService>(
  service: Service,
  observe: <Answered>(verb: Verb, params: object, call: () => Promise<Answered>) => Promise<Answered>,
): Service {
  const methods = calledVerbs.flatMap((verb) => {
    const [method] = CALLS[verb]
    const call: unknown = Reflect.get(service, method)
    if (typeof call !== 'function') return []
    return [[method, (...values: unknown[]) => observe(verb, paramsOf(verb, values), () => call.apply(service, values))]]
  })
  return { ...service, ...Object.fromEntries(methods) }
}

async function ifOffered<Answered>(asked: Promise<Answered>): Promise<Answered | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof NotOffered) return undefined
    throw error
  }
}

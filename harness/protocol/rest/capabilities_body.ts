import { SHIPPED_KEY, WELL_DEFINED_PROPERTY, wellDefinedProperty } from '../capabilities.ts'

type Json = Readonly<Record<string, unknown>>

const NAMESPACE = 'OS::Storage::Capabilities::'
/** The fields that Cinder copies from a report, null where there is none. It leaves out the rest of a report. */
const FIELDS = [
  'vendor_name',
  'volume_backend_name',
  'pool_name',
  'driver_version',
  'storage_protocol',
  'display_name',
  'description',
  'visibility',
] as const

/** Describes the property to a client. It is the same for every driver and claims nothing: the claim stands beside `properties`. */
const described = {
  [WELL_DEFINED_PROPERTY]: {
    title: 'Sparse volume copy',
    description: 'New volumes read as zeros wherever nothing was written',
    type: 'boolean',
    ...wellDefinedProperty[WELL_DEFINED_PROPERTY],
  },
}

/**
 * The body that answers `GET /v3/{project_id}/capabilities/{host}`, as Cinder makes it, with the claims of the report beside it exactly as
 * the driver made them. A reader gets no other value than over JSON-RPC. Throws if the report is not an object.
 */
export function capabilitiesBody(host: string, report: unknown): Json {
  if (!isRecord(report)) throw new Error('the capability report is not an object')
  const { properties, replication_targets = [], storage_protocol } = report
  // Some drivers list all the names of a protocol, the preferred one first.
  const whole: Json = { ...report, storage_protocol: Array.isArray(storage_protocol) ? storage_protocol[0] : storage_protocol }
  return {
    namespace: `${NAMESPACE}${host}`,
    ...Object.fromEntries(FIELDS.map((field) => [field, whole[field] ?? null])),
    replication_targets,
    properties: { ...(isRecord(properties) && properties), ...described },
    ...Object.fromEntries([SHIPPED_KEY, WELL_DEFINED_PROPERTY].filter((key) => key in report).map((key) => [key, report[key]])),
  }
}

/**
 * Returns the report in a body, without the fields for which Cinder writes null because the driver reported none. Returns undefined if the
 * body is not the answer for this host: another host's says nothing of this one's new volumes.
 */
export function reportIn(body: unknown, host: string): Json | undefined {
  if (!isRecord(body) || body.namespace !== `${NAMESPACE}${host}`) return undefined
  const missing: ReadonlySet<string> = new Set(FIELDS.filter((field) => body[field] === null))
  return Object.fromEntries(Object.entries(body).filter(([key]) => !missing.has(key)))
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

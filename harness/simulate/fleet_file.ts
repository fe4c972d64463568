import { z } from 'zod'
import { UsageError } from '../errors.ts'
import { parseSize, SIZE_FORMS } from './size.ts'

const POOL_KINDS = ['thin', 'thick', 'file'] as const

/** A whole number of bytes or some text, which is read later; `error` is the message for anything else. */
function bytesOrText(error: string) {
  return z.union([z.number({ error }).int({ error }).nonnegative({ error }), z.string()], { error })
}

const size = bytesOrText(`it is no size; write ${SIZE_FORMS}`).describe(
  'bytes, or text: "200MiB", "1GiB"; as LVM reads sizes, "3.80g", k m g t p being powers of 1024 in either case',
)
const SIZE_IN_SCHEMA = { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] } as const
const NO_PERCENT = 'it is no Data%; write a number from 0 to 100, such as 19.53'
const percent = z
  .union(
    [
      z.number({ error: NO_PERCENT }).min(0, NO_PERCENT).max(100, NO_PERCENT),
      z.string().regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?)$/, NO_PERCENT),
    ],
    {
      error: NO_PERCENT,
    },
  )
  .describe("LVM's Data%, from 0 to 100")
const name = z.string({ error: 'it is no name; write text' }).min(1, 'it is empty')

const poolSchema = z.strictObject({
  name,
  kind: z
    .enum(POOL_KINDS, { error: `it is no kind of pool; write ${POOL_KINDS.join(', ')}` })
    .describe('thin: a thin pool; thick: a volume group, whose volumes take their size; file: a file system of sparse files'),
  size,
  chunk: size.optional().describe("what the pool gives at a time: thin, its chunk (64KiB); thick, the group's extent (4MiB); file, 4KiB"),
  claims: z
    .unknown()
    .describe('what its driver answers as sparse_copy_volume; only the boolean true permits sparse copies to it')
    .optional(),
  used: bytesOrText(`it is neither a size nor a Data%; write ${SIZE_FORMS}, or "10.28%"`)
    .optional()
    .describe('what is used by volumes that are not listed: a size, or a Data% of the pool such as "10.28%"'),
  bandwidth: bytesOrText(`it is no bandwidth; write ${SIZE_FORMS}, each a second`)
    .optional()
    .describe('bytes a second, or text: "200MiB"; gives the forecast a time in seconds'),
})

const volumeSchema = z.strictObject({
  name,
  pool: name,
  size,
  // Checked where its sizes are read: zod would copy each of what may be many millions.
  extents: z
    .unknown()
    .optional()
    .meta({
      type: 'array',
      items: { type: 'array', prefixItems: [SIZE_IN_SCHEMA, SIZE_IN_SCHEMA], items: false, minItems: 2 },
      description: 'what is allocated, as [offset, length], in order',
    }),
  dataPercent: percent.optional(),
  mapped: size.optional().describe('how much is allocated, lying anywhere'),
  shared: size
    .optional()
    .describe(
      'how much of that its pool keeps when the volume has gone, because snapshots share it; counted once, in what the pool has used',
    ),
})

const migrationSchema = z.strictObject({
  volume: name,
  to: name.describe('a pool'),
  blockSize: size.optional().describe("the copy's block"),
})

/** The file as it is written; sizes are not read yet. */
export const fleetSchema = z.strictObject({
  pools: z.array(poolSchema, { error: 'it is no list of pools' }).min(1, 'there must be a pool'),
  volumes: z.array(volumeSchema, { error: 'it is no list of volumes' }),
  migrations: z.array(migrationSchema, { error: 'it is no list of migrations' }).default([]).describe('one after another, in this order'),
  blockSize: size.optional().describe("the copies' block where a migration says no other; 1MiB, with which Cinder calls dd"),
})
export type FleetFile = z.input<typeof fleetSchema>
export type FleetFilePool = z.infer<typeof poolSchema>
export type FleetFileVolume = z.infer<typeof volumeSchema>

/** How many faults of a file are told at once. */
const MOST_FAULTS = 10

/** What is wrong with a file, each with its place in it. */
export class Faults {
  private readonly texts: string[] = []
  private count = 0

  add(path: string, text: string): void {
    this.count++
    if (this.texts.length < MOST_FAULTS) this.texts.push(`${path === '' ? 'the file' : path}: ${text}`)
  }

  /** Throws a UsageError that tells them, if there are any. */
  throwIfAny(file: string): void {
    if (this.count === 0) return
    const more = this.count - this.texts.length
    const rest = more === 0 ? [] : [`and ${more} more`]
    throw new UsageError([`${file} cannot be used:`, ...[...this.texts, ...rest].map((line) => `  ${line}`)].join('\n'))
  }
}

/** Checks the shape of a parsed file. Throws UsageError, with the place of each fault. */
export function checkFleetFile(value: unknown, file: string): z.infer<typeof fleetSchema> {
  const parsed = fleetSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = new Faults()
  for (const issue of parsed.error.issues) {
    const path = pathText(issue.path)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) faults.add(path === '' ? key : `${path}.${key}`, 'there is no such property; see fleet.schema.json')
    } else if (issue.code === 'invalid_type' && valueAt(value, issue.path) === undefined) faults.add(path, 'it is missing')
    else
      faults.add(
        path,
        valueAt(value, issue.path) === undefined ? 'it is missing' : `${issue.message} (it is ${shown(valueAt(value, issue.path))})`,
      )
  }
  faults.throwIfAny(file)
  throw new Error('a file that is refused has faults')
}

/** `volumes[3].size` */
function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`),
    '',
  )
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value)
}

/** A value of the file for a message, shortened. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** A size of the file in bytes; a fault, and NaN, with which no further fault is found, where it is none. */
export function readSize(value: number | string, path: string, faults: Faults): number {
  if (typeof value === 'number') return value
  const parsed = parseSize(value)
  if (parsed.ok) return parsed.bytes
  faults.add(path, `${shown(value)} is no size: ${parsed.why}`)
  return Number.NaN
}

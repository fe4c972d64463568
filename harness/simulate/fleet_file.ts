import { z } from 'zod'
import { UsageError } from '../errors.ts'
import { parseSize, SIZE_FORMS } from './size.ts'

const POOL_KINDS = ['thin', 'thick', 'file'] as const

/** A whole number of bytes, or some text; `error` is the message for anything else. */
function bytesOrText(error: string) {
  return z.union([z.number({ error }).int({ error }).nonnegative({ error }), z.string()], { error })
}

/** A size in bytes. Adds an issue to the context if the text is not one. */
function readSize(value: number | string, ctx: z.RefinementCtx): number {
  if (typeof value === 'number') return value
  const parsed = parseSize(value)
  if (parsed.ok) return parsed.bytes
  ctx.addIssue(`${shown(value)} is not a size: ${parsed.why}`)
  return z.NEVER
}

const isPositive = (bytes: number) => bytes > 0
const NOT_POSITIVE = 'it must be more than 0'

const size = bytesOrText(`it is not a size; write ${SIZE_FORMS}`)
  .transform(readSize)
  .describe('bytes, or text: "200MiB", "1GiB"; as LVM reads sizes, "3.80g", k m g t p being powers of 1024 in either case')
const positiveSize = size.refine(isPositive, NOT_POSITIVE)
const SIZE_IN_SCHEMA = { anyOf: [{ type: 'integer', minimum: 0 }, { type: 'string' }] } as const

const bandwidth = bytesOrText(`it is not a bandwidth; write ${SIZE_FORMS}, each a second`)
  .transform(readSize)
  .refine(isPositive, NOT_POSITIVE)

const NO_PERCENT = 'it is not a percentage; write a number from 0 to 100, such as 19.53'
const percent = z
  .union(
    [
      z.number({ error: NO_PERCENT }).min(0, NO_PERCENT).max(100, NO_PERCENT),
      z.string().regex(/^(100(\.0+)?|\d{1,2}(\.\d+)?)$/, NO_PERCENT),
    ],
    { error: NO_PERCENT },
  )
  .transform(Number)
  .describe("LVM's Data%, from 0 to 100")

/** The space in use: bytes, or a share of a pool in percent. */
export type Used = { readonly bytes: number } | { readonly percent: number }

function readUsed(value: number | string, ctx: z.RefinementCtx): Used {
  const share = typeof value === 'string' ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value)?.[1] : undefined
  if (share === undefined) return { bytes: readSize(value, ctx) }
  if (Number(share) > 100) ctx.addIssue(`${shown(value)} is more than 100%`)
  return { percent: Number(share) }
}

const NO_RESERVE = `it is neither a size nor a percentage; write ${SIZE_FORMS}, or "20%"`
/** Space to keep free. */
export const reserveSchema = bytesOrText(NO_RESERVE).transform(readUsed)

const name = z.string({ error: 'it is not a name; write text' }).min(1, 'it is empty')

const poolSchema = z.strictObject({
  name,
  kind: z
    .enum(POOL_KINDS, { error: `it is not a kind of pool; write ${POOL_KINDS.join(', ')}` })
    .describe('thin: a thin pool; thick: a volume group, whose volumes take their whole size; file: a file system of sparse files'),
  size: positiveSize,
  chunk: positiveSize
    .optional()
    .describe("the unit of allocation: for thin the chunk (default 64KiB), for thick the group's extent (4MiB), for file 4KiB"),
  claims: z
    .unknown()
    .describe('the answer of its driver as sparse_copy_volume; only the boolean true permits sparse copies to the pool')
    .optional(),
  used: bytesOrText(`it is neither a size nor a Data%; write ${SIZE_FORMS}, or "10.28%"`)
    .transform(readUsed)
    .optional()
    .describe(
      'the space used by volumes that are not listed, and what listed volumes share; default 0: a size, or a Data% of the pool such as "10.28%"',
    ),
  reserve: reserveSchema
    .optional()
    .describe('the space that migrations to the pool must leave free: a size, or a percentage of the pool such as "20%"'),
  metadataSize: positiveSize.optional().describe("the size of a thin pool's metadata, as lvs shows it in lv_metadata_size"),
  metadataPercent: percent.optional().describe("LVM's Meta%, from 0 to 100; with it and metadataSize, the metadata is forecast too"),
  bandwidth: bandwidth.optional().describe('bytes a second, or text: "200MiB"; gives the forecast a time in seconds'),
})

const volumeSchema = z.strictObject({
  name,
  pool: name,
  size: positiveSize,
  // fleet.ts checks these: zod would copy every extent, and there may be millions.
  extents: z
    .unknown()
    .optional()
    .meta({
      type: 'array',
      items: { type: 'array', prefixItems: [SIZE_IN_SCHEMA, SIZE_IN_SCHEMA], items: false, minItems: 2 },
      description: 'the allocated ranges, as [offset, length], in order',
    }),
  dataPercent: percent.optional(),
  mapped: size.optional().describe('the allocated space, lying anywhere'),
  shared: size
    .optional()
    .describe(
      'the part of it that the pool keeps when the volume is deleted, because snapshots share it; the used of the pool counts it, once, and must be at least as much',
    ),
})

const migrationSchema = z.strictObject({
  volume: name,
  to: name.describe('the name of the destination pool'),
  blockSize: positiveSize.optional().describe('the block size of the copy'),
})

/** The shape of a fleet file. It reads the sizes; fleet.ts reads the meaning of the rest. */
export const fleetFileSchema = z.strictObject({
  pools: z.array(poolSchema, { error: 'it is not a list of pools' }).min(1, 'there must be a pool'),
  volumes: z.array(volumeSchema, { error: 'it is not a list of volumes' }),
  migrations: z
    .array(migrationSchema, { error: 'it is not a list of migrations' })
    .prefault([])
    .describe('the migrations, one after another in this order'),
  reserve: reserveSchema.optional().describe('the reserve of pools that give none; default 0'),
  blockSize: positiveSize.optional().describe('the block size of migrations that give none; default 1MiB, with which Cinder calls dd'),
})
/** A file as it is written. */
export type FleetFile = z.input<typeof fleetFileSchema>
export type FilePool = z.infer<typeof poolSchema>
export type FileVolume = z.infer<typeof volumeSchema>
/** A file with its sizes in bytes. */
export type ReadFile = z.infer<typeof fleetFileSchema>

const MOST_FAULTS = 10

/** An error that lists the first faults of a file, each with its place. `value` is the parsed file and `file` its name. */
export function faultsOf(value: unknown, file: string, issues: readonly z.core.$ZodIssue[]): UsageError {
  const faults = issues.flatMap((issue) => {
    const path = pathText(issue.path)
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${path === '' ? key : `${path}.${key}`}: there is no such property; see fleet.schema.json`)
    return `${path === '' ? 'the file' : path}: ${messageFor(issue, valueAt(value, issue.path))}`
  })
  const more = faults.length - MOST_FAULTS
  const lines = [...faults.slice(0, MOST_FAULTS), ...(more > 0 ? [`and ${more} more`] : [])]
  return new UsageError([`${file} cannot be used:`, ...lines.map((line) => `  ${line}`)].join('\n'))
}

function messageFor({ code, message }: z.core.$ZodIssue, value: unknown): string {
  if (code === 'custom') return message
  return value === undefined ? 'it is missing' : `${message} (it is ${shown(value)})`
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

import { z } from 'zod'

/** The version of the driver protocol: JSON-RPC 2.0, one message a line, with Cinder's verbs. See docs/protocol.md. */
export const PROTOCOL = 'holeproof-driver-1'

const name = z.string().min(1).describe('unique within the backend')
const sizeBytes = z.number().int().positive().describe('bytes')
const volume = z.object({ name })
const nothing = z.unknown().describe('not looked at')

const setupSchema = z.object({
  protocol: z.literal(PROTOCOL),
  prefix: z.string().describe('begins the name of everything that the driver makes outside its folder: volume groups, devices'),
  device: z
    .object({ path: z.string(), size_bytes: sizeBytes })
    .describe('a block device for the driver alone, filled with old bytes from end to end'),
  folder: z.string().describe("an empty folder for the driver alone, on an ext4 filesystem of the device's size on old bytes"),
  machine: z.string().describe('the name of the machine that the driver runs on'),
  options: z.record(z.string(), z.string()).describe("the user's --option KEY=VALUE"),
})

const setupAnswerSchema = z.object({
  protocol: z.literal(PROTOCOL),
  name: z.string().optional().describe('what the driver calls itself in reports'),
  size_step_bytes: sizeBytes.optional().describe('volumes are asked for in multiples of it; 1 byte where it is left out'),
  delete_is_idempotent: z.boolean().optional().describe('deleting what is not there succeeds and does nothing'),
})

/** Every verb with its parameters and its result; `optional` ones may be answered with "method not found" (-32601). */
export const verbs = {
  do_setup: {
    optional: false,
    params: setupSchema,
    result: setupAnswerSchema,
    what: "Prepares the driver's storage. Asked once after each start of the driver: after a restart the volumes made before must be there still.",
  },
  shutdown: { optional: true, params: z.object({}), result: nothing, what: 'Takes back what do_setup made. The driver ends after it.' },
  get_capabilities: {
    optional: false,
    params: z.object({}),
    result: z.looseObject({
      sparse_copy_volume: z.boolean().optional().describe('the claim: new volumes read as zeros wherever they were not written'),
      cinder_sparse_copy_volume: z.boolean().optional().describe("the spec's well-defined property, the same claim"),
      location_info: z.string().optional().describe("handed to the source's migrate_volume as it is"),
    }),
    what: 'The capability report. A driver may say more.',
  },
  create_volume: {
    optional: false,
    params: volume.extend({ size_bytes: sizeBytes }),
    result: nothing,
    what: 'Makes a volume of at least this size.',
  },
  delete_volume: { optional: false, params: volume, result: nothing, what: 'Deletes a volume.' },
  attach_volume: {
    optional: false,
    params: volume,
    result: z.object({ path: z.string().startsWith('/').describe("the volume's block device or raw file") }),
    what: 'Makes a volume reachable on the machine.',
  },
  detach_volume: {
    optional: false,
    params: volume,
    result: nothing,
    what: 'Takes the path away again; a driver that keeps it may do nothing.',
  },
  migrate_volume: {
    optional: true,
    params: volume.extend({
      // JSON has no undefined: a destination that gave none leaves it out.
      location_info: z.unknown().optional().describe("of the destination's capability report"),
      copy_mode: z.enum(['full', 'sparse']).describe("what the rule decided from the destination's answer"),
      size_bytes: sizeBytes.describe("the volume's own size in bytes; its device may be larger"),
    }),
    result: z.object({ moved: z.boolean().describe('false: the driver cannot, and nothing has happened') }),
    what: "Moves a volume to another backend by the driver's own means (driver-assisted migration).",
  },
  update_migrated_volume: {
    optional: true,
    params: volume.extend({ new_name: name }),
    result: nothing,
    what: 'Gives a volume its final name after a migration. Without it the volume keeps the name it arrived under.',
  },
  extend_volume: {
    optional: true,
    params: volume.extend({ new_size_bytes: sizeBytes }),
    result: nothing,
    what: 'Makes a volume larger.',
  },
  create_snapshot: { optional: true, params: volume.extend({ volume_name: name }), result: nothing, what: 'Makes a snapshot of a volume.' },
  delete_snapshot: { optional: true, params: volume.extend({ volume_name: name }), result: nothing, what: 'Deletes a snapshot.' },
  create_volume_from_snapshot: {
    optional: true,
    params: volume.extend({ size_bytes: sizeBytes, snapshot_name: name, volume_name: name }),
    result: nothing,
    what: 'Makes a volume that holds what the snapshot holds.',
  },
  create_cloned_volume: {
    optional: true,
    params: volume.extend({ size_bytes: sizeBytes, source_name: name }),
    result: nothing,
    what: 'Makes a volume that holds what another volume holds.',
  },
} as const

export type Verb = keyof typeof verbs
export type VerbParams<Name extends Verb> = z.infer<(typeof verbs)[Name]['params']>
export type VerbResult<Name extends Verb> = z.infer<(typeof verbs)[Name]['result']>
export type DriverSetup = VerbParams<'do_setup'>

/** The published JSON schema of the protocol: for each verb its parameters and its result. */
export function protocolJsonSchema(): object {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `The driver protocol ${PROTOCOL}: the params and the result of each method`,
    $defs: Object.fromEntries(
      Object.entries(verbs).map(([verb, { what, optional, params, result }]) => [
        verb,
        {
          description: what,
          optional,
          properties: { params: bare(params, 'input'), result: bare(result, 'input') },
        },
      ]),
    ),
  }
}

function bare(schema: z.ZodType, io: 'input'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io })
  return rest
}

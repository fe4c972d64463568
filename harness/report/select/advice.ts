import type { Cause } from '../../result/cause.ts'
import type { Result } from '../../result/result.ts'

/** The meaning of a failed check and the advice on it. docs/findings.md explains both at length, with examples. */
export interface Advice {
  readonly means: string
  readonly todo: string
}

const SPARSE_LIE: Advice = {
  means: "A sparse copy onto such a volume leaves stale bytes where the source has zeros: silent corruption, another tenant's data.",
  todo: 'Make the driver give volumes that read as zeros, or answer sparse_copy_volume: false; then every block is copied.',
}
const MODEL: Advice = {
  means: 'Real storage and the model of it differ. The finding says which of the two is suspected.',
  todo: 'If it is the copy, treat it as corrupt. If it is the model, a newer kernel or LVM may do otherwise: report it with result.json.',
}
const UNPROVEN: Advice = {
  means: 'What reads as zero here may never have held stale bytes, so the cell proves nothing.',
  todo: 'The lab poisons too little for this cell: report it with result.json.',
}
const SPEC_TABLE: Advice = {
  means: "LVM does not show the Data% of the spec's own example.",
  todo: 'Compare the rows of lvs: LVM or the kernel may count otherwise, or the copy wrote more than it had to.',
}

/** By the id of a check, or by its leading part. */
const ADVICE: Readonly<Record<string, Advice>> = {
  migrated: {
    means: 'The migration failed, or another moved the volume than should have. The source is kept where it failed.',
    todo: 'The reason beside it quotes the command or the verb that failed; all commands are on record with their output.',
  },
  source: {
    means: 'The source is gone although the migration failed, which is data loss, or is left after it succeeded.',
    todo: 'Look at the states and the order of commands: the source may be deleted only after the destination is checked.',
  },
  decision: {
    means: "The copy was made in another mode than the rule decides from this answer of the destination's driver.",
    todo: 'Compare the capability report with the reason on record: only the boolean true at its top level permits a sparse copy.',
  },
  bytes: {
    means: "The destination does not hold what the source held. Poison is what lay on its storage before, as a tenant's data would.",
    todo: "After a sparse copy the claim of the destination's driver is false: withdraw it. After a full one the mover or the storage lost bytes.",
  },
  writes: {
    means: 'An instance lost its volume while it migrated, or wrote too little for the migration to prove anything.',
    todo: 'The text says what it lost it by: a write that QEMU or the storage refused, or a daemon that ended.',
  },
  'control-corrupts': {
    means: 'A copy that broke the rule on purpose did no harm, or another harm than it must: this run would miss a real corruption.',
    todo: 'Do not rely on the run. Repeat the cell with --keep and look at what its destination held before.',
  },
  model: MODEL,
  'source-poison': UNPROVEN,
  'destination-poison': UNPROVEN,
  'data-percent-before': SPEC_TABLE,
  'data-percent-after': SPEC_TABLE,
  rule: {
    means: 'A copy that the rule permits is corrupt: the rule, or the claim that it relied on, is refuted.',
    todo: 'Repeat it with its seed. If it stays, it is the most important thing that can be found here: report it.',
  },
  trap: {
    means: 'Real storage did otherwise than it is known to.',
    todo: 'Corrupt where it must be intact: do not copy so. Intact where it must corrupt: a kernel or tool has changed, or the storage was clean.',
  },
  'sets-up': {
    means: 'The driver did not start, or answered do_setup with an error. Nothing else could be tried.',
    todo: 'The text ends with the last line of its log. Talk to it by hand, as docs/protocol.md shows.',
  },
  'report-well-formed': {
    means: 'The capability report breaks the schema, so no migration believes its claim and every block is copied.',
    todo: 'Answer get_capabilities with an object whose sparse_copy_volume is true or false: no text, no number, not within pools.',
  },
  'new-reads-zero': SPARSE_LIE,
  'rounded-size-reads-zero': {
    means: 'A volume that came out larger than asked for shows stale bytes past its end.',
    todo: 'Zero what rounding adds as well, or answer sparse_copy_volume: false.',
  },
  'every-volume-reads-zero': SPARSE_LIE,
  'partial-writes-read-zero': {
    means: 'A volume that reads as zeros while it is new shows stale bytes beside what is written to it.',
    todo: 'Have the storage zero whole blocks when it hands them out (a thin pool with zeroing on), or answer sparse_copy_volume: false.',
  },
  'extended-reads-zero': {
    means: 'What an extension adds shows stale bytes.',
    todo: 'Zero what is added, or answer sparse_copy_volume: false.',
  },
  'reused-reads-zero': {
    means: 'A new volume shows what a deleted one held.',
    todo: 'Clear volumes wholly when they are deleted or created, or answer sparse_copy_volume: false.',
  },
  'paths-are-its-own': {
    means: "attach_volume gave a path that is not the driver's, is too small, or is another volume's. It was not opened.",
    todo: "Give an absolute path to a block device or file below the driver's own device or folder, one for each volume.",
  },
  'claim-stable': {
    means: 'The same driver claimed differently at different times, so a migration may act on an answer that no longer holds.',
    todo: 'Derive the claim from the configuration alone, not from what is on the storage.',
  },
  'two-at-once': {
    means: 'Volumes that are made or written at the same time disturb each other.',
    todo: 'Look for a name, a file or a lock that two requests share.',
  },
  'attach-repeats': {
    means: 'Attaching a volume again shows other bytes than before.',
    todo: 'Attach must neither make, clear nor exchange what it attaches; detach must write back all there is.',
  },
  'extend-keeps': { means: 'An extension lost what the volume held.', todo: 'Extend in place, or copy before the old one goes.' },
  'survives-restart': {
    means: 'After a restart of the driver volumes are gone or hold other bytes.',
    todo: 'do_setup runs at each start: make only what is not there yet, and keep the list of volumes on the storage.',
  },
  'errors-are-errors': {
    means: 'Something that cannot be done was answered as if it had been.',
    todo: 'Answer with a JSON-RPC error and change nothing.',
  },
  'snapshot-is-not-new': {
    means: 'A volume from a snapshot does not hold the snapshot, or lost its bytes in a migration.',
    todo: 'Keep what the snapshot held, whatever is written to the volume later. If you claim, zero what a larger volume has beyond it.',
  },
  'clone-is-not-new': {
    means: 'A clone does not hold what its source held, or changes with it.',
    todo: 'Copy, or share with copy-on-write in both directions. If you claim, zero what a larger clone has beyond its source.',
  },
  'clone-moves-whole': {
    means: 'A clone, or a volume from a snapshot, lost bytes when it was moved.',
    todo: 'Copy what attaching the volume shows, with what it shares with its origin. A map of its own blocks is not all of it.',
  },
  'survives-crash': {
    means:
      'The driver was killed while it made a volume. Afterwards another volume was not whole, or a new one shows what lay on the storage.',
    todo: 'Make a volume whole before its name is known, and after a start remove what is only half made. Write an index anew beside the old one.',
  },
  'delete-frees': {
    means: 'Deleting volumes does not give their space back, or does not delete them.',
    todo: 'Remove the volume or snapshot, and all that was made for it: temporary copies, internal snapshots, thin volumes that nothing names.',
  },
  'migrate-in': {
    means: 'A volume that was migrated to this driver does not hold what its source held, or takes more than its copy mode allows.',
    todo: 'Wrong bytes after a sparse copy: the claim is false. Moved by a peer that claims: that peer copied sparsely by its own claim.',
  },
  'migrate-out': {
    means: 'A volume that this driver moved, or left to the host, does not hold what it held before.',
    todo: "migrate_volume must follow copy_mode and the volume's size, and answer moved: false where it cannot.",
  },
  'signatures-on-storage': {
    means: 'Old data on the storage, such as a filesystem, keeps this driver from making volumes, or shows in new ones.',
    todo: 'Have commands wipe signatures without a question. If you claim, zero what is under a new volume.',
  },
  'signatures-stay-bytes': {
    means: 'The driver did something with a volume because of what its user keeps in it, and changed or showed other bytes.',
    todo: 'Say what format a volume has instead of having tools guess (qemu-img -f raw), and wipe, mount and activate nothing in it.',
  },
  'migrate-out-fails': {
    means: 'The destination failed in the middle of a move, and what this driver answered or left does not fit that.',
    todo: 'Look at the exit code of every command and flush before the source goes. On an error remove the copy and keep the source.',
  },
  'speaks-protocol': {
    means: 'Something else than answers came on standard output, or the driver did not end.',
    todo: 'Log to standard error, take the output of commands away from standard output, and end when standard input closes.',
  },
  'leaves-nothing-behind': {
    means: 'After shutdown something of the driver is still on the machine.',
    todo: 'Take back in shutdown what do_setup made: volume groups, mounts, processes.',
  },
}

/** By the cause that was found. `stale` is left to the checks: which of them shows it tells where to look. */
const CAUSE_ADVICE: Readonly<Record<Exclude<Cause, 'stale'>, Advice>> = {
  'lost-tail': {
    means: 'The last bytes of the volume did not arrive. Its size is no whole number of blocks of whatever copied it, or it was cut short.',
    todo: 'Copy to the last byte of the size that was asked for, also where it is no whole number of blocks and where it ends with zeros.',
  },
  'lost-write': {
    means: 'Data that was written to the volume is not in it.',
    todo: 'Look at what the copy takes for a hole: data that is shared with a parent, not yet flushed, or past a failed write.',
  },
  'not-durable': {
    means: 'The driver answered that all was moved, and a part of it never reached the storage of the destination.',
    todo: 'Look at the exit code of every command, and flush the destination (fdatasync) before the source goes.',
  },
  unread: {
    means: 'The driver answered that all was moved, although a block of the source could not be read.',
    todo: 'Take an error of a read for a failed migration: no conv=noerror, and no zeros in the place of what was not read.',
  },
  'too-small': {
    means: 'A volume is smaller than what was asked for, so that a copy of a volume of that size does not fit.',
    todo: 'Add the room that headers take, and give every copy the size of its source, also where it ends with zeros.',
  },
  cached: {
    means: 'A volume shows one thing to a program that reads through the page cache, and another to one that reads past it.',
    todo: 'Change nothing below a device that is open: write through the device, or close it and flush its buffers (blockdev --flushbufs) first.',
  },
  full: {
    means: 'The storage ran out of space.',
    todo: 'Give the driver more with --storage, or find what keeps the space: this says nothing of its claim.',
  },
  'io-error': {
    means: 'The storage answered a read or a write with an error.',
    todo: 'Look at the kernel log of the machine for the device that failed.',
  },
  prompt: {
    means:
      'A command of the driver asked a question, because it found a signature of other data on the storage, and read the answer from its input.',
    todo: 'Give such commands --yes, and an input of their own: otherwise they swallow the next requests.',
  },
  'source-left': {
    means: 'The driver answered that it had moved the volume, and the volume is still on its source.',
    todo: 'Delete the source before answering moved: true, and answer with an error if that fails.',
  },
  'source-lost': {
    means: 'A migration failed and its source is not whole any more: data loss.',
    todo: 'Delete or change nothing of the source before the destination holds all of it and is flushed.',
  },
  'arrival-left': {
    means: 'A migration failed and left a volume on the destination, which nobody knows of.',
    todo: 'Remove on failure all that the migration made.',
  },
  thick: {
    means: 'Every byte arrived, but the copy takes more storage than its data.',
    todo: 'Let new volumes take storage only where something is written.',
  },
}

export const advisedCauses: readonly string[] = Object.keys(CAUSE_ADVICE)

export const advisedChecks: readonly string[] = Object.keys(ADVICE)

/** Advice on a check, by its id: `model/bytes-read` is advised on as `model`. */
export function adviceOn(check: string): Advice | undefined {
  const parts = check.split('/')
  return parts.map((_, index) => ADVICE[parts.slice(0, parts.length - index).join('/')]).find((advice) => advice !== undefined)
}

/** The advice on everything that failed in a run, each once, with the checks that it is for. */
export function advicesOf({ cells, copies, certificates }: Pick<Result, 'cells' | 'copies' | 'certificates'>): Map<Advice, string[]> {
  const failed = [...[...cells, ...copies].flatMap(({ findings }) => findings.filter(({ ok }) => !ok).map(({ check }) => check))].map(
    (check) => ({ check, advice: adviceOn(check) }),
  )
  const refuted = certificates
    .flatMap(({ checks }) => checks.filter(({ verdict }) => verdict === 'refuted'))
    .map(({ id, cause }) => ({ check: id, advice: cause === undefined || cause === 'stale' ? adviceOn(id) : CAUSE_ADVICE[cause] }))
  const advices = new Map<Advice, string[]>()
  for (const { check, advice } of [...failed, ...refuted]) {
    if (advice === undefined) continue
    const checks = advices.get(advice) ?? []
    if (!checks.includes(check)) advices.set(advice, [...checks, check])
  }
  return advices
}

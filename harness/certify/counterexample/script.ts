import type { DriverSetup } from '../../drivers/protocol.ts'
import type { CommandRecord } from '../../lab/lab.ts'
import type { Act } from '../checks/trial.ts'

/** All that was done for a counterexample, from the first image to the last read. */
export interface Recording {
  /** The lab's folder and the prefix of its names; the script has its own instead. */
  readonly folder: string
  readonly prefix: string
  /** Sizes in bytes of the image files below the loop devices. */
  readonly images: ReadonlyMap<string, number>
  /** What was run before the first act. */
  readonly setup: readonly CommandRecord[]
  /** What do_setup was asked with, for a driver that is a program. */
  readonly asked?: DriverSetup
  readonly acts: readonly Act[]
  /** The volume that held other bytes than its user wrote. */
  readonly volume: string
}

export interface ScriptHeader {
  readonly driver: string
  /** What it shows. */
  readonly shows: string
  /** How the driver is started, when it is a program. */
  readonly argv?: readonly string[]
  /** Where; by default the script's own folder. */
  readonly cwd?: string
}

const OWN_PREFIX = 'holeproof_shown'

/**
 * A plain shell script that does the same again without holeproof and compares the volume byte by byte with what its user
 * wrote. It exits with 1 when there is anything else. Pure.
 */
export function scriptOf({ driver, shows, argv, cwd }: ScriptHeader, recording: Recording): string {
  const words = new Words(recording)
  const commands = recording.setup.flatMap((command) => words.command(command))
  const lines = [
    '#!/bin/sh',
    ...[`${driver}: ${shows}`, 'Run it as root on a kernel with loop devices and what the driver needs. It clears up after itself.'].map(
      comment,
    ),
    HEAD,
    ...commands,
    ...(recording.asked !== undefined && argv !== undefined ? startDriver(words, recording.asked, argv, cwd) : []),
    ...actLines(words, recording),
    `compare "$${variableOf(recording.volume)}"`,
  ]
  return `${lines.join('\n')}\n`
}

/** Everything up to where the volume in question is compared. */
function actLines(words: Words, { acts, asked, volume }: Recording): string[] {
  const end = acts.findLastIndex((act) => act.act === 'verb' && act.verb === 'detach_volume' && nameOf(act) === volume)
  return acts.slice(0, end < 0 ? acts.length : end).flatMap((act): string[] => {
    if (act.act === 'write')
      return [`${act.volume === volume ? 'write' : 'write_other'} "$${variableOf(act.volume)}" ${act.offset} ${act.length}`]
    const said = `say ${quote(`${act.verb} ${JSON.stringify(act.params)}`)}`
    const done =
      asked === undefined ? act.commands.flatMap((command) => words.command(command)) : [`ask ${act.verb} ${words.json(act.params)}`]
    if (act.verb !== 'attach_volume') return [said, ...done]
    const path = asked === undefined ? words.text(act.path ?? '') : '$(answered_path)'
    return [said, ...done, `${variableOf(nameOf(act))}="${path}"`]
  })
}

function nameOf(act: Act): string {
  return act.act === 'verb' && 'name' in act.params && typeof act.params.name === 'string' ? act.params.name : ''
}

function startDriver(words: Words, asked: DriverSetup, argv: readonly string[], cwd: string | undefined): string[] {
  return [
    '# The driver, with its standard input and output at hand.',
    'mkfifo "$work/questions" "$work/answers"',
    `(cd ${cwd === undefined ? '"$here"' : quote(cwd)} && exec ${argv.map(quote).join(' ')}) <"$work/questions" >"$work/answers" &`,
    'driver=$!',
    'exec 3>"$work/questions" 4<"$work/answers"',
    `ask do_setup ${words.json(asked)}`,
  ]
}

/** Replaces what was the lab's by what is the script's: its folder, its names, its loop devices. */
class Words {
  private readonly replacements: [string, string][]
  private readonly images: ReadonlyMap<string, number>
  private loops = 0

  constructor({ folder, prefix, images }: Recording) {
    this.images = images
    this.replacements = [
      [folder, '$work'],
      [prefix, OWN_PREFIX],
    ]
  }

  /** Text for the inside of double quotes. */
  text(text: string): string {
    const escaped = text.replace(/[\\"$`]/g, '\\$&')
    return this.replacements.reduce((replaced, [from, to]) => replaced.replaceAll(from, to), escaped)
  }

  json(params: object): string {
    return `"${this.text(JSON.stringify(params))}"`
  }

  command({ argv, output, ending }: CommandRecord): string[] {
    if (ending !== 'exited with 0') return []
    const image = argv.at(-1) ?? ''
    const size = this.images.get(image)
    if (argv[0] !== 'losetup' || size === undefined) return [argv.map((word) => `"${this.text(word)}"`).join(' ')]
    const name = `loop${++this.loops}`
    const line = [`poison "${this.text(image)}" ${size}`, `${name}=$(losetup --find --show "${this.text(image)}")`, `admit "$${name}"`]
    // Longer names first: /dev/loop1 is the beginning of /dev/loop10.
    this.replacements.unshift([output.trim(), `$${name}`])
    this.replacements.sort(([one], [other]) => other.length - one.length)
    return line
  }
}

function variableOf(volume: string): string {
  return `path_of_${volume.replace(/[^A-Za-z0-9]/g, '_')}`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function comment(text: string): string {
  return `# ${text.replaceAll('\n', ' ')}`
}

const HEAD = `set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
driver=
devices=
export LVM_SYSTEM_DIR="$work/lvm" LVM_SUPPRESS_FD_WARNINGS=1
mkdir "$work/lvm"

clear_up() {
  set +e
  exec 3>&- 4<&-
  if [ -n "$driver" ]; then sleep 1; kill -9 "$driver"; fi 2>/dev/null
  grep -o " $work/[^ ]*" /proc/mounts | sort -r | while read -r point; do umount "$point"; done
  for round in 1 2 3 4 5; do
    dmsetup ls 2>/dev/null | grep '^${OWN_PREFIX}' | while read -r name rest; do dmsetup remove "$name" 2>/dev/null; done
  done
  for device in $devices; do losetup --detach "$device"; done
  rm -rf /dev/${OWN_PREFIX}* "$work"
}
trap clear_up EXIT

say() { printf '%s\\n' "$*"; }

# An image full of old bytes.
poison() { head -c "$2" /dev/zero | tr '\\000' P >"$1"; }

# LVM sees these devices and no others.
admit() {
  devices="$devices $1"
  accepted=
  for device in $devices; do accepted="$accepted\\"a|^$device\\$|\\", "; done
  cat >"$work/lvm/lvm.conf" <<END
devices {
  global_filter=[$accepted"r|.*|"]
  obtain_device_list_from_udev=0
  use_devicesfile=0
}
global {
  event_activation=0
  locking_dir="$work/lvm/lock"
  thin_check_executable=""
}
activation {
  udev_sync=0
  udev_rules=0
  monitoring=0
}
backup {
  backup=0
  archive=0
}
END
}

# A call of the driver: JSON-RPC 2.0, one message a line.
calls=0
ask() {
  calls=$((calls + 1))
  printf '{"jsonrpc":"2.0","id":%s,"method":"%s","params":%s}\\n' "$calls" "$1" "$2" >&3
  IFS= read -r answer <&4
  say "  $answer"
}
answered_path() { printf '%s' "$answer" | sed -n 's/.*"path" *: *"\\([^"]*\\)".*/\\1/p'; }

# What the volume's user writes, and what the volume should hold then.
writes=
write_other() {
  head -c "$3" /dev/zero | tr '\\000' W | dd of="$1" bs=1M seek="$2" oflag=seek_bytes conv=notrunc,fsync status=none
}
write() {
  say "write $3 bytes at $2"
  write_other "$@"
  writes="$writes $2:$3"
}
compare() {
  size=$(blockdev --getsize64 "$1" 2>/dev/null || stat -c %s "$1")
  truncate -s "$size" "$work/expected"
  for piece in $writes; do write_other "$work/expected" "\${piece%:*}" "\${piece#*:}"; done
  dd if="$1" of="$work/found" bs=1M iflag=direct status=none
  if cmp -s "$work/expected" "$work/found"; then
    say "all $size bytes are zero where nobody wrote: not corrupt"
    return
  fi
  first=$(cmp -l "$work/expected" "$work/found" 2>/dev/null | awk '{ print $1 - 1; exit }')
  say "CORRUPT: from byte $first on the volume holds bytes that its user never wrote:"
  od -A d -t x1z -j "$first" -N 48 "$work/found"
  exit 1
}
`

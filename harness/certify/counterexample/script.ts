import type { CommandRecord } from '../../lab/lab.ts'
import type { Act, RecordedProgram, Recorder } from '../session/recorder.ts'

interface VolumeOf {
  readonly driver: string
  readonly name: string
}

/** Everything that was done for a counterexample, from the first image to the last read. */
export interface Recording {
  /** The lab's folder and the prefix of its names. The script uses its own instead. */
  readonly folder: string
  readonly prefix: string
  /** Sizes in bytes of the image files below the loop devices. */
  readonly images: ReadonlyMap<string, number>
  /** The commands before the first act. */
  readonly setup: readonly CommandRecord[]
  readonly recorder: Pick<Recorder, 'acts' | 'programs'>
  /** The volume that holds wrong bytes. */
  readonly volume: VolumeOf
  /** How many of its bytes are compared, from the start. */
  readonly bytes: number
  /** The volume that its user wrote to: the same one, or the source of its migration. */
  readonly writtenTo: VolumeOf
}

export interface ScriptHeader {
  readonly driver: string
  /** The case, in words. */
  readonly shows: string
}

const OWN_PREFIX = 'holeproof_shown'

/**
 * Returns a plain shell script that repeats a recording without holeproof and compares the volume byte by byte with what its
 * user wrote. The script exits with 1 when they differ. Pure.
 */
export function scriptOf({ driver, shows }: ScriptHeader, recording: Recording): string {
  const words = new Words(recording)
  const { programs } = recording.recorder
  const lines = [
    '#!/bin/sh',
    ...[
      `${driver}: ${shows}`,
      'Run it as root on a kernel with loop devices and whatever the driver needs. It cleans up after itself.',
    ].map(comment),
    HEAD,
    ...recording.setup.flatMap((command) => words.command(command)),
    ...programs.flatMap((program, index) => startDriver(words, program, index)),
    ...actLines(words, recording),
    `compare "$${variableOf(recording.volume)}" ${recording.bytes}`,
  ]
  return `${lines.join('\n')}\n`
}

/** The acts up to the point where the volume is compared. */
function actLines(words: Words, { recorder: { acts, programs }, volume, writtenTo }: Recording): string[] {
  const isVolume = (act: Act, { driver, name }: VolumeOf) => act.act !== 'copy' && act.driver === driver && nameOf(act) === name
  const end = acts.findLastIndex((act) => act.act === 'verb' && act.verb === 'detach_volume' && isVolume(act, volume))
  return acts.slice(0, end < 0 ? acts.length : end).flatMap((act): string[] => {
    if (act.act === 'copy') return act.commands.flatMap((command) => words.command(command))
    const variable = variableOf({ driver: act.driver, name: nameOf(act) })
    if (act.act === 'write') {
      const how = act.what === 'zeros' ? 'write_zeros' : isVolume(act, writtenTo) ? 'write' : 'write_other'
      return [`${how} "$${variable}" ${act.offset} ${act.length}`]
    }
    const said = `say ${words.said(`${act.driver}: ${act.verb} ${JSON.stringify(act.params)}`)}`
    const program = programs.findIndex(({ driver }) => driver === act.driver)
    const done = program < 0 ? act.commands.flatMap((command) => words.command(command)) : [ask(program, act.verb, words.json(act.params))]
    if (act.verb !== 'attach_volume') return [said, ...done]
    const { path = '' } = act
    const value = program < 0 ? words.text(path) : '$(answered_path)'
    if (program >= 0 && path !== '') words.learn(path, variable)
    return [said, ...done, `${variable}="${value}"`]
  })
}

function nameOf(act: Exclude<Act, { act: 'copy' }>): string {
  if (act.act === 'write') return act.volume
  return 'name' in act.params && typeof act.params.name === 'string' ? act.params.name : ''
}

function ask(program: number, verb: string, params: string): string {
  return `ask ${3 + 2 * program} ${4 + 2 * program} ${verb} ${params}`
}

function startDriver(words: Words, { argv, cwd, asked }: RecordedProgram, index: number): string[] {
  const [questions, answers] = [`"$work/questions${index}"`, `"$work/answers${index}"`]
  return [
    '# The driver, with its standard input and output on file descriptors.',
    `mkfifo ${questions} ${answers}`,
    `(cd ${cwd === undefined ? '"$here"' : quote(cwd)} && exec ${argv.map(quote).join(' ')}) <${questions} >${answers} &`,
    'drivers="$drivers $!"',
    `exec ${3 + 2 * index}>${questions} ${4 + 2 * index}<${answers}`,
    ask(index, 'do_setup', words.json(asked)),
  ]
}

/** Replaces the lab's folder, names and loop devices by the script's own. */
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

  /** Escapes text for the inside of double quotes. */
  text(text: string): string {
    return this.replacements.reduce((replaced, [from, to]) => replaceName(replaced, escaped(from), to), escaped(text))
  }

  /** Writes this text as the variable from now on. */
  learn(text: string, variable: string): void {
    this.replacements.unshift([text, `$${variable}`])
    // Longer texts first: a volume's path begins with its folder's.
    this.replacements.sort(([one], [other]) => other.length - one.length)
  }

  /** Quotes a word in the way that is easiest to read. */
  said(text: string): string {
    const own = this.text(text)
    return own === escaped(text) ? quote(text) : `"${own}"`
  }

  json(params: object): string {
    return `"${this.text(JSON.stringify(params))}"`
  }

  private word(word: string): string {
    const text = this.text(word)
    return /^[\w/.:=,+@%-]+$/.test(text) ? text : `"${text}"`
  }

  command({ argv, output, ending }: CommandRecord): string[] {
    if (ending !== 'exited with 0') return []
    const image = argv.at(-1) ?? ''
    const size = this.images.get(image)
    if (argv[0] !== 'losetup' || size === undefined) return [argv.map((word) => this.word(word)).join(' ')]
    const name = `loop${++this.loops}`
    const line = [`poison "${this.text(image)}" ${size}`, `${name}=$(losetup --find --show "${this.text(image)}")`, `admit "$${name}"`]
    this.learn(output.trim(), name)
    return line
  }
}

function escaped(text: string): string {
  return text.replace(/[\\"$`]/g, '\\$&')
}

/** A digit after a name makes it another one: /dev/loop10 is not /dev/loop1. A letter after it would join the variable's name. */
function replaceName(text: string, from: string, to: string): string {
  return text.replaceAll(from, (found, at: number, whole: string) => {
    const next = whole.charAt(at + found.length)
    if (/[0-9]/.test(next)) return found
    return to.startsWith('$') && /[A-Za-z_]/.test(next) ? `\${${to.slice(1)}}` : to
  })
}

function variableOf({ driver, name }: VolumeOf): string {
  return `path_of_${name}_on_${driver}`.replace(/[^A-Za-z0-9]/g, '_')
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
drivers=
devices=
export LVM_SYSTEM_DIR="$work/lvm" LVM_SUPPRESS_FD_WARNINGS=1
mkdir "$work/lvm"

clear_up() {
  set +e
  exec 3>&- 4<&- 5>&- 6<&-
  if [ -n "$drivers" ]; then sleep 1; kill -9 $drivers; fi 2>/dev/null
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

# A call of a driver, over these file descriptors: JSON-RPC 2.0, one message a line.
calls=0
ask() {
  calls=$((calls + 1))
  printf '{"jsonrpc":"2.0","id":%s,"method":"%s","params":%s}\\n' "$calls" "$3" "$4" >&"$1"
  IFS= read -r answer <&"$2"
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
write_zeros() { head -c "$3" /dev/zero | dd of="$1" bs=1M seek="$2" oflag=seek_bytes conv=notrunc,fsync status=none; }
compare() {
  truncate -s "$2" "$work/expected"
  for piece in $writes; do write_other "$work/expected" "\${piece%:*}" "\${piece#*:}"; done
  dd if="$1" of="$work/found" bs=1M count="$2" iflag=direct,count_bytes status=none
  if cmp -s "$work/expected" "$work/found"; then
    say "all $2 bytes are what was written, and zero elsewhere: not corrupt"
    return
  fi
  first=$(cmp -l "$work/expected" "$work/found" 2>/dev/null | awk '{ print $1 - 1; exit }')
  say "CORRUPT: from byte $first on the volume holds bytes that its user never wrote:"
  od -A d -t x1z -j "$first" -N 48 "$work/found"
  exit 1
}
`

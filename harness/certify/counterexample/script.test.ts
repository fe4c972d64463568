import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import type { CommandRecord } from '../../lab/lab.ts'
import type { Finished } from '../../machine/machine.ts'
import { startHere } from '../../machine/native.ts'
import { runToEnd } from '../../machine/run_to_end.ts'
import { type DriverSetup, PROTOCOL } from '../../protocol/verbs.ts'
import { KiB } from '../../units.ts'
import type { Act } from '../session/recorder.ts'
import { type Recording, scriptOf } from './script.ts'

const FOLDER = '/tmp/run-a1/uml1/holeproof_7_2'
const PREFIX = 'holeproof_7_2'
const header = { driver: 'lvm-thin', shows: 'a new volume of 1 MiB, nothing written' }
const volume = { driver: 'lvm-thin', name: 'volume-1' }
const other = { driver: 'lvm-thin', name: 'volume-2' }
const ODD = [
  'two words',
  "it's",
  '"quoted"',
  '$HOME',
  '`id`',
  '$(id)',
  'back\\slash',
  '\\$x',
  '*',
  '~',
  '',
  '-n',
  'a;b',
  'line\nline',
  '!x',
  'ü%s',
]

const recording: Recording = {
  folder: FOLDER,
  prefix: PREFIX,
  images: new Map(),
  setup: [],
  bytes: 1024 * KiB,
  recorder: { acts: [], programs: [] },
  volume,
  writtenTo: volume,
}
const asked: DriverSetup = {
  protocol: PROTOCOL,
  prefix: `${PREFIX}_driver1`,
  folder: `${FOLDER}/own`,
  machine: 'uml1',
  options: { odd: ODD.join(' ') },
  device: { path: '/dev/loop1', size_bytes: 4096 },
}

describe('the script of a counterexample', () => {
  test('is one that sh can read, whatever the driver and its commands are called', async () => {
    const acts = [
      verb(
        'create_volume',
        { name: 'v' },
        ODD.map((word) => command('lvcreate', word)),
      ),
      verb('attach_volume', { name: 'v' }, [], ODD.join('/')),
      write(0, 512),
      copy(command('dd', ...ODD)),
    ]
    for (const driver of [...ODD, 'lvm-thin']) {
      const programs = [{ driver, argv: ODD.map((word) => `./${word}`), cwd: `/${ODD.join('/')}`, asked }]
      const texts = [[], programs].map((programs) => script({ recorder: { acts, programs } }, { driver, shows: ODD.join('') }))
      for (const text of texts) expect(await sh(['-n'], text)).toMatchObject({ ending: { how: 'exit', code: 0 }, stderr: Buffer.of() })
    }
  })

  test('says first what it is about, in comments that no name can end', () => {
    const lines = script({}, { driver: 'a\ndriver', shows: 'a volume\nrm -rf /' }).split('\n')

    expect(lines.slice(0, 2)).toEqual(['#!/bin/sh', '# a driver: a volume rm -rf /'])
  })

  test('runs the commands that the lab ran, in their order, and none that failed', () => {
    const setup = [command('vgcreate', 'group'), { ...command('lvcreate', 'no'), ending: 'exited with 5' }, command('lvcreate', 'yes')]

    expect(doing({ setup }).slice(0, 2)).toEqual(['vgcreate group', 'lvcreate yes'])
    expect(script({ setup })).not.toContain('lvcreate no')
  })

  test('hands odd words on as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.constantFrom(...ODD), shellText()), { minLength: 1 }), async (words) => {
        const lines = doing({ setup: words.map((word) => command('printf', '%s\\0', word)) }).slice(0, -1)
        const { stdout } = await sh([], `work=/w\n${lines.join('\n')}\n`)
        expect(stdout.toString().split('\0')).toEqual([...words, ''])
      }),
      { numRuns: 10 },
    )
  })
})

describe("what was the lab's is the script's own", () => {
  const setup = [command('mkdir', `${FOLDER}/own`), command('vgcreate', `${PREFIX}_vg`, `${FOLDER}/a b.img`)]

  test('neither its folder nor its prefix is left', () => {
    const location = { name: 'v', location_info: `LVMVolumeDriver:uml1:${PREFIX}_vg:thin:0`, copy_mode: 'full' }
    const acts = [
      verb('migrate_volume', location, [command('dd', `of=/dev/${PREFIX}_vg/v`)]),
      verb('attach_volume', { name: 'v' }, [], `${FOLDER}/own/v`),
    ]
    for (const programs of [[], [{ driver: 'lvm-thin', argv: ['./driver'], asked }]]) {
      const text = script({ setup, recorder: { acts, programs } })

      expect(text).not.toContain(FOLDER)
      expect(text).not.toContain(PREFIX)
    }
  })

  test('its folder is a new one, its names begin with another prefix', () => {
    expect(doing({ setup }).slice(0, 2)).toEqual(['mkdir "$work/own"', 'vgcreate holeproof_shown_vg "$work/a b.img"'])
  })

  test("a longer name that only begins like the lab's is left as it is", () => {
    expect(doing({ setup: [command('ls', `${FOLDER}0/x`, `${PREFIX}0`)] })[0]).toBe(`ls ${FOLDER}0/x ${PREFIX}0`)
  })
})

describe('loop devices', () => {
  const images = new Map([
    [`${FOLDER}/a.img`, 4096],
    [`${FOLDER}/b.img`, 8192],
  ])
  const losetup = (image: string, device: string): CommandRecord => ({
    ...command('losetup', '--find', '--show', `${FOLDER}/${image}`),
    output: `${device}\n`,
  })

  test('are made anew on images full of old bytes, and called by variables', () => {
    const setup = [losetup('a.img', '/dev/loop7'), command('pvcreate', '/dev/loop7')]

    expect(doing({ images, setup }).slice(0, 4)).toEqual([
      'poison "$work/a.img" 4096',
      'loop1=$(losetup --find --show "$work/a.img")',
      'admit "$loop1"',
      'pvcreate "$loop1"',
    ])
  })

  test.each([
    ['/dev/loop1', '/dev/loop10'],
    ['/dev/loop10', '/dev/loop1'],
  ])('are told apart when the name of one begins that of the other: %s before %s', (first, second) => {
    const setup = [losetup('a.img', first), losetup('b.img', second), command('vgextend', second, first)]

    expect(doing({ images, setup })[6]).toBe('vgextend "$loop2" "$loop1"')
  })

  test('are told from one that is not ours', () => {
    const setup = [losetup('a.img', '/dev/loop1'), command('ls', '/dev/loop10')]

    expect(doing({ images, setup })[3]).toBe('ls /dev/loop10')
  })

  test('may have partitions', async () => {
    const [line = ''] = doing({ images, setup: [losetup('a.img', '/dev/loop1'), command('echo', '/dev/loop1p2')] }).slice(3)

    expect((await sh([], `loop1=/dev/loop5\n${line}`)).stdout.toString()).toBe('/dev/loop5p2\n')
  })

  test('that are only listed are not made anew', () => {
    expect(doing({ images, setup: [command('losetup', '--list', '/dev/loop1')] })[0]).toBe('losetup --list /dev/loop1')
  })

  test('stand in what a driver is asked, too', () => {
    const programs = [{ driver: 'mine', argv: ['./driver'], asked }]
    const text = script({ images, setup: [losetup('a.img', '/dev/loop1')], recorder: { acts: [], programs } })

    expect(text).toContain('{\\"path\\":\\"$loop1\\",\\"size_bytes\\":4096}')
  })
})

describe('a built-in driver', () => {
  const acts: Act[] = [
    verb('create_volume', { name: 'volume-1' }, [command('lvcreate', '--name', 'volume-1')]),
    verb('attach_volume', { name: 'volume-1' }, [], `/dev/${PREFIX}_vg/volume-1`),
    write(4096, 512),
  ]

  test('is replaced by the commands that it ran, with what was asked told before', () => {
    expect(doing({ recorder: { acts, programs: [] } })).toEqual([
      `say 'lvm-thin: create_volume {"name":"volume-1"}'`,
      'lvcreate --name volume-1',
      `say 'lvm-thin: attach_volume {"name":"volume-1"}'`,
      'path_of_volume_1_on_lvm_thin="/dev/holeproof_shown_vg/volume-1"',
      'write "$path_of_volume_1_on_lvm_thin" 4096 512',
      'compare "$path_of_volume_1_on_lvm_thin" 1048576',
    ])
  })

  test("has its users' writes to the volume in question apart from those to others and from zeros", () => {
    const all = [write(0, 512), write(0, 1024, other), { ...write(0, 4096), what: 'zeros' as const }]

    expect(doing({ recorder: { acts: all, programs: [] } }).slice(0, 3)).toEqual([
      'write "$path_of_volume_1_on_lvm_thin" 0 512',
      'write_other "$path_of_volume_2_on_lvm_thin" 0 1024',
      'write_zeros "$path_of_volume_1_on_lvm_thin" 0 4096',
    ])
  })

  test('of a migration is written to at the source and compared at the destination', () => {
    const source = { driver: 'the peer nfs', name: 'volume-1' }
    const lines = doing({ recorder: { acts: [write(0, 512, source), write(0, 512)], programs: [] }, writtenTo: source })

    expect(lines).toEqual([
      'write "$path_of_volume_1_on_the_peer_nfs" 0 512',
      'write_other "$path_of_volume_1_on_lvm_thin" 0 512',
      'compare "$path_of_volume_1_on_lvm_thin" 1048576',
    ])
  })

  test('is left alone after the last detach of the volume in question: what follows only clears up', () => {
    const all = [
      verb('detach_volume', { name: 'volume-1' }, [command('first')]),
      verb('extend_volume', { name: 'volume-1' }, [command('between')]),
      verb('detach_volume', { name: 'volume-2' }, [command('others')]),
      verb('detach_volume', { name: 'volume-1' }, [command('last')]),
      verb('delete_volume', { name: 'volume-1' }, [command('gone')]),
    ]
    const commands = doing({ recorder: { acts: all, programs: [] } }).filter((line) => !line.startsWith('say'))

    expect(commands).toEqual(['first', 'between', 'others', expect.stringMatching(/^compare /)])
  })

  test('is not cut short by another driver that detaches a volume of the same name', () => {
    const all = [verb('detach_volume', { name: 'volume-1' }, [], undefined, 'nfs'), write(0, 512)]

    expect(doing({ recorder: { acts: all, programs: [] } })).toContain('write "$path_of_volume_1_on_lvm_thin" 0 512')
  })
})

describe('a driver that is a program', () => {
  const program = { driver: 'lvm-thin', argv: ['/opt/my driver', "--name=it's"], asked }

  test('is started where the user started it, with its own words', () => {
    const text = script({ recorder: { acts: [], programs: [{ ...program, cwd: "/home/it's mine" }] } })

    expect(text).toContain(`(cd '/home/it'\\''s mine' && exec '/opt/my driver' '--name=it'\\''s') <"$work/questions0" >"$work/answers0" &`)
  })

  test('is started in the folder of the script when it lies there', () => {
    expect(script({ recorder: { acts: [], programs: [program] } })).toContain(`(cd "$here" && exec '/opt/my driver'`)
  })

  test('is asked what it was asked, and gives the path of the volume itself', () => {
    const acts = [verb('create_volume', { name: 'volume-1', size_bytes: 512 }), verb('attach_volume', { name: 'volume-1' }, [], '/x/v')]

    expect(doing({ recorder: { acts, programs: [program] } }).slice(-7)).toEqual([
      expect.stringMatching(/^ask 3 4 do_setup "\{/),
      `say 'lvm-thin: create_volume {"name":"volume-1","size_bytes":512}'`,
      'ask 3 4 create_volume "{\\"name\\":\\"volume-1\\",\\"size_bytes\\":512}"',
      `say 'lvm-thin: attach_volume {"name":"volume-1"}'`,
      'ask 3 4 attach_volume "{\\"name\\":\\"volume-1\\"}"',
      'path_of_volume_1_on_lvm_thin="$(answered_path)"',
      'compare "$path_of_volume_1_on_lvm_thin" 1048576',
    ])
  })

  test.each(['/x/volume-1', '/x/a $odd "path"', `${FOLDER}/own/${PREFIX}_v`])(
    'has its path %s in copies as what it answers this time',
    (path) => {
      const acts = [verb('attach_volume', { name: 'volume-1' }, [], path), copy(command('dd', `if=${path}`, `of=${path}0`))]

      expect(doing({ recorder: { acts, programs: [program] } }).at(-2)).toMatch(
        /^dd "if=\$path_of_volume_1_on_lvm_thin" "?of=(\/x|\$work)\//,
      )
    },
  )

  test('is told from a second one, each over a line of its own', () => {
    const second = { ...program, driver: 'the peer b' }
    const lines = doing({
      recorder: { acts: [verb('create_volume', { name: 'v' }, [], undefined, 'the peer b')], programs: [program, second] },
    })

    expect(lines.filter((line) => /^(ask|exec) /.test(line)).map((line) => line.slice(0, 20))).toEqual([
      'exec 3>"$work/questi',
      'ask 3 4 do_setup "{\\',
      'exec 5>"$work/questi',
      'ask 5 6 do_setup "{\\',
      'ask 5 6 create_volum',
    ])
  })
})

describe('the script, when it is run,', () => {
  /** A driver of files in the folder that it is given; new volumes hold old bytes, but for `zeros`. */
  const DRIVER = `#!/bin/sh
kind=$1
while IFS= read -r question; do
  printf '%s\\n' "$question" >>"$2"
  id=$(printf '%s' "$question" | sed 's/.*"id":\\([0-9]*\\).*/\\1/')
  result='{}'
  case $question in
  *'"do_setup"'*) folder=$(printf '%s' "$question" | sed 's/.*"folder":"\\([^"]*\\)".*/\\1/') ;;
  *'"create_volume"'*) if [ "$kind" = zeros ]; then truncate -s 65536 "$folder/v"; else head -c 65536 /dev/zero | tr '\\000' O >"$folder/v"; fi ;;
  *'"attach_volume"'*) result="{\\"path\\":\\"$folder/v\\"}" ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$result"
done
`
  const show = (kind: string, acts: Act[], use: (finished: Finished, asked: string) => void) =>
    withDir(
      async ({ path }) => {
        const folder = join(path, "the driver's $(own) `place`")
        await mkdir(folder)
        await writeFile(join(folder, 'driver'), DRIVER)
        await chmod(join(folder, 'driver'), 0o755)
        const programs = [{ driver: 'lvm-thin', argv: ['./driver', kind, 'asked $1'], cwd: folder, asked }]
        const setup = [command('mkdir', `${FOLDER}/own`)]
        const text = script({ setup, recorder: { acts, programs }, bytes: 65536 })
        const finished = await sh([], harmless(text), { TMPDIR: path })
        const { stdout } = await runToEnd(['cat'], async () => startHere(['cat', join(folder, 'asked $1')], {}))
        use(finished, stdout.toString())
      },
      { unsafeCleanup: true },
    )
  const made = [verb('create_volume', { name: 'volume-1', size_bytes: 65536 }), verb('attach_volume', { name: 'volume-1' })]

  test('shows old bytes: exit code 1, from where on, and what they are', () =>
    show('old', [...made, write(0, 4096)], ({ ending, stdout }) => {
      expect(stdout.toString()).toContain('CORRUPT: from byte 4096 on the volume holds bytes that its user never wrote:')
      expect(stdout.toString()).toContain('>OOOOOOOOOOOOOOOO<')
      expect(ending).toEqual({ how: 'exit', code: 1 })
    }))

  test('shows none where there are none: exit code 0', () =>
    show('zeros', [...made, write(512, 512), write(8192, 100)], ({ ending, stdout }) => {
      expect(stdout.toString()).toContain('all 65536 bytes are what was written, and zero elsewhere: not corrupt')
      expect(ending).toEqual({ how: 'exit', code: 0 })
    }))

  test('takes zeros that were written for written, and for no data', () =>
    show('old', [...made, { ...write(0, 65536), what: 'zeros' }, write(512, 512)], ({ ending }) => {
      expect(ending).toEqual({ how: 'exit', code: 0 })
    }))

  test('asks the driver what holeproof asked it, odd options and all, but in a folder of its own', () =>
    show('zeros', made, (_, questions) => {
      const messages = questions
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))

      expect(messages.map(({ id, method }) => [id, method])).toEqual([
        [1, 'do_setup'],
        [2, 'create_volume'],
        [3, 'attach_volume'],
      ])
      expect(messages[0].params).toEqual({ ...asked, prefix: 'holeproof_shown_driver1', folder: expect.stringMatching(/^\/.*\/own$/) })
      expect(messages[1].params).toEqual({ name: 'volume-1', size_bytes: 65536 })
    }))
})

function script(change: Partial<Recording>, head = header): string {
  return scriptOf(head, { ...recording, ...change })
}

/** What the script does after its functions. */
function doing(change: Partial<Recording>): string[] {
  const lines = script(change).trimEnd().split('\n')
  const empty = script({ setup: [], recorder: { acts: [], programs: [] } })
    .trimEnd()
    .split('\n')
  return lines.slice(empty.length - 1)
}

/** Without what touches more than its own folder, and what not every filesystem can do. */
function harmless(text: string): string {
  const changed = text.replace('trap clear_up EXIT\n', '').replace('iflag=direct,count_bytes', 'iflag=count_bytes')
  expect(changed).not.toMatch(/trap|=direct/)
  return `${changed}exec 3>&-; wait\n`
}

function sh(options: readonly string[], text: string, env: Record<string, string> = {}): Promise<Finished> {
  const argv = ['sh', ...options]
  return runToEnd(argv, async () => startHere(argv, { LC_ALL: 'C', ...env }), { stdin: text, timeoutSeconds: 10 })
}

function command(...argv: string[]): CommandRecord {
  return { argv, ending: 'exited with 0', seconds: 0.1, output: '' }
}

function verb(name: string, params: object, commands: CommandRecord[] = [], path?: string, driver = 'lvm-thin'): Act {
  return { act: 'verb', driver, verb: name, params, commands, ...(path !== undefined && { path }) }
}

function copy(...commands: CommandRecord[]): Act {
  return { act: 'copy', commands }
}

function write(offset: number, length: number, to = volume): Extract<Act, { act: 'write' }> {
  return { act: 'write', driver: to.driver, volume: to.name, what: 'data', offset, length }
}

/** Text made of what means something to a shell. */
function shellText(): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...'\'"$`\\ \t\n*?[]{}()<>|&;#~!=%-aZ0é') })
}

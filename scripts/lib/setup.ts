import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { $, type ProcessOutput } from 'zx'
import { BrokenLab } from '../../harness/machine/errors.ts'
import { cacheFolder, findProgram, toolsRoot } from '../../harness/machine/tools.ts'

/** What a part of holeproof needs from Debian or Ubuntu: packages, and the programs or files that show they are there. */
interface Need {
  readonly packages: readonly string[]
  readonly programs: readonly string[]
  readonly files?: readonly string[]
}

const NEEDS = {
  storage: {
    packages: ['lvm2', 'dmsetup', 'e2fsprogs', 'mount', 'util-linux', 'nfs-kernel-server', 'nfs-common'],
    programs: ['lvm', 'dmsetup', 'losetup', 'mkfs.ext4', 'mount', 'rpc.mountd', 'exportfs', 'mount.nfs'],
  },
  uml: { packages: ['user-mode-linux'], programs: ['linux.uml'], files: ['usr/lib/uml/modules'] },
} satisfies Record<string, Need>

export type Part = keyof typeof NEEDS

/** Brings what these parts need and the machine lacks into the cache folder, unpacked; needs no root. Returns what it did. */
export async function setUp(parts: readonly Part[], say: (line: string) => void): Promise<void> {
  const lacking = parts.filter((part) => !isThere(NEEDS[part]))
  if (lacking.length === 0) return
  const packages = lacking.flatMap((part) => NEEDS[part].packages)
  say(`setup: ${packages.join(' ')} and what they need, unpacked into ${cacheFolder}`)
  await unpack(packages)
  const still = lacking.filter((part) => !isThere(NEEDS[part]))
  if (still.length === 0) return
  const names = still.flatMap((part) => missingOf(NEEDS[part]))
  throw new BrokenLab(
    `missing after the setup: ${names.join(', ')}\nThey come with: apt-get install ${still.flatMap((part) => NEEDS[part].packages).join(' ')}`,
  )
}

function missingOf(need: Need): string[] {
  const files = (need.files ?? []).filter((file) => !existsSync(join(toolsRoot, file)) && !existsSync(join('/', file)))
  return [...need.programs.filter((name) => findProgram(name) === undefined), ...files]
}

function isThere(need: Need): boolean {
  return missingOf(need).length === 0
}

/** Downloads packages with everything that this system lacks for them, and unpacks them; apt keeps its state in our cache. */
async function unpack(packages: readonly string[]): Promise<void> {
  const apt = join(cacheFolder, 'apt')
  await mkdir(join(apt, 'lists/partial'), { recursive: true })
  await mkdir(join(apt, 'archives/partial'), { recursive: true })
  await mkdir(toolsRoot, { recursive: true })
  const options = [
    `Dir::State::lists=${apt}/lists`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::State::extended_states=${apt}/extended_states`,
    `Dir::Cache=${apt}`,
    `Dir::Cache::archives=${apt}/archives`,
    `Dir::Log=${apt}`,
    'Debug::NoLocking=1',
    `APT::Sandbox::User=${userInfo().username}`,
    'APT::Install-Recommends=0',
    'Acquire::Languages=none',
  ].flatMap((option) => ['-o', option])
  const run = $({ quiet: true, nothrow: true, env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } })
  demand(await run`apt-get ${options} -q update`, 'the package lists could not be fetched')
  demand(
    await run`apt-get ${options} -q -y --no-remove --download-only install ${packages}`,
    `the packages could not be fetched: ${packages.join(' ')}`,
  )
  const archives = join(apt, 'archives')
  for (const name of (await readdir(archives)).filter((name) => name.endsWith('.deb'))) {
    demand(await run`dpkg-deb -x ${join(archives, name)} ${toolsRoot}`, `${name} could not be unpacked`)
  }
  await rm(apt, { recursive: true, force: true })
}

function demand(output: ProcessOutput, what: string): void {
  if (output.exitCode === 0) return
  const said = `${output.stdout}${output.stderr}`
    .trim()
    .split('\n')
    .slice(-8)
    .map((line) => `  ${line}`)
  throw new BrokenLab([what, ...said].join('\n'))
}

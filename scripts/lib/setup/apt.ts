import { mkdir, readdir, rm } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { $, type ProcessOutput } from 'zx'
import { BrokenLab } from '../../../harness/errors.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import { makeOutFolder } from '../output/out.ts'

/** Packages of this system's distribution, unpacked instead of installed; needs no root. */
export interface Apt {
  /** Unpacks packages with everything that this system lacks for them. */
  unpack(packages: readonly string[], into: string): Promise<void>
  /** Unpacks just these packages, whether or not they are installed or could be beside what is. */
  unpackAlone(packages: readonly string[], into: string): Promise<void>
  /** The names of the packages that a package depends on, directly or not. */
  dependencies(name: string): Promise<string[]>
  /** The names of the packages that any of these depends on directly, and of all that would do where several would. */
  directDependencies(names: readonly string[]): Promise<string[]>
}

/** Lets `work` use apt with fresh package lists. Its state is kept in our cache meanwhile, and removed in the end. */
export async function withApt(work: (apt: Apt) => Promise<void>): Promise<void> {
  const state = join(cacheFolder, 'apt')
  const archives = join(state, 'archives')
  for (const folder of [join(state, 'lists/partial'), join(archives, 'partial')]) await makeOutFolder('HOLEPROOF_CACHE', folder)
  const options = [
    `Dir::State::lists=${state}/lists`,
    'Dir::State::status=/var/lib/dpkg/status',
    `Dir::State::extended_states=${state}/extended_states`,
    `Dir::Cache=${state}`,
    `Dir::Cache::archives=${archives}`,
    `Dir::Log=${state}`,
    'Debug::NoLocking=1',
    `APT::Sandbox::User=${userInfo().username}`,
    'APT::Install-Recommends=0',
    'Acquire::Languages=none',
    // An update that reached nothing would otherwise pass as done.
    'APT::Update::Error-Mode=any',
  ].flatMap((option) => ['-o', option])
  const run = $({ quiet: true, nothrow: true, cwd: archives, env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } })
  const unpackArchives = async (into: string) => {
    await mkdir(into, { recursive: true })
    for (const name of (await readdir(archives)).filter((name) => name.endsWith('.deb'))) {
      demand(await run`dpkg-deb -x ${join(archives, name)} ${into}`, `${name} could not be unpacked`)
      await rm(join(archives, name))
    }
  }
  try {
    demand(await run`apt-get ${options} -q update`, 'the package lists could not be fetched')
    await work({
      unpack: async (packages, into) => {
        const output = await run`apt-get ${options} -q -y --no-remove --no-upgrade --download-only install ${packages}`
        demand(output, `the packages could not be fetched: ${packages.join(' ')}`)
        await unpackArchives(into)
      },
      unpackAlone: async (packages, into) => {
        // `apt-get download` puts the packages into its working directory.
        demand(await run`apt-get ${options} -q download ${packages}`, `the packages could not be fetched: ${packages.join(' ')}`)
        await unpackArchives(into)
      },
      dependencies: async (name) => {
        const output = await run`apt-cache ${options} depends --recurse --important ${name}`
        demand(output, `${name} is not in the package lists`)
        return [...new Set([...output.stdout.matchAll(/^ *\|?(?:Pre)?Depends: (\S+)$/gm)].flatMap(([, found]) => found ?? []))]
      },
      directDependencies: async (names) => {
        const output = await run`apt-cache ${options} depends --important ${names}`
        demand(output, `not in the package lists: ${names.join(' ')}`)
        // A name in angle brackets is no package; what provides it follows, further in.
        const found = output.stdout.matchAll(/^(?: {2}| \|)(?:Pre)?Depends: ([^<\s]\S*)$|^ {4}(\S+)$/gm)
        return [...new Set([...found].flatMap(([, named, provider]) => named ?? provider ?? []))]
      },
    })
  } finally {
    await rm(state, { recursive: true, force: true })
  }
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

import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { $, type ProcessOutput } from 'zx'
import { BrokenLab } from '../../../harness/errors.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import { makeOutFolder } from '../output/out.ts'

/** Access to the distribution's packages, which are unpacked instead of installed. It needs no root. */
export interface Apt {
  /** The same, with the packages of one suite before those of any other, also where these are newer. */
  from(suite: string): Apt
  /** Unpacks packages with all their dependencies that this system lacks. */
  unpack(packages: readonly string[], into: string): Promise<void>
  /** Unpacks these packages only, even if they are installed or conflict with installed ones. */
  unpackAlone(packages: readonly string[], into: string): Promise<void>
  /** Lists the versions of a package, each with the suite that has it. */
  versions(name: string): Promise<{ readonly version: string; readonly suite: string }[]>
  /** Names the packages that a package depends on, directly or indirectly. */
  dependencies(name: string): Promise<string[]>
  /** Names the packages that any of these depends on directly. Where several would do, it names them all. */
  directDependencies(names: readonly string[]): Promise<string[]>
}

export interface AptSources {
  /** Names the folder of apt's state, as several may be used at once. */
  readonly name: string
  /** Other sources than the system's own, as in sources.list(5). */
  readonly lines?: readonly string[]
  /** Set where packages of the system's own sources are wanted with everything that they depend on, as if nothing were installed. */
  readonly whole?: true
}

/** Gives `work` an apt with fresh package lists. Its state lives in the cache folder and is removed afterwards. */
export async function withApt<Result>(
  work: (apt: Apt) => Promise<Result>,
  { name, lines, whole }: AptSources = { name: 'own' },
): Promise<Result> {
  const state = join(cacheFolder, `apt-${name}`)
  const archives = join(state, 'archives')
  for (const folder of [join(state, 'lists/partial'), join(archives, 'partial')]) await makeOutFolder('HOLEPROOF_CACHE', folder)
  const ownSources = join(state, 'sources.list')
  if (lines !== undefined) await writeFile(ownSources, `${lines.join('\n')}\n`)
  const options = [
    `Dir::State::lists=${state}/lists`,
    `Dir::State::status=${lines === undefined && !whole ? '/var/lib/dpkg/status' : '/dev/null'}`,
    ...(lines === undefined
      ? []
      : [`Dir::Etc::sourcelist=${ownSources}`, 'Dir::Etc::sourceparts=/dev/null', 'Dir::Etc::preferencesparts=/dev/null']),
    `Dir::State::extended_states=${state}/extended_states`,
    `Dir::Cache=${state}`,
    `Dir::Cache::archives=${archives}`,
    `Dir::Log=${state}`,
    'Debug::NoLocking=1',
    `APT::Sandbox::User=${userInfo().username}`,
    'APT::Install-Recommends=0',
    'Acquire::Languages=none',
    // By default, an update that reaches no server succeeds.
    'APT::Update::Error-Mode=any',
  ].flatMap((option) => ['-o', option])
  try {
    await updateLists(options, archives)
    return await work(aptWith(options, archives))
  } finally {
    await rm(state, { recursive: true, force: true })
  }
}

function runIn(folder: string) {
  return $({ quiet: true, nothrow: true, cwd: folder, env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' } })
}

async function updateLists(options: readonly string[], archives: string): Promise<void> {
  requireSuccess(await runIn(archives)`apt-get ${options} -q update`, 'cannot download the package lists')
}

function aptWith(options: readonly string[], archives: string): Apt {
  const run = runIn(archives)
  const unpackArchives = async (into: string) => {
    await mkdir(into, { recursive: true })
    for (const name of (await readdir(archives)).filter((name) => name.endsWith('.deb'))) {
      requireSuccess(await run`dpkg-deb -x ${join(archives, name)} ${into}`, `cannot unpack ${name}`)
      await rm(join(archives, name))
    }
  }
  return {
    from: (suite) => aptWith([...options, '-o', `APT::Default-Release=${suite}`], archives),
    unpack: async (packages, into) => {
      const output = await run`apt-get ${options} -q -y --no-remove --no-upgrade --download-only install ${packages}`
      requireSuccess(output, `cannot download the packages ${packages.join(' ')}`)
      await unpackArchives(into)
    },
    unpackAlone: async (packages, into) => {
      // `apt-get download` puts the packages into its working directory.
      requireSuccess(await run`apt-get ${options} -q download ${packages}`, `cannot download the packages ${packages.join(' ')}`)
      await unpackArchives(into)
    },
    versions: async (name) => {
      const output = await run`apt-cache ${options} madison ${name}`
      requireSuccess(output, `${name} is not in the package lists`)
      const rows = output.stdout.matchAll(/^ *\S+ \| +(\S+) \| +\S+ (\S+)\/\S+ \S+ Packages$/gm)
      return [...rows].flatMap(([, version, suite]) => (version === undefined || suite === undefined ? [] : [{ version, suite }]))
    },
    dependencies: async (name) => {
      const output = await run`apt-cache ${options} depends --recurse --important ${name}`
      requireSuccess(output, `${name} is not in the package lists`)
      return [...new Set([...output.stdout.matchAll(/^ *\|?(?:Pre)?Depends: (\S+)$/gm)].flatMap(([, found]) => found ?? []))]
    },
    directDependencies: async (names) => {
      const output = await run`apt-cache ${options} depends --important ${names}`
      requireSuccess(output, `not in the package lists: ${names.join(' ')}`)
      // A name in angle brackets is a virtual package. Its providers follow, indented further.
      const found = output.stdout.matchAll(/^(?: {2}| \|)(?:Pre)?Depends: ([^<\s]\S*)$|^ {4}(\S+)$/gm)
      return [...new Set([...found].flatMap(([, named, provider]) => named ?? provider ?? []))]
    },
  }
}

function requireSuccess(output: ProcessOutput, message: string): void {
  if (output.exitCode === 0) return
  const lastLines = `${output.stdout}${output.stderr}`
    .trim()
    .split('\n')
    .slice(-8)
    .map((line) => `  ${line}`)
  throw new BrokenLab([message, ...lastLines].join('\n'))
}

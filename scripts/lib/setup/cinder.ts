import { chmod, cp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { $ } from 'zx'
import {
  type Cinder,
  type CinderChoice,
  checkoutOf,
  DISTRIBUTION,
  releaseOf,
  virtualenvOf,
} from '../../../harness/certify/candidate/cinder.ts'
import { BrokenLab } from '../../../harness/errors.ts'
import {
  type CinderRelease,
  checkoutsFolder,
  cindersFolder,
  linkOfName,
  PYTHON,
  selectCinder,
} from '../../../harness/machine/cinder_releases.ts'
import { LOADER } from '../../../harness/machine/tools.ts'
import { assetPath } from '../../../harness/paths.ts'
import { makeOutFolder } from '../output/out.ts'
import { type Apt, withApt } from './apt.ts'
import { findUnpacked, selectPackage, unknownVersion, upstream, withDebian, withSuites } from './debian.ts'
import { setUp } from './setup.ts'

export const CINDER = 'python3-cinder'
/** Libraries for cloud backups, message brokers, databases and desktops. They are half of Cinder's dependencies, and drivers need none. */
const NEEDLESS = new RegExp(
  `^python3-(${[
    ...['boto3', 'googleapi', 'oauth2client', 'swiftclient'],
    ...['confluent-kafka', 'etcd3', 'etcd3gw', 'gevent', 'grpcio', 'kazoo', 'redis', 'zake', 'zmq'],
    ...['binary-memcached', 'memcache', 'pymemcache', 'mysqldb', 'psycopg2', 'pymysql'],
    ...['babel', 'docutils', 'gi', 'pyperclip', 'pyqt5', 'retrying', 'rtslib-fb'],
  ].join('|')})$`,
)
const PYTHON_LIBRARY = /^python3-(?!minimal$|pkg-resources-doc$)/
/** The C libraries that Python libraries need. */
const LIBRARY = /^lib(?!js-)/
/** Programs that a driver only looks for, or that need nothing but the C library. They are unpacked without their dependencies. */
const PROGRAMS = ['nfs-common', 'dmidecode']

/** The shim takes it from there. */
const SCHEMA_FILE = 'cinder.sqlite'

/** Installs what these choices need, with the programs that Cinder's drivers run. Throws as bringCinder does. */
export async function bringCinders(choices: readonly CinderChoice[], log: (line: string) => void): Promise<Cinder[]> {
  await setUp(['cinder'], log)
  const cinders: Cinder[] = []
  for (const choice of choices) cinders.push(await bring(choice, log))
  return cinders
}

async function bring(choice: CinderChoice, log: (line: string) => void): Promise<Cinder> {
  if (choice.kind === 'virtualenv') return virtualenvOf(choice.folder)
  const release = await bringCinder(choice.wanted, log)
  if (choice.kind === 'release') return releaseOf(release)
  return checkoutOf(choice.folder, await copyCheckout(choice.folder, release), release)
}

/** Copies a checkout's package to where its modules can be compiled without a trace in the checkout. */
async function copyCheckout(folder: string, { version, folder: root }: CinderRelease): Promise<string> {
  const copy = join(checkoutsFolder, `${folder.replaceAll('/', '-').slice(1)}@${version}`)
  await rm(copy, { recursive: true, force: true })
  await makeOutFolder('HOLEPROOF_CACHE', copy)
  const tests = join(folder, 'cinder/tests')
  await cp(join(folder, 'cinder'), join(copy, 'cinder'), {
    recursive: true,
    preserveTimestamps: true,
    filter: (path) => path !== tests && !path.endsWith('__pycache__'),
  })
  await $({ quiet: true, nothrow: true })`${join(root, PYTHON)} -m compileall -q -j 0 ${copy}`
  return copy
}

/**
 * Installs a release of Cinder and returns it: `distribution` for this system's own, a version such as 26, or `debian:` and a suite. It comes
 * with the Python and the libraries of its own suite, so that any release runs on any system. Throws UsageError if there is no such
 * release, and BrokenLab if it cannot be installed.
 */
export async function bringCinder(wanted: string, log: (line: string) => void): Promise<CinderRelease> {
  const installed = selectCinder(wanted)
  if (installed !== undefined) return installed
  const suite = /^debian:(.+)$/.exec(wanted)?.[1]
  const unpackFrom = (apt: Apt) => unpackCinder(apt, wanted, log)
  if (suite !== undefined) await withSuites('cinder', [suite], unpackFrom)
  else if (wanted === DISTRIBUTION) await withApt(unpackFrom, { name: 'cinder', whole: true })
  else await withDebian('cinder', wanted, unpackFrom)
  const brought = selectCinder(wanted)
  if (brought === undefined) throw new BrokenLab(`Cinder ${wanted} was unpacked but is not in ${cindersFolder}`)
  return brought
}

async function unpackCinder(apt: Apt, wanted: string, log: (line: string) => void): Promise<void> {
  const all = await apt.versions(CINDER)
  const isVersion = /^\d/.test(wanted)
  const found = isVersion ? selectPackage(all, wanted) : all[0]
  if (found === undefined) {
    const had = [...new Set(all.map(({ version }) => upstream(version)))].join(', ')
    throw unknownVersion(wanted, `Debian has no Cinder ${wanted}. It has ${had}.`)
  }
  const version = /^[\d.]*\d/.exec(upstream(found.version))?.[0] ?? upstream(found.version)
  // A distribution's own sources have updates in suites of other names.
  const ofSuite = wanted === DISTRIBUTION ? apt : apt.from(found.suite)
  if (selectCinder(version) === undefined) await unpackRelease(ofSuite, version, found.suite, log)
  if (isVersion) return
  await rm(linkOfName(wanted), { force: true })
  await symlink(version, linkOfName(wanted))
}

async function unpackRelease(ofSuite: Apt, version: string, suite: string, log: (line: string) => void): Promise<void> {
  const { python, libraries } = await neededBy(ofSuite, CINDER)
  const folder = join(cindersFolder, version)
  log(`setup: unpacking ${CINDER} ${version} of ${suite} with ${python.length - 1} Python libraries into ${folder}`)
  await makeOutFolder('HOLEPROOF_CACHE', cindersFolder)
  const unpacked = join(cindersFolder, `new.${process.pid}`)
  try {
    await ofSuite.unpackAlone([...python, ...PROGRAMS], unpacked)
    await ofSuite.unpack([...libraries, 'python3'], unpacked)
    await rm(join(unpacked, 'usr/lib/python3/dist-packages/cinder/tests'), { recursive: true, force: true })
    const program = await writeWrapper(unpacked)
    await compile(unpacked, program)
    await tryOut(program)
    await makeSchema(program, join(unpacked, SCHEMA_FILE))
    await rm(folder, { recursive: true, force: true })
    await rename(unpacked, folder)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

async function neededBy(apt: Apt, first: string): Promise<{ python: string[]; libraries: string[] }> {
  const python = new Set([first])
  const libraries = new Set<string>()
  for (let level: string[] = [first]; level.length > 0; ) {
    const found = await apt.directDependencies(level)
    for (const name of found) if (LIBRARY.test(name)) libraries.add(name)
    level = found.filter((name) => PYTHON_LIBRARY.test(name) && !NEEDLESS.test(name) && !python.has(name))
    for (const name of level) python.add(name)
  }
  return { python: [...python], libraries: [...libraries] }
}

/** Writes the program that runs the unpacked Python by the loader of its own suite, as this system's C library may be an older one. */
async function writeWrapper(root: string): Promise<string> {
  const inRoot = (path: string) => `"$root/${relative(root, path)}"`
  const loader = await findUnpacked(root, LOADER)
  const python = (await readdir(join(root, 'usr/bin'))).find((name) => /^python3\.\d+$/.test(name))
  if (python === undefined) throw new BrokenLab('the unpacked packages have no Python')
  const wrapper = join(root, PYTHON)
  const text = `#!/bin/sh
# Python takes argument 0 for its own path, so that it starts others by this program too.
root=$(CDPATH='' cd "\${0%/*}" && pwd -P)
# Cinder's NFS driver looks for mount.nfs.
PATH="$PATH:$root/usr/sbin:$root/sbin" PYTHONHOME="$root/usr" exec ${inRoot(loader)} --argv0 "$root/${PYTHON}" \\
  --library-path "$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" ${inRoot(join(root, 'usr/bin', python))} "$@"
`
  await writeFile(wrapper, text)
  await chmod(wrapper, 0o755)
  return wrapper
}

/** Compiles all modules: a guest cannot write to the cache and would compile thousands of them at each start. */
export async function compile(root: string, python: string): Promise<void> {
  const folders = (await readdir(join(root, 'usr/lib')))
    .filter((name) => name.startsWith('python3'))
    .map((name) => join(root, 'usr/lib', name))
  // Some are templates and do not compile, so the exit code means nothing.
  await $({ quiet: true, nothrow: true })`${python} -m compileall -q -j 0 ${folders}`
}

/** Makes Cinder's tables once for all. */
async function makeSchema(python: string, file: string): Promise<void> {
  const made = await $({ quiet: true, nothrow: true })`${python} ${assetPath('adapters/cinder/schema.py')} ${file}`
  if (made.exitCode !== 0) throw new BrokenLab(`Cinder does not make its database: ${made.stderr.trim().split('\n').at(-1)}`)
}

const TRIAL = 'from cinder import objects; objects.register_all(); import cinder.volume.drivers.lvm, cinder.volume.drivers.nfs'

/** Throws BrokenLab if a library is missing. */
async function tryOut(python: string): Promise<void> {
  const tried = await $({ quiet: true, nothrow: true })`${python} -c ${TRIAL}`
  if (tried.exitCode === 0) return
  throw new BrokenLab(`Cinder does not run here: ${tried.stderr.trim().split('\n').at(-1)}`)
}

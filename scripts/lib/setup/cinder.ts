import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { $ } from 'zx'
import { cinderPackages, cinderRoot, findCinderPython } from '../../../harness/certify/candidate/cinder.ts'
import { toolsEnvironment } from '../../../harness/machine/tools.ts'
import type { Apt } from './apt.ts'

const CINDER = 'python3-cinder'
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
/** The C libraries that Python libraries need. The interpreter's own ones come with it. */
const LIBRARY = /^lib(?!c6$|gcc|js-|python|stdc)/
/** Programs that a driver only looks for. They are unpacked without their dependencies. */
const PROGRAMS = ['nfs-common']

export function hasCinder(): boolean {
  return existsSync(cinderPackages) && findCinderPython() !== undefined
}

/**
 * Unpacks Debian's or Ubuntu's Cinder with its Python libraries. Its full dependencies include a service manager, so only libraries are
 * followed.
 */
export async function unpackCinder(apt: Apt, log: (line: string) => void): Promise<void> {
  const { python, libraries } = await neededBy(apt, CINDER)
  log(`setup: unpacking ${CINDER} and ${python.length - 1} Python libraries into ${cinderRoot}`)
  const unpacked = `${cinderRoot}.new`
  await rm(unpacked, { recursive: true, force: true })
  try {
    await apt.unpackAlone([...python, ...PROGRAMS], unpacked)
    await apt.unpack([...libraries, ...(findCinderPython() === undefined ? ['python3'] : [])], unpacked)
    const packages = join(unpacked, relative(cinderRoot, cinderPackages))
    await rm(join(packages, 'cinder/tests'), { recursive: true, force: true })
    await compile(packages, findCinderPython() ?? join(unpacked, 'usr/bin/python3'), unpacked)
    await rm(cinderRoot, { recursive: true, force: true })
    await rename(unpacked, cinderRoot)
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

/** Compiles all modules: a guest cannot write to the cache and would compile a thousand of them at each start. */
async function compile(packages: string, python: string, root: string): Promise<void> {
  const env = { ...process.env, ...toolsEnvironment([root]) }
  // Some are templates and do not compile, so the exit code means nothing.
  await $({ quiet: true, nothrow: true, cwd: packages, env })`${python} -m compileall -q -j 0 .`
}

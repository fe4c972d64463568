import { readdir, readlink, realpath, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { startHere } from '../native.ts'
import { runToEnd } from '../run_to_end.ts'
import { findProgram, toolsEnvironment } from '../tools.ts'

/** Where a guest has its copies of the programs that it starts most. */
const FOLDER = '/run/near'

/** The programs of which a run starts hundreds. */
const PROGRAMS = [
  ...['lvm', 'dmsetup', 'thin_dump', 'losetup', 'dd', 'blkdiscard', 'cryptsetup'],
  ...['sh', 'true', 'rm', 'mkdir', 'mv', 'truncate', 'fallocate'],
]

/**
 * Writes the list of files that a guest's agent copies into its memory: programs and the libraries that they need. Each component of a
 * path on the guest's root is a system call of this machine, so a program far away takes twice as long to start. A line is a folder,
 * a name in it and the path of the file; or the target, for a second name of a program.
 */
export async function writeNearTools(file: string): Promise<void> {
  await writeFile(file, (await list()).map((line) => `${line}\n`).join(''))
}

let known: Promise<string[]> | undefined

/** Guests that boot in one run ask once. */
function list(): Promise<string[]> {
  known ??= makeList()
  return known
}

async function makeList(): Promise<string[]> {
  const found = PROGRAMS.flatMap((name) => {
    const path = findProgram(name)
    return path === undefined ? [] : [{ name, path }]
  })
  const ldd = ['ldd', ...found.map(({ path }) => path)]
  const { ending, stdout } = await runToEnd(ldd, async () => startHere(ldd, toolsEnvironment()))
  // Programs without their libraries would be no nearer.
  if (ending.how === 'not-started') return []
  // The loader has no arrow in the output; its path is fixed.
  const libraries = new Map([...stdout.toString().matchAll(/^\s+\S+ => (\/\S+) /gm)].map(([, path = '']) => [basename(path), path]))
  const programs = await Promise.all(
    found.map(async ({ name, path }) => [`bin ${name} ${await realpath(path)}`, ...(await otherNames(name, path))]),
  )
  return [...programs.flat(), ...[...libraries].map(([name, path]) => `lib ${name} ${path}`)]
}

/** The commands of lvm are links to it. */
async function otherNames(name: string, path: string): Promise<string[]> {
  if (name !== 'lvm') return []
  const folder = dirname(path)
  const links = await Promise.all(
    (await readdir(folder)).map(async (link) =>
      (await readlink(join(folder, link)).catch(() => '')) === name ? [`link ${link} ${name}`] : [],
    ),
  )
  return links.flat()
}

/** The environment of a command in a guest: the near programs come first. */
export function nearFirst(env: Readonly<Record<string, string>>): Record<string, string> {
  const before = (folder: string, path: string | undefined) => [`${FOLDER}/${folder}`, ...(path === undefined ? [] : [path])].join(':')
  return { ...env, PATH: before('bin', env.PATH), LD_LIBRARY_PATH: before('lib', env.LD_LIBRARY_PATH) }
}

import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, findProgram, toolsEnvironment } from '../../../harness/machine/tools.ts'
import { type Apt, withApt } from './apt.ts'

const root = join(cacheFolder, 'chromium')
/** The program itself: Debian's /usr/bin/chromium is a script that looks for an installed one. */
const UNPACKED = join(root, 'usr/lib/chromium/chromium')
const INSTALLED = ['chromium', 'google-chrome', 'google-chrome-stable']
const CHROMIUM = 'chromium'
/** Without a font and its configuration, a page has no text. */
const PACKAGES = [CHROMIUM, 'fonts-dejavu-core', 'fontconfig-config']

/** A browser and the environment that it needs. */
export interface Browser {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

/** Finds the Chromium that setup unpacked, or else this system's own Chromium or Chrome. */
export function findBrowser(): Browser | undefined {
  if (existsSync(UNPACKED)) {
    const libraries = (toolsEnvironment([root]).LD_LIBRARY_PATH ?? '').split(':')
    return {
      path: UNPACKED,
      env: {
        // Debian keeps a library of PulseAudio in a folder of its own.
        LD_LIBRARY_PATH: libraries.flatMap((folder) => [folder, join(folder, 'pulseaudio')]).join(':'),
        XDG_DATA_HOME: join(root, 'usr/share'),
        FONTCONFIG_PATH: join(root, 'etc/fonts'),
      },
    }
  }
  const path = INSTALLED.map(findProgram).find((program) => program !== undefined)
  return path === undefined ? undefined : { path, env: {} }
}

/**
 * Unpacks Chromium with its dependencies if no browser is installed. Returns false if the distribution has no package of it, as Ubuntu
 * has not.
 */
export async function ensureBrowser(log: (line: string) => void): Promise<boolean> {
  if (findBrowser() === undefined) await withApt((apt) => unpackChromium(apt, log))
  return findBrowser() !== undefined
}

async function unpackChromium(apt: Apt, log: (line: string) => void): Promise<void> {
  if (!(await isOffered(apt))) return
  log(`setup: unpacking ${PACKAGES.join(' ')} and dependencies into ${root}`)
  const unpacked = `${root}.new`
  await rm(unpacked, { recursive: true, force: true })
  try {
    await apt.unpack(PACKAGES, unpacked)
    await rm(root, { recursive: true, force: true })
    await rename(unpacked, root)
  } finally {
    await rm(unpacked, { recursive: true, force: true })
  }
}

async function isOffered(apt: Apt): Promise<boolean> {
  return apt.directDependencies([CHROMIUM]).then(
    () => true,
    () => false,
  )
}

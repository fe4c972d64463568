import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder, findProgram, toolsEnvironment } from '../../../harness/machine/tools.ts'
import { type Apt, withApt } from './apt.ts'

const root = join(cacheFolder, 'chromium')
/** Debian's /usr/bin/chromium is a script that looks for an installed one. */
const UNPACKED = join(root, 'usr/lib/chromium/chromium')
const INSTALLED = ['chromium', 'google-chrome', 'google-chrome-stable']
const CHROMIUM = 'chromium'
/** A page without any font has no words; a system without fonts has no configuration of them either. */
const PACKAGES = [CHROMIUM, 'fonts-dejavu-core', 'fontconfig-config']

/** A browser, and the environment that it needs to be started in. */
export interface Browser {
  readonly path: string
  readonly env: Readonly<Record<string, string>>
}

/** This system's own Chromium or Chrome, or the one that was unpacked. */
export function findBrowser(): Browser | undefined {
  if (existsSync(UNPACKED)) {
    const libraries = (toolsEnvironment([root]).LD_LIBRARY_PATH ?? '').split(':')
    return {
      path: UNPACKED,
      env: {
        // Debian keeps a library of PulseAudio's client in a folder of its own.
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
 * Sees to it that there is a browser: unpacks Chromium where none is installed, with what this system lacks for it. False where the
 * distribution has none as a package, as Ubuntu.
 */
export async function bringBrowser(say: (line: string) => void): Promise<boolean> {
  if (findBrowser() === undefined) await withApt((apt) => unpackChromium(apt, say))
  return findBrowser() !== undefined
}

async function unpackChromium(apt: Apt, say: (line: string) => void): Promise<void> {
  if (!(await isOffered(apt))) return
  say(`setup: ${PACKAGES.join(' ')} and what they need, unpacked into ${root}`)
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

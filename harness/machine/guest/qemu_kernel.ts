import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../../errors.ts'
import { assetPath } from '../../paths.ts'
import { cacheFolder } from '../tools.ts'
import { GUEST_MODULES, LAYER_MODULES } from './guest.ts'
import { type Entry, writeInitramfs } from './initramfs.ts'
import { extractKernel } from './kernel_image.ts'
import { collectModules, modulesDep } from './kernel_modules.ts'

/** The modules that the agent loads. Newer kernels have no crc32c_generic: their ext4 needs none. */
export const QEMU_MODULES = ['virtio_console', 'crc32c_generic', ...GUEST_MODULES]
/** Modules that a guest can do without. */
const OPTIONAL_MODULES = ['crc32c_generic', ...LAYER_MODULES]
/** Modules that are needed to reach this machine's root. */
const BOOT_MODULES = ['virtio_pci', '9pnet_virtio', '9p']
const INIT = assetPath('harness/machine/guest/init.sh')

/** A kernel that is ready to boot: files, and the folder of its modules. */
export interface QemuKernel {
  readonly kernel: string
  readonly initramfs: string
  readonly modules: string
}

/** The prepared kernel in the cache folder, or undefined: prepareKernel() makes it. */
export function preparedKernel(): QemuKernel | undefined {
  const folder = preparedFolder()
  return existsSync(folder) ? filesOf(folder) : undefined
}

/** Makes the files that a QEMU guest boots from out of unpacked packages: a kernel with its modules, and a static busybox. */
export async function prepareKernel(unpacked: string): Promise<void> {
  const { image, modulesFolder } = await findKernel(unpacked)
  const busybox = ['bin/busybox', 'usr/bin/busybox'].map((path) => join(unpacked, path)).find((path) => existsSync(path))
  if (busybox === undefined) throw new BrokenLab(`no busybox in ${unpacked}`)
  const unfinished = `${preparedFolder()}.${process.pid}`
  const files = filesOf(unfinished)
  await mkdir(files.modules, { recursive: true })
  try {
    const vmlinuz = await readFile(image)
    await writeFile(files.kernel, (await extractKernel(vmlinuz)) ?? vmlinuz)
    const bootModules = await collectModules(modulesFolder, BOOT_MODULES)
    const entries: Entry[] = [
      ...['bin', 'dev', 'modules', 'proc', 'root'].map((path): Entry => ({ kind: 'folder', path })),
      { kind: 'character-device', path: 'dev/console', major: 5, minor: 1 }, // without it init and the agent are not heard
      { kind: 'program', path: 'bin/busybox', data: await readFile(busybox) },
      { kind: 'program', path: 'init', data: await readFile(INIT) },
      // The shell loads them in the order of their names.
      ...bootModules.map(({ name, data }, index): Entry => {
        return { kind: 'file', path: `modules/${String(index).padStart(2, '0')}-${name}.ko`, data }
      }),
    ]
    await writeFile(files.initramfs, writeInitramfs(entries))
    const modules = await collectModules(modulesFolder, [...QEMU_MODULES, ...LAYER_MODULES], OPTIONAL_MODULES)
    for (const { name, data } of modules) await writeFile(join(files.modules, `${name}.ko`), data)
    await writeFile(join(files.modules, 'modules.dep'), modulesDep(modules))
    await rm(preparedFolder(), { recursive: true, force: true })
    await rename(unfinished, preparedFolder())
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

function filesOf(folder: string): QemuKernel {
  return { kernel: join(folder, 'kernel'), initramfs: join(folder, 'initramfs'), modules: join(folder, 'modules') }
}

/** Named after what the files are made by, so that a change there makes them anew. */
function preparedFolder(): string {
  const recipe = createHash('sha256')
    .update(JSON.stringify([BOOT_MODULES, QEMU_MODULES, LAYER_MODULES]))
    .update(readFileSync(INIT))
  return join(cacheFolder, `qemu-${recipe.digest('hex').slice(0, 12)}`)
}

async function findKernel(unpacked: string): Promise<{ image: string; modulesFolder: string }> {
  const images = await readdir(join(unpacked, 'boot')).catch(() => [])
  for (const image of images.filter((name) => name.startsWith('vmlinuz-'))) {
    const release = image.slice('vmlinuz-'.length)
    const modulesFolder = ['lib/modules', 'usr/lib/modules']
      .map((path) => join(unpacked, path, release))
      .find((path) => existsSync(join(path, 'modules.builtin')))
    if (modulesFolder !== undefined) return { image: join(unpacked, 'boot', image), modulesFolder }
  }
  throw new BrokenLab(`no kernel with its modules in ${unpacked}`)
}

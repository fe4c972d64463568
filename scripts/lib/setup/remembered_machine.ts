import { readFile, rm } from 'node:fs/promises'
import { hostname, release } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { MachineChoice } from '../../../harness/machine/machine.ts'
import { cacheFolder } from '../../../harness/machine/tools.ts'
import { writeOutFile } from '../output/out.ts'

const FILE = join(cacheFolder, 'machine')

const rememberedSchema = z.object({
  /** The kernel of this system. */
  host: z.string(),
  /** This system since its start, as this user: what booted here once boots again. */
  here: z.string(),
  kind: z.enum(['uml', 'qemu']),
  /** The kernel of a UML guest. */
  kernel: z.string().optional(),
})

export interface Remembered extends Pick<z.infer<typeof rememberedSchema>, 'kind' | 'kernel'> {
  /** Whether it booted on this very system, since its start. Elsewhere it may fail: caches are copied, and containers differ. */
  readonly bootedHere: boolean
}

/** The guest that last booted under this kernel. */
export async function recall(file = FILE): Promise<Remembered | undefined> {
  try {
    const { host, here, ...guest } = rememberedSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    return host === release() ? { ...guest, bootedHere: here === (await thisSystem()) } : undefined
  } catch {
    return undefined // none booted, or an older version remembered it
  }
}

/** Remembers a guest that booted. */
export async function remember({ kind, kernel }: MachineChoice, file = FILE): Promise<void> {
  const text = JSON.stringify({ host: release(), here: await thisSystem(), kind, kernel })
  // If the cache is not writable, the next run tries again.
  if (text !== (await readFile(file, 'utf8').catch(() => ''))) await writeOutFile('HOLEPROOF_CACHE', file, text).catch(() => {})
}

/** Lets the next command try whether a guest boots. */
export function forgetMachine(file = FILE): Promise<void> {
  return rm(file, { force: true }).catch(() => {})
}

/** Containers of one system share its start, and differ in their host names. A system that does not tell its start is never the same. */
async function thisSystem(): Promise<string> {
  const start = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => `${Math.random()}`)
  return `${start.trim()} ${hostname()} ${process.getuid?.() ?? ''}`
}

import { MODULES_ON_DEMAND } from './guest/guest.ts'
import type { Machine } from './machine.ts'

/**
 * Loads what storage may stand on, for programs that nobody knows: a guest loads no kernel module by itself. What there is none
 * of, nobody misses.
 */
export async function loadWanted(machine: Machine): Promise<void> {
  try {
    await machine.loadModules(MODULES_ON_DEMAND)
  } catch {
    for (const name of MODULES_ON_DEMAND) await machine.loadModules([name]).catch(() => {})
  }
}

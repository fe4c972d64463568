import type { Machine } from '../machine.ts'
import { MODULES_ON_DEMAND } from './guest.ts'

const loads = new WeakMap<Machine, Promise<void>>()

/**
 * Loads the modules that storage may stand on, for unknown programs: a guest loads no kernel module by itself. Modules that the
 * kernel lacks are skipped. Each machine is asked once.
 */
export function loadStorageModules(machine: Machine): Promise<void> {
  const known = loads.get(machine)
  if (known !== undefined) return known
  const load = loadAll(machine)
  loads.set(machine, load)
  return load
}

async function loadAll(machine: Machine): Promise<void> {
  try {
    await machine.loadModules(MODULES_ON_DEMAND)
  } catch {
    for (const name of MODULES_ON_DEMAND) await machine.loadModules([name]).catch(() => {})
  }
}

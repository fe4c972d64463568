import { existsSync } from 'node:fs'
import type { Machine } from './machine.ts'
import { openNative } from './native.ts'
import { findProgram } from './tools.ts'

const MODULES = ['loop', 'dm-mod', 'dm-thin-pool', 'ext4', 'nfsd', 'nfsv4']

/**
 * Everything that keeps this kernel from being a `native` machine, with what would help; empty when it can be one. With `load` the
 * modules that it needs are loaded; else one that could be loaded counts as there.
 */
export async function lacksForNative({ load }: { readonly load: boolean }): Promise<string[]> {
  const lacks: string[] = []
  if (process.getuid?.() !== 0) lacks.push('root: run it with sudo')
  const machine = openNative('probe', '/tmp')
  // Modules are loaded here. The checks below show what is built in and what is missing.
  if (load && lacks.length === 0) await machine.run(['modprobe', '--all', '--quiet', ...MODULES])
  const loadable = async (module: string) => !load && (await succeeds(machine, ['modprobe', '--dry-run', '--quiet', module]))
  if (!existsSync('/dev/loop-control') && !(await loadable('loop'))) lacks.push('loop devices: modprobe loop')
  const targets = findProgram('dmsetup') === undefined ? '' : (await machine.run(['dmsetup', 'targets'])).stdout.toString()
  if (!/^thin-pool\s/m.test(targets) && !(await loadable('dm-thin-pool'))) {
    lacks.push("device-mapper's thin-pool target: modprobe dm-thin-pool, or a kernel that has it (CONFIG_DM_THIN_PROVISIONING)")
  }
  return lacks
}

async function succeeds(machine: Machine, argv: readonly string[]): Promise<boolean> {
  if (findProgram(argv[0] ?? '') === undefined) return false
  const { ending } = await machine.run(argv)
  return ending.how === 'exit' && ending.code === 0
}

import { existsSync } from 'node:fs'
import { openNative } from './native.ts'

const MODULES = ['loop', 'dm-mod', 'dm-thin-pool', 'ext4', 'nfsd', 'nfsv4']

/** Everything that keeps this kernel from being a `native` machine, with what would help; empty when it can be one. */
export async function lacksForNative(): Promise<string[]> {
  const lacks: string[] = []
  if (process.getuid?.() !== 0) lacks.push('root: run it with sudo')
  const machine = openNative('probe', '/tmp')
  // What is a module is loaded; what is built in, or cannot be had, the checks below tell.
  if (lacks.length === 0) await machine.run(['modprobe', '--all', '--quiet', ...MODULES])
  if (!existsSync('/dev/loop-control')) lacks.push('loop devices: modprobe loop')
  const targets = await machine.run(['dmsetup', 'targets'])
  if (!/^thin-pool\s/m.test(targets.stdout.toString())) {
    lacks.push("device-mapper's thin-pool target: modprobe dm-thin-pool, or a kernel that has it (CONFIG_DM_THIN_PROVISIONING)")
  }
  return lacks
}

import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BrokenLab } from '../../errors.ts'
import { assetPath, commandLine } from '../../paths.ts'
import type { Machine } from '../machine.ts'
import { bootGuest, GUEST_MODULES, type GuestPlacement, LAYER_MODULES } from './guest.ts'
import { writeNearTools } from './near_tools.ts'
import { hasSeccompMode, selectKernel } from './uml_kernels.ts'

const BOOT_SECONDS = 30

/** Boots User-Mode Linux with this machine's root, read-only, as its own. Needs neither root nor KVM. */
export async function bootUml(name: string, { shared, core, memoryMiB, kernel = 'newest' }: GuestPlacement): Promise<Machine> {
  const selected = selectKernel(kernel)
  if (selected === undefined)
    throw new BrokenLab(`No kernel ${kernel} for User-Mode Linux is installed. Run ${commandLine('setup --machine uml')}.`)
  const { program, modules, libraries } = selected
  const agent = join(shared, `${name}.agent`)
  const near = join(shared, `${name}.near`)
  await Promise.all([copyFile(assetPath('harness/machine/guest/agent.pl'), agent), writeNearTools(near)])
  const kernelArguments = [
    `mem=${memoryMiB}M`,
    ...['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${agent}`],
    ...['con=null', 'con0=null,fd:2', 'ssl=null', 'ssl0=fd:0,fd:1', `umid=${name}`, `uml_dir=${shared}/`],
    // Choosing a RAID6 algorithm takes 0.85 s of every boot.
    ...['initcall_blacklist=raid6_select_algo,raid6_init', 'panic=-1', 'noreboot', 'quiet'],
    // LVM looks at all there is in /dev, each time it is called: 512 terminals of old would be there.
    'pty.legacy_count=0',
    // The agent mounts /dev; the kernel would do it before the agent is read, which may lie in /dev/shm.
    'devtmpfs.mount=0',
    ...['holeproof.line=/dev/ttyS0', `holeproof.shared=${shared}`, 'holeproof.sharing=hostfs', `holeproof.near=${near}`],
    ...(hasSeccompMode(selected) ? ['seccomp=on'] : []),
    ...[`holeproof.modules=${modules}`, `holeproof.load=${GUEST_MODULES.join(',')}`, `holeproof.try=${LAYER_MODULES.join(',')}`],
  ]
  const pin = core === undefined ? [] : ['taskset', '-c', String(core)]
  // Only linux.uml may be given the libraries: programs of this system crash with the C library of another.
  const withLibraries = libraries === undefined ? [] : ['env', `LD_LIBRARY_PATH=${libraries}`]
  return bootGuest({
    kind: 'uml',
    name,
    shared,
    argv: [...pin, ...withLibraries, program, ...kernelArguments],
    ...(libraries !== undefined && { folder: libraries }),
    env: { TMPDIR: shared },
    agent,
    modules,
    bootSeconds: BOOT_SECONDS,
  })
}

import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { BrokenLab } from '../../errors.ts'
import { assetPath, commandLine } from '../../paths.ts'
import type { Machine } from '../machine.ts'
import { findProgram, toolsEnvironment } from '../tools.ts'
import { bootGuest, type GuestPlacement, LAYER_MODULES } from './guest.ts'
import { kvmWorks } from './kvm_probe.ts'
import { writeNearTools } from './near_tools.ts'
import { preparedKernel, QEMU_MODULES } from './qemu_kernel.ts'

/** Its initramfs lies in memory too. */
const OWN_MIB = 512
const BOOT_SECONDS = 60
const PORT = 'agent'

/** Emulated, `rep movsb` is slow: without these two, Linux copies five times faster. */
const EMULATED = ['-accel', 'tcg', '-cpu', 'max,-erms,-fsrm']
const VIRTUALIZED = ['-accel', 'kvm', '-cpu', 'max']

/** Boots a stock kernel in QEMU with this machine's root, read-only, as its own. Needs no root; uses KVM where that works. */
export async function bootQemu(name: string, { shared, memoryMiB }: GuestPlacement): Promise<Machine> {
  const program = findProgram('qemu-system-x86_64')
  const prepared = preparedKernel()
  if (program === undefined || prepared === undefined) {
    throw new BrokenLab(`QEMU or the kernel of its guests is not installed. Run ${commandLine('setup --machine qemu')}.`)
  }
  const agent = join(shared, `${name}.agent`)
  const near = join(shared, `${name}.near`)
  await Promise.all([copyFile(assetPath('harness/machine/guest/agent.pl'), agent), writeNearTools(near)])
  const kernelArguments = [
    ...['console=ttyS0', 'quiet', 'panic=-1', 'mitigations=off', 'nokaslr', 'cryptomgr.notests'],
    ...[
      `holeproof.agent=${agent}`,
      `holeproof.port=${PORT}`,
      `holeproof.shared=${shared}`,
      'holeproof.sharing=9p',
      `holeproof.near=${near}`,
    ],
    ...[`holeproof.modules=${prepared.modules}`, `holeproof.load=${QEMU_MODULES.join(',')}`, `holeproof.try=${LAYER_MODULES.join(',')}`],
  ]
  const qemu = [program, ...firmwareOf(program)]
  const argv = [
    ...diesWithUs(),
    ...[...qemu, '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-M', 'q35', ...((await canUseKvm(qemu, prepared.kernel)) ? VIRTUALIZED : EMULATED), '-m', `${memoryMiB + OWN_MIB}M`, '-smp', '1'],
    ...['-kernel', prepared.kernel, '-initrd', prepared.initramfs, '-append', kernelArguments.join(' ')],
    // Node gives its children sockets for their streams: the path /dev/stderr cannot be opened then, the number can be used.
    ...['-chardev', 'socket,id=console,fd=2', '-serial', 'chardev:console'],
    ...['-chardev', 'stdio,id=line,signal=off'],
    ...['-device', 'virtio-serial-pci', '-device', `virtserialport,chardev=line,name=${PORT}`],
    ...['-fsdev', 'local,id=root,path=/,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', 'virtio-9p-pci,fsdev=root,mount_tag=root'],
    ...['-fsdev', `local,id=shared,path=${quoted(shared)},security_model=none`],
    ...['-device', 'virtio-9p-pci,fsdev=shared,mount_tag=shared'],
  ]
  return bootGuest({
    kind: 'qemu',
    name,
    shared,
    argv,
    env: toolsEnvironment(),
    bootSeconds: BOOT_SECONDS,
    agent,
    modules: prepared.modules,
  })
}

/** Since Debian 13, QEMU looks for its firmware in /usr/share only, wherever it was unpacked itself. */
function firmwareOf(program: string): string[] {
  return ['qemu', 'seabios'].flatMap((folder) => ['-L', join(dirname(program), '../share', folder)])
}

/** The agent powers off when its line closes; this ends also a guest that is too busy to notice, or has no agent yet. */
function diesWithUs(): string[] {
  const setpriv = findProgram('setpriv')
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL']
}

let kvm: Promise<boolean> | undefined

/** Guests that boot at the same time ask once. */
function canUseKvm(qemu: readonly string[], kernel: string): Promise<boolean> {
  kvm ??= kvmWorks(qemu, kernel)
  return kvm
}

/** In QEMU's options a comma ends a value unless there are two. */
function quoted(value: string): string {
  return value.replaceAll(',', ',,')
}

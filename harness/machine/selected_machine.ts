import type { MachineChoice, MachineKind } from './machine.ts'

/** The machine kind that `HOLEPROOF_MACHINE` names, as scripts/test sets it; `uml` where it names none. */
export const selectedKind: MachineKind = kindOf(process.env.HOLEPROOF_MACHINE)

/** The machine that tests run on: also the kernel that `HOLEPROOF_KERNEL` names. */
export const selectedMachine: MachineChoice = {
  kind: selectedKind,
  ...(process.env.HOLEPROOF_KERNEL !== undefined && { kernel: process.env.HOLEPROOF_KERNEL }),
}

function kindOf(text: string | undefined): MachineKind {
  return text === 'native' || text === 'qemu' ? text : 'uml'
}

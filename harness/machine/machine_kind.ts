import type { MachineKind } from './machine.ts'

/** The machine kind that `HOLEPROOF_MACHINE` names, as scripts/test sets it; `uml` where it names none. */
export const selectedKind: MachineKind = kindOf(process.env.HOLEPROOF_MACHINE)

function kindOf(text: string | undefined): MachineKind {
  return text === 'native' || text === 'qemu' ? text : 'uml'
}

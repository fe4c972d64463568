import { Option } from 'commander'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { EXIT, newCommand, runMain } from '../lib/command.ts'
import { prepareMachine } from '../lib/machine_choice.ts'

const command = newCommand(
  'scripts/setup',
  'Brings what a machine kind needs and this system lacks, unpacked into .cache. The other commands do this by themselves.',
  [
    ['scripts/setup', 'the machine kind that the other commands would choose'],
    ['scripts/setup --machine qemu', 'QEMU and the kernel of its guests'],
  ],
).addOption(new Option('--machine <kind>', 'what to set up').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))

await runMain(async () => {
  const { machine } = command.parse().opts<{ machine: MachineKind | 'auto' }>()
  console.log(`machine: ${await prepareMachine(machine, (line) => console.error(line))}`)
  return EXIT.upheld
})

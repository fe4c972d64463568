import { Option } from 'commander'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { prepareMachine } from '../lib/select_machine.ts'
import { setUp } from '../lib/setup.ts'

const command = newCommand(
  'setup',
  'Brings what a machine kind needs and this system lacks, unpacked into its cache folder. The other commands do this by themselves.',
  [
    ['setup', 'the machine kind that the other commands would choose'],
    ['setup --machine qemu', 'QEMU and the kernel of its guests'],
    ['setup --cinder', 'OpenStack Cinder too, for its own drivers (200 MB)'],
  ],
)
  .addOption(new Option('--machine <kind>', 'what to set up').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .option('--cinder', 'bring OpenStack Cinder too')

export default runnable(command, async () => {
  const { machine, cinder } = command.parse().opts<{ machine: MachineKind | 'auto'; cinder?: true }>()
  const say = (line: string) => console.error(line)
  console.log(`machine: ${await prepareMachine(machine, say)}`)
  if (cinder) await setUp(['cinder'], say)
  return EXIT.upheld
})

import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { kernelOption, machineOption } from '../lib/cli/options.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'
import { setUp } from '../lib/setup/setup.ts'

const command = newCommand(
  'setup',
  'Downloads the packages that a machine kind needs and this system lacks, and unpacks them into the cache folder. The other commands do this by themselves.',
  [
    ['setup', 'set up the machine kind that the other commands select'],
    ['setup --machine qemu', 'set up QEMU and a kernel for its guests'],
    ['setup --kernel 6.12', 'set up User-Mode Linux with this kernel, from the Debian suite that has it'],
    ['setup --cinder', 'set up OpenStack Cinder and its drivers too (200 MB)'],
    ['setup --libvirt', 'set up libvirt and QEMU too, for live migrations under them (95 MB)'],
  ],
  ['0 set up', '2 bad usage', '3 something is still missing'],
)
  .addOption(machineOption('what to set up'))
  .addOption(kernelOption())
  .option('--cinder', 'set up OpenStack Cinder too')
  .option('--libvirt', 'set up libvirt and QEMU too')

export default runnable(command, async () => {
  const { machine, kernel, cinder, libvirt } = command.parse().opts()
  const log = (line: string) => console.error(line)
  const choice = await prepareMachine(machine, kernel, log)
  console.log(`machine: ${choice.kind}${choice.kernel === undefined ? '' : `, kernel ${choice.kernel}`}`)
  if (cinder) await setUp(['cinder'], log)
  if (libvirt) await setUp(['libvirt'], log)
  return EXIT.upheld
})

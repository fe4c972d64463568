import { Option } from '@commander-js/extra-typings'
import { DISTRIBUTION } from '../../harness/certify/candidate/cinder.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { parseCinders } from '../lib/cli/drivers.ts'
import { kernelOption, machineOption } from '../lib/cli/options.ts'
import { bringCinders } from '../lib/setup/cinder.ts'
import { forgetMachine } from '../lib/setup/remembered_machine.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'
import { setUp } from '../lib/setup/setup.ts'

const command = newCommand(
  'setup',
  'Downloads the packages that a machine kind needs and this system lacks, and unpacks them into the cache folder. The other commands do this by themselves.',
  [
    ['setup', 'set up the machine kind that the other commands select'],
    ['setup --machine qemu', 'set up QEMU and a kernel for its guests'],
    ['setup --kernel 6.12', 'set up User-Mode Linux with this kernel, from the Debian suite that has it'],
    ['setup --cinder', "set up the distribution's OpenStack Cinder and its drivers too (400 MB)"],
    ['setup --cinder 26,debian:sid', "set up these releases of Cinder, with their own suites' Python"],
    ['setup --libvirt', 'set up libvirt and QEMU too, for live migrations under them (95 MB)'],
  ],
  ['0 set up', '2 bad usage', '3 something is still missing'],
)
  .addOption(machineOption('what to set up'))
  .addOption(kernelOption())
  .addOption(new Option('--cinder [what]', 'set up OpenStack Cinder too; see certify --help').argParser(parseCinders).preset(DISTRIBUTION))
  .option('--libvirt', 'set up libvirt and QEMU too')

export default runnable(command, async () => {
  const { machine, kernel, cinder, libvirt } = command.parse().opts()
  const log = (line: string) => console.error(line)
  await forgetMachine()
  const choice = await prepareMachine(machine, kernel, log)
  console.log(`machine: ${choice.kind}${choice.kernel === undefined ? '' : `, kernel ${choice.kernel}`}`)
  if (cinder) await bringCinders(cinder, log)
  if (libvirt) await setUp(['libvirt'], log)
  return EXIT.upheld
})

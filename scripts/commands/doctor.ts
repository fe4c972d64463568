import { doctorReport } from '../../harness/report/terminal/doctor.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { hasColours } from '../lib/output/terminal.ts'
import { examine, realProbes } from '../lib/setup/doctor.ts'

const command = newCommand(
  'doctor',
  'Reports what works on this machine, everything that is missing with the command that installs it, and which machine kind auto selects. Changes nothing.',
  [
    ['doctor', 'print a report to read'],
    ['doctor --json', 'print JSON for a program'],
  ],
  ['0 a machine kind is usable', '2 bad usage', '3 none is usable'],
).option('--json', 'print JSON')

export default runnable(command, async () => {
  const { json } = command.parse().opts()
  const examination = await examine(realProbes)
  if (json) console.log(JSON.stringify(examination, null, 1))
  else process.stdout.write(doctorReport(examination, hasColours(false)))
  return examination.auto === undefined ? EXIT.broken : EXIT.upheld
})

import { doctorReport } from '../../harness/report/terminal/doctor.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { examine, realProbes } from '../lib/doctor.ts'

const command = newCommand(
  'doctor',
  'Says what this machine can and cannot do, everything that is missing with the command that brings it, and which machine kind auto would take. Changes nothing.',
  [
    ['doctor', 'for a person'],
    ['doctor --json', 'for a program'],
  ],
).option('--json', 'print JSON')

export default runnable(command, async () => {
  const { json } = command.parse().opts<{ json?: true }>()
  const examination = await examine(realProbes)
  if (json) console.log(JSON.stringify(examination, null, 1))
  else process.stdout.write(doctorReport(examination, process.stdout.isTTY === true && process.env.NO_COLOR === undefined))
  return examination.auto === undefined ? EXIT.broken : EXIT.upheld
})

import { makeRunFolder } from '../../harness/lab/run_folder.ts'
import { describeEnding } from '../../harness/machine/command_failed.ts'
import { openMachines } from '../../harness/testbed/open_machines.ts'
import { MiB } from '../../harness/units.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { kernelOption, machineOption } from '../lib/cli/options.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'

const GUEST_BYTES = 1024 * MiB

const command = newCommand(
  'run',
  'Runs a command as root on a machine of its own, with LVM and device-mapper. HOLEPROOF_RUN names a folder that the command may use and that is removed afterwards.',
  [
    ['run sh reports/counterexamples/reused-reads-zero.sh', 'run a counterexample without the harness'],
    ['run --space 4096 sh -c "lvm version; uname -r"', 'look around'],
  ],
  ["the command's own", '2 bad usage', '3 broken lab'],
)
  .argument('<command...>', 'the command and its arguments')
  .passThroughOptions()
  .addOption(machineOption('where to run'))
  .addOption(kernelOption())
  .option('--space <MiB>', 'space for temporary files', (text) => Number(text), 1024)

export default runnable(command, async () => {
  const { machine: asked, kernel, space } = command.parse().opts()
  const choice = await prepareMachine(asked, kernel, (line) => console.error(line))
  const folder = await makeRunFolder(space * MiB + GUEST_BYTES)
  try {
    const machines = await openMachines(choice, folder.path, 1)
    try {
      for (const machine of machines) {
        const argv = ['sh', '-c', 'cd "$0" && exec "$@"', process.cwd(), ...command.args]
        const running = await machine.start(argv, { env: { HOLEPROOF_RUN: folder.path, TMPDIR: folder.path } })
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => running.kill())
        process.stdin.pipe(running.stdin)
        running.stdin.on('error', () => {}) // a command may end without reading its input
        running.stdout.pipe(process.stdout, { end: false })
        running.stderr.pipe(process.stderr, { end: false })
        const ending = await running.ended
        if (ending.how === 'exit') return ending.code
        console.error(`holeproof: ${command.args[0]} ${describeEnding(ending)}`)
        return EXIT.broken
      }
      return EXIT.broken
    } finally {
      for (const machine of machines) await machine.close()
    }
  } finally {
    await folder.remove()
    process.stdin.unref?.()
  }
})

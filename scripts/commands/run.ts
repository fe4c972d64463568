import { Option } from 'commander'
import { makeRunFolder } from '../../harness/lab/run_folder.ts'
import { describeEnding } from '../../harness/machine/command_failed.ts'
import { loadStorageModules } from '../../harness/machine/guest/load_storage_modules.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { openMachines } from '../../harness/testbed/open_machines.ts'
import { MiB } from '../../harness/units.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { prepareMachine } from '../lib/select_machine.ts'

const GUEST_BYTES = 512 * MiB

const command = newCommand(
  'run',
  "Runs a command as root in a machine of its own, with LVM and device-mapper, and gives the command's exit code. Its folder HOLEPROOF_RUN is removed afterwards.",
  [
    ['run sh reports/counterexamples/reused-reads-zero.sh', 'show a counterexample without holeproof'],
    ['run --space 4096 sh -c "lvm version; uname -r"', 'look around'],
  ],
)
  .argument('<command...>', 'the command and its arguments')
  .passThroughOptions()
  .addOption(new Option('--machine <kind>', 'where to run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .option('--space <MiB>', 'room for temporary files, in MiB', (text) => Number(text), 1024)

export default runnable(command, async () => {
  command.parse()
  const { machine: asked, space } = command.opts<{ machine: MachineKind | 'auto'; space: number }>()
  const kind = await prepareMachine(asked, (line) => console.error(line))
  const folder = await makeRunFolder(space * MiB + GUEST_BYTES)
  try {
    const machines = await openMachines(kind, folder.path, 1)
    try {
      for (const machine of machines) {
        await loadStorageModules(machine)
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

import { fileURLToPath } from 'node:url'
import { Option } from 'commander'
import { $ } from 'zx'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { prepareMachine } from '../lib/machine_choice.ts'
import { setUp } from '../lib/setup.ts'

const command = newCommand('test', 'Checks formatting, lint and types, then runs the unit tests and the scenarios on real storage.', [
  ['test', 'everything'],
  ['test --only unit', 'the unit tests, which take no machine'],
  ['test scenarios/meta', 'the test files whose path contains this'],
])
  .argument('[files...]', 'test files, by a part of their path')
  .addOption(new Option('--machine <kind>', 'where the scenarios run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .addOption(new Option('--only <kind>', 'only these tests').choices(['unit', 'scenarios']))

export default runnable(command, async () => {
  command.parse()
  const { machine, only } = command.opts<{ machine: MachineKind | 'auto'; only?: 'unit' | 'scenarios' }>()
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const run = $({ cwd: root, stdio: 'inherit', nothrow: true, env: process.env, preferLocal: root })

  const say = (line: string) => console.error(line)
  const kind = only === 'unit' ? 'none' : await prepareMachine(machine, say)
  if (only !== 'unit') await setUp(['cinder'], say)
  const projects = { unit: ['unit'], scenarios: ['real storage'], undefined: ['unit', 'real storage'] }[only ?? 'undefined']
  const chosen = projects.flatMap((project) => ['--project', project])
  const tested = { ...process.env, HOLEPROOF_MACHINE: kind, TSX_DISABLE_CACHE: '1' }
  const steps = [
    () => run`biome check --error-on-warnings .`,
    () => run`tsc --noEmit`,
    () => run({ env: tested })`vitest run ${chosen} ${command.args}`,
  ]
  for (const step of steps) {
    const { exitCode } = await step()
    if (exitCode !== 0) return EXIT.refuted
  }
  return EXIT.upheld
})

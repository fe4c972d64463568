import { fileURLToPath } from 'node:url'
import { Option } from '@commander-js/extra-typings'
import { $ } from 'zx'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { ensureBrowser } from '../lib/setup/browser.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'
import { setUp } from '../lib/setup/setup.ts'

/** The kinds of tests, which are vitest's projects. */
const KINDS = ['unit', 'report', 'product', 'scenarios'] as const
type Kind = (typeof KINDS)[number]

const command = newCommand(
  'test',
  'Checks formatting, lint and types, then runs the unit tests, the report in a browser, and the scenarios on real storage.',
  [
    ['test', 'everything'],
    ['test --only unit', 'the unit tests, which take no machine'],
    ['test --only report', 'the HTML report in Chromium, which takes no machine either'],
    ['test scenarios/meta', 'the test files whose path contains this'],
  ],
)
  .argument('[files...]', 'test files, by a part of their path')
  .addOption(new Option('--machine <kind>', 'where the scenarios run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .addOption(new Option('--only <kind>', 'only these tests').choices(KINDS))

export default runnable(command, async () => {
  command.parse()
  const { machine, only } = command.opts()
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const run = $({ cwd: root, stdio: 'inherit', nothrow: true, env: process.env, preferLocal: root })

  const say = (line: string) => console.error(line)
  const wanted: readonly Kind[] = only === undefined ? KINDS : [only]
  const onStorage = wanted.includes('scenarios') || wanted.includes('product')
  const kind = onStorage ? await prepareMachine(machine, say) : 'none'
  if (wanted.includes('scenarios')) await setUp(['cinder'], say)
  const projects = wanted.includes('report') && !(await ensureBrowser(say)) ? wanted.filter((some) => some !== 'report') : wanted
  if (projects.length < wanted.length)
    say('NOT TESTED: the report in a browser. Install Chromium or Chrome; this distribution has none as a package.')
  if (projects.length === 0) return EXIT.broken
  const chosen = projects.flatMap((project) => ['--project', project])
  const tested = { ...process.env, HOLEPROOF_MACHINE: kind, TSX_DISABLE_CACHE: '1' }
  const steps = [
    () => run`biome check --error-on-warnings .`,
    () => run`tsc --noEmit`,
    () => run`tsc --noEmit --project harness/report/html/page`,
    () => run({ env: tested })`vitest run ${chosen} ${command.args}`,
  ]
  for (const step of steps) {
    const { exitCode } = await step()
    if (exitCode !== 0) return EXIT.refuted
  }
  return EXIT.upheld
})

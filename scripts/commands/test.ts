import { fileURLToPath } from 'node:url'
import { Option } from 'commander'
import { $ } from 'zx'
import { UsageError } from '../../harness/errors.ts'
import type { MachineKind } from '../../harness/machine/machine.ts'
import { bringBrowser } from '../lib/browser.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'
import { prepareMachine } from '../lib/select_machine.ts'
import { setUp } from '../lib/setup.ts'

/** The tiers of the tests, which are vitest's projects, with what each needs and takes on two cores once that is set up. */
const TIERS = {
  unit: 'no machine; half a minute',
  smoke: 'a machine; half a minute: a little of scenarios and matrix',
  report: 'a browser; a minute: the HTML report',
  product: 'a machine, npm packages; four minutes: documents, package, shards',
  scenarios: 'a machine, Cinder; six minutes: what must hold on real storage',
  matrix: 'a machine; two minutes: all of scripts/verify',
} as const
type Tier = keyof typeof TIERS

const tiers = Object.keys(TIERS) as Tier[]
/** The tiers that run by default. Smoke would show nothing that scenarios and matrix do not. */
export const allTiers: readonly Tier[] = tiers.filter((tier) => tier !== 'smoke')

const command = newCommand(
  'test',
  'Checks formatting, lint and types, then runs the unit tests, the report in a browser, and the tests on real storage.',
  [
    ['test', 'everything'],
    ['test --only unit', 'the unit tests, which need no machine'],
    ['test --only unit,smoke', 'the least to run before a commit'],
    ['test scenarios/meta', 'the test files whose path contains this'],
  ],
)
  .argument('[files...]', 'test files, by a part of their path')
  .addOption(new Option('--machine <kind>', 'where the scenarios run').choices(['auto', 'native', 'uml', 'qemu']).default('auto'))
  .option('--only <tiers>', 'comma-separated tiers, see below')
  .addHelpText(
    'after',
    [
      '',
      'Tiers, and what each needs and takes on two cores:',
      ...tiers.map((tier) => `  ${tier.padEnd(9)}  ${TIERS[tier]}`),
      'Without --only all run but smoke.',
    ].join('\n'),
  )

export default runnable(command, async () => {
  command.parse()
  const { machine, only } = command.opts<{ machine: MachineKind | 'auto'; only?: string }>()
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const run = $({ cwd: root, stdio: 'inherit', nothrow: true, env: process.env, preferLocal: root })

  const log = (line: string) => console.error(line)
  const wanted = only === undefined ? allTiers : parseTiers(only)
  const onStorage = wanted.some((tier) => tier !== 'unit' && tier !== 'report')
  const kind = onStorage ? await prepareMachine(machine, log) : 'none'
  if (wanted.includes('scenarios')) await setUp(['cinder'], log)
  const projects = wanted.includes('report') && !(await bringBrowser(log)) ? wanted.filter((tier) => tier !== 'report') : wanted
  if (projects.length < wanted.length)
    log('NOT TESTED: the report in a browser. Install Chromium or Chrome; this distribution has none as a package.')
  if (projects.length === 0) return EXIT.broken
  const chosen = projects.flatMap((project) => ['--project', project])
  const tested = { ...process.env, HOLEPROOF_MACHINE: kind, TSX_DISABLE_CACHE: '1' }
  const steps = [
    () => run`biome check --error-on-warnings .`,
    () => run`tsc --noEmit`,
    () => run`tsc --noEmit --project harness/report/page`,
    () => run({ env: tested })`vitest run ${chosen} ${command.args}`,
  ]
  for (const step of steps) {
    const { exitCode } = await step()
    if (exitCode !== 0) return EXIT.refuted
  }
  return EXIT.upheld
})

function parseTiers(text: string): Tier[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !tiers.some((tier) => tier === name))
  if (unknown.length > 0) throw new UsageError(`--only: no tier is called ${unknown.join(' or ')}; there are ${tiers.join(', ')}`)
  return tiers.filter((tier) => names.includes(tier))
}

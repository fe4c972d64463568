import { Option } from '@commander-js/extra-typings'
import { $ } from 'zx'
import { UsageError } from '../../harness/errors.ts'
import { selectKernel } from '../../harness/machine/guest/uml_kernels.ts'
import { missingForLibvirt } from '../../harness/machine/libvirt_root.ts'
import type { MachineChoice } from '../../harness/machine/machine.ts'
import { assetPath } from '../../harness/paths.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { DISTRIBUTIONS } from '../lib/cli/drivers.ts'
import { kernelOption } from '../lib/cli/options.ts'
import { ensureBrowser } from '../lib/setup/browser.ts'
import { bringCinders } from '../lib/setup/cinder.ts'
import { prepareMachine, tryLibvirt } from '../lib/setup/select_machine.ts'

/** The tiers of the tests, which are vitest's projects, with what each needs and takes on two cores once that is set up. */
const TIERS = {
  unit: 'no machine; a minute',
  smoke: 'a machine; half a minute: a little of scenarios and matrix',
  report: 'a browser; a minute: the HTML report',
  product: 'a machine, npm packages; four minutes: documents, package, shards',
  scenarios: 'a machine, Cinder, libvirt; seven minutes: real storage',
  matrix: 'a machine; two minutes: all of scripts/verify',
  cinder: 'User-Mode Linux, 1 GB; six minutes: the whole Cinder, NFS',
} as const
type Tier = keyof typeof TIERS

export const tiers = Object.keys(TIERS) as Tier[]
/** The tiers that run on request only. Smoke would show nothing that scenarios and matrix do not, and Cinder is large. */
const ON_REQUEST: readonly Tier[] = ['smoke', 'cinder']
/** The tiers that run by default. */
export const defaultTiers = tiers.filter((tier) => !ON_REQUEST.includes(tier))

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
  .addOption(kernelOption())
  .option('--only <tiers>', 'comma-separated tiers, see below')
  .addHelpText(
    'after',
    [
      '',
      'Tiers, and what each needs and takes on two cores:',
      ...tiers.map((tier) => `  ${tier.padEnd(9)}  ${TIERS[tier]}`),
      `Without --only all run but ${ON_REQUEST.join(' and ')}.`,
    ].join('\n'),
  )

export default runnable(command, async () => {
  command.parse()
  const { machine, kernel, only } = command.opts()
  const root = assetPath('.')
  const run = $({ cwd: root, stdio: 'inherit', nothrow: true, env: process.env, preferLocal: root })

  const log = (line: string) => console.error(line)
  const wanted: readonly Tier[] = only === undefined ? defaultTiers : parseTiers(only)
  const onStorage = wanted.some((tier) => tier !== 'unit' && tier !== 'report')
  const choice = onStorage ? await prepareMachine(machine, kernel, log) : undefined
  if (wanted.includes('scenarios') || wanted.includes('cinder')) await bringCinders(DISTRIBUTIONS, log)
  if (wanted.includes('scenarios')) {
    if (choice?.kind === 'uml') await tryLibvirt(log)
    if (choice?.kind !== 'uml' || missingForLibvirt().length > 0) log('NOT TESTED: migrations under libvirt. They need User-Mode Linux.')
  }
  const projects = wanted.includes('report') && !(await ensureBrowser(log)) ? wanted.filter((tier) => tier !== 'report') : wanted
  if (projects.length < wanted.length)
    log('NOT TESTED: the report in a browser. Install Chromium or Chrome; this distribution has none as a package.')
  if (projects.length === 0) return EXIT.broken
  const chosen = projects.flatMap((project) => ['--project', project])
  const tested = { ...process.env, ...(choice !== undefined && environmentOf(choice, kernel)) }
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

/** Without a kernel that was asked for, tests take the newest that is installed, as the commands do where it boots. */
function environmentOf({ kind, kernel }: MachineChoice, asked: string | undefined): Record<string, string> {
  const named = asked ?? (kernel === selectKernel('newest')?.version ? undefined : kernel)
  return { HOLEPROOF_MACHINE: kind, ...(named !== undefined && { HOLEPROOF_KERNEL: named }) }
}

function parseTiers(text: string): Tier[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !tiers.some((tier) => tier === name))
  if (unknown.length > 0) throw new UsageError(`--only: no tier is called ${unknown.join(' or ')}; there are ${tiers.join(', ')}`)
  return tiers.filter((tier) => names.includes(tier))
}

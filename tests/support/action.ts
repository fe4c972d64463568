import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assetPath } from '../../harness/paths.ts'
import { runIn } from './run_in.ts'

export type ActionStep = 'look' | 'run'

/** The inputs of the action at their defaults, by the variables that action.yml hands them on in. */
const DEFAULTS = {
  COMMAND: '',
  DRIVER: '',
  ARGUMENTS: '',
  SHARD: '',
  SEED: '',
  MACHINE: 'auto',
  STRICT: 'false',
  ARTIFACT: '',
  JOBS: '1',
  JOB_INDEX: '0',
}
/** The variables of GitHub's runner. */
const RUNNER = {
  GITHUB_ACTIONS: 'true',
  GITHUB_RUN_ID: '123456789012',
  GITHUB_JOB: 'verify',
  RUNNER_OS: 'Linux',
  RUNNER_ARCH: 'X64',
}

/** Runs a step of scripts/action as action.yml does, in a folder that takes its report, outputs and summary. */
export async function runAction(
  step: ActionStep,
  folder: string,
  env: Readonly<Record<string, string>> = {},
  script = assetPath('scripts/action'),
) {
  const [outputFile, summaryFile] = [join(folder, 'output'), join(folder, 'step-summary')]
  for (const file of [outputFile, summaryFile]) await writeFile(file, '')
  const { ending, stdout } = await runIn(folder, [script, step], {
    ...DEFAULTS,
    ...RUNNER,
    REPORT: join(folder, 'report'),
    GITHUB_OUTPUT: outputFile,
    GITHUB_STEP_SUMMARY: summaryFile,
    ...env,
  })
  const lines = (await readFile(outputFile, 'utf8')).split('\n').slice(0, -1)
  const outputs: Readonly<Record<string, string>> = Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2)))
  return { ending, outputs, stdout: stdout.toString(), summary: await readFile(summaryFile, 'utf8') }
}

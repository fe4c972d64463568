import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'
import type { CommandEnding } from '../../harness/machine/command_failed.ts'
import { startHere } from '../../harness/machine/native.ts'

export const actionFile = fileURLToPath(new URL('../../action.yml', import.meta.url))

const stepSchema = z.object({
  id: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
})
export const actionSchema = z.object({
  inputs: z.record(z.string(), z.object({ default: z.string() })),
  outputs: z.record(z.string(), z.object({ value: z.string() })),
  runs: z.object({ steps: z.array(stepSchema) }),
})

/** The job that the action runs in, and its place in a matrix. */
export interface Job {
  readonly id?: string
  readonly index?: number
  readonly total?: number
}

export interface ActionRun {
  /** Of the first step that failed, else of the last. */
  readonly ending: CommandEnding
  readonly outputs: Readonly<Record<string, string>>
  readonly stepOutputs: Readonly<Record<string, string>>
  readonly summary: string
  readonly stdout: string
}

/**
 * Runs the shell steps of action.yml as a runner of GitHub's does: bash with -e, inputs and outputs by expressions, files for outputs
 * and the summary. Steps that use other actions are left out.
 */
export async function runAction(
  inputs: Readonly<Record<string, string>>,
  {
    actionPath,
    folder,
    env = {},
    job = {},
  }: {
    readonly actionPath: string
    readonly folder: string
    readonly env?: Readonly<Record<string, string>>
    readonly job?: Job
  },
): Promise<ActionRun> {
  const action = actionSchema.parse(parse(await readFile(actionFile, 'utf8')))
  const values = new Map<string, string>([
    ['github.action_path', actionPath],
    ['strategy.job-index', String(job.index ?? 0)],
    ['strategy.job-total', String(job.total ?? 1)],
  ])
  for (const [name, input] of Object.entries(action.inputs)) values.set(`inputs.${name}`, inputs[name] ?? input.default)
  const evaluate = (text: string) => text.replaceAll(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => values.get(name) ?? '')
  const summaryFile = join(folder, 'step-summary')
  await writeFile(summaryFile, '')
  let stdout = ''
  let ending: CommandEnding = { how: 'exit', code: 0 }
  for (const [index, { id = `step-${index}`, run, env: stepEnv }] of action.runs.steps.entries()) {
    if (run === undefined || ending.how !== 'exit' || ending.code !== 0) continue
    const [script, outputFile] = [join(folder, `${id}.sh`), join(folder, `${id}.output`)]
    await writeFile(script, run)
    await writeFile(outputFile, '')
    const running = startHere(['bash', '--noprofile', '--norc', '-eo', 'pipefail', script], {
      ...{ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: outputFile, GITHUB_STEP_SUMMARY: summaryFile, GITHUB_RUN_ID: '123456789012' },
      ...{ GITHUB_JOB: job.id ?? 'verify', RUNNER_OS: 'Linux', RUNNER_ARCH: 'X64', RUNNER_TEMP: folder },
      ...env,
      ...Object.fromEntries(Object.entries(stepEnv).map(([name, value]) => [name, env[name] ?? evaluate(value)])),
    })
    running.stdin.end()
    running.stderr.resume()
    running.stdout.on('data', (data: Buffer) => {
      stdout += data.toString()
    })
    ending = await running.ended
    for (const line of (await readFile(outputFile, 'utf8')).split('\n').filter((some) => some !== '')) {
      const at = line.indexOf('=')
      values.set(`steps.${id}.outputs.${line.slice(0, at)}`, line.slice(at + 1))
    }
  }
  return {
    ending,
    outputs: Object.fromEntries(Object.entries(action.outputs).map(([name, { value }]) => [name, evaluate(value)])),
    stepOutputs: Object.fromEntries(values),
    summary: await readFile(summaryFile, 'utf8'),
    stdout,
  }
}

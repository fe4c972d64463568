import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Job, runAction } from './composite_action.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** In the place of holeproof's commands: keeps its words, one a line, and leaves a result, but for bad usage. */
const COMMAND = `#!/usr/bin/env bash
printf '%s\\n' "\${0##*/}" "$@" >"$WORDS"
if [ "$CODE" = 2 ]; then exit 2; fi
while [ "$1" != --out ]; do shift; done
if [ -e "$2/result.json" ]; then echo 'an earlier result is there' >>"$WORDS"; fi
echo '{"verdict":"refuted"}' >"$2/result.json"
exit "\${CODE:-0}"
`

interface Circumstances {
  /** The command's exit code. */
  readonly code?: number
  readonly job?: Job
  /** Whether an earlier step has left a result, which is upheld. */
  readonly earlier?: boolean
}

/** What the action runs for these inputs, and what comes of it. */
const acting = (inputs: Record<string, string>, { code = 0, job = {}, earlier = false }: Circumstances = {}) =>
  withDir(
    async ({ path: folder }) => {
      const actionPath = join(folder, 'action')
      await mkdir(join(actionPath, 'scripts/lib/setup'), { recursive: true })
      await cp(join(root, 'package-lock.json'), join(actionPath, 'package-lock.json'))
      for (const name of ['setup', 'apt', 'guest_kernel', 'cinder'])
        await cp(join(root, `scripts/lib/setup/${name}.ts`), join(actionPath, `scripts/lib/setup/${name}.ts`))
      for (const name of ['verify', 'certify', 'explore', 'merge']) {
        await writeFile(join(actionPath, 'scripts', name), COMMAND)
        await chmod(join(actionPath, 'scripts', name), 0o755)
      }
      const words = join(folder, 'words')
      const env = { WORDS: words, CODE: String(code), HOME: folder }
      const report = join(folder, 'report')
      await mkdir(report)
      if (earlier) await writeFile(join(report, 'result.json'), '{"verdict":"upheld"}')
      const run = await runAction({ 'report-folder': report, ...inputs }, { actionPath, folder, env, job })
      const told = await readFile(words, 'utf8').catch(() => '')
      return { ...run, words: told.replaceAll(folder, '').split('\n').slice(0, -1) }
    },
    { unsafeCleanup: true },
  )

describe('the action', () => {
  test('verifies where nothing else is asked', async () => {
    expect((await acting({})).words).toEqual(['verify', '--out', '/report', '--machine', 'auto'])
  })

  test('certifies where a driver is given, with its arguments', async () => {
    expect((await acting({ driver: './driver.py --config "my file"' })).words).toEqual([
      ...['certify', '--out', '/report', '--machine', 'auto', './driver.py', '--config', 'my file'],
    ])
  })

  test('hands on the shard, strictness, machine and further options', async () => {
    const { words } = await acting({ shard: '2/5', seed: '7', strict: 'true', machine: 'qemu', arguments: '--only host/nfs' })

    expect(words).toEqual([
      ...['verify', '--out', '/report', '--machine', 'qemu', '--shard', '2/5', '--seed', '7', '--strict', '--only', 'host/nfs'],
    ])
  })

  test('gives all shards of a run the same seed', async () => {
    expect((await acting({ shard: '1/2' })).words.slice(-2)).toEqual(['--seed', '789012'])
  })

  test('merges without a machine', async () => {
    expect((await acting({ command: 'merge', arguments: '--allow-missing shards' })).words).toEqual([
      ...['merge', '--out', '/report', '--allow-missing', 'shards'],
    ])
  })

  test('runs nothing that stands in an input', async () => {
    const { words } = await acting({ arguments: '--only $(touch /tmp/no) `id` ; true', driver: './a|b' })

    expect(words.slice(5)).toEqual(['--only', '$(touch', '/tmp/no)', '`id`', ';', 'true', './a|b'])
  })

  test.each([0, 3])('ends with the exit code of the command: %i', async (code) => {
    expect((await acting({}, { code })).ending).toEqual({ how: 'exit', code })
  })

  test('takes words from several lines', async () => {
    const { words } = await acting({ arguments: '--only host/nfs\n--quiet \\\n  --plain\n', driver: './driver.py\n  --config "my file"\n' })

    expect(words.slice(5)).toEqual(['--only', 'host/nfs', '--quiet', '--plain', './driver.py', '--config', 'my file'])
  })

  test.each([
    ['arguments', '--only "host/nfs --strict'],
    ['arguments', "--only 'host/nfs\n--strict'"],
    ['driver', "./driver.py --name it's"],
  ])('runs nothing when %s has a quote without its other: %j', async (name, text) => {
    const { ending, outputs, words, stdout } = await acting({ [name]: text })

    expect([ending, outputs.verdict, words]).toEqual([{ how: 'exit', code: 2 }, 'none', []])
    expect(stdout).toContain(`::error title=holeproof::The input '${name}' has a quote that is not closed on its line.`)
  })

  test('gives the verdict and the report, of a run that failed too', async () => {
    const { outputs } = await acting({}, { code: 1, earlier: true })

    expect(outputs).toMatchObject({ verdict: 'refuted', artifact: 'holeproof-report-verify' })
    expect(outputs.report).toMatch(/\/report$/)
  })

  test('takes no verdict and no report of an earlier step for its own', async () => {
    expect((await acting({}, { code: 2, earlier: true })).outputs).toMatchObject({ verdict: 'none', artifact: '' })
  })

  test('leaves the result of an earlier step to the command, as its baseline', async () => {
    const { words } = await acting({ arguments: '--baseline report/result.json' }, { earlier: true })

    expect(words).toContain('an earlier result is there')
  })

  test.each([
    ['the job', {}, { id: 'certify' }, 'holeproof-report-certify'],
    ['the shard', { shard: '2/5' }, { index: 1, total: 5 }, 'holeproof-report-verify-2-of-5'],
    ['the place in a matrix', {}, { id: 'certify', index: 2, total: 3 }, 'holeproof-report-certify-2'],
    ['both, in a matrix of more than the shards', { shard: '2/5' }, { index: 6, total: 10 }, 'holeproof-report-verify-2-of-5-6'],
    ['what is asked for', { artifact: 'my report', shard: '2/5' }, { index: 1, total: 5 }, 'my report'],
  ])('names the report after %s', async (_, inputs, job, name) => {
    expect((await acting(inputs, { job })).outputs.artifact).toBe(name)
  })

  test('refuses a command that it has not, and says which there are', async () => {
    const { ending, outputs, words, stdout } = await acting({ command: 'sweep; id' })

    expect([ending, outputs.verdict, words]).toEqual([{ how: 'exit', code: 2 }, 'none', []])
    expect(stdout).toContain("::error title=holeproof::There is no command 'sweep; id' for this action")
  })

  test.each([
    ['auto', {}],
    ['qemu', { machine: 'qemu' }],
    ['uml-cinder', { machine: 'uml', driver: 'cinder:lvm-thin' }],
    ['auto-cinder', { driver: './driver.py', arguments: '--peer cinder:lvm-thick' }],
  ])('keeps a cache of its own for what the setup brings: %s', async (kind, inputs) => {
    const { stepOutputs } = await acting(inputs)

    expect(stepOutputs['steps.look.outputs.key']).toMatch(new RegExp(`^holeproof-Linux-X64-${kind}-[0-9a-f]{16}$`))
    expect(stepOutputs['steps.look.outputs.cache']).toMatch(/\/\.cache\/holeproof$/)
  })
})

const ciSchema = z.object({
  jobs: z.object({
    verify: z.object({ strategy: z.object({ matrix: z.object({ shard: z.array(z.number()) }) }) }),
    merge: z.object({ steps: z.array(z.object({ with: z.object({ pattern: z.string().optional() }).optional() })) }),
  }),
})

test('ci.yml merges the reports of all its shards, and no others', async () => {
  const { verify, merge } = ciSchema.parse(parse(await readFile(join(root, '.github/workflows/ci.yml'), 'utf8'))).jobs
  const [pattern = ''] = merge.steps.flatMap((step) => step.with?.pattern ?? [])
  const isMerged = (name = '') => name.startsWith(pattern.replace(/\*$/, ''))
  const { shard: shards } = verify.strategy.matrix
  const total = shards.length
  const ofShards = await Promise.all(
    shards.map((shard, index) => acting({ shard: `${shard}/${total}` }, { job: { id: 'verify', index, total } })),
  )
  const { outputs } = await acting({ command: 'merge' }, { job: { id: 'merge' } })

  expect(pattern).toMatch(/^[\w-]+\*$/)
  expect(ofShards.map((run) => isMerged(run.outputs.artifact))).toEqual([true, true, true, true, true])
  expect(isMerged(outputs.artifact)).toBe(false)
})

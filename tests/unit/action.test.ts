import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { assetPath } from '../../harness/paths.ts'
import { type ActionStep, runAction } from '../support/action.ts'

/** Stands for holeproof's commands: keeps its words, one a line, and leaves a result unless it ends with 2. */
const COMMAND = `#!/usr/bin/env bash
printf '%s\\n' "\${0##*/}" "$@" >"$WORDS"
if [ "$CODE" = 2 ]; then exit 2; fi
case "$*" in *--kernel*) file=kernels.json ;; *--cinder*) file=cinders.json ;; *) file=result.json ;; esac
while [ "$1" != --out ]; do shift; done
if [ -e "$2/result.json" ]; then echo 'an earlier result is there' >>"$WORDS"; fi
echo '{"verdict":"refuted"}' >"$2/$file"
exit "$CODE"
`

interface Circumstances {
  readonly step?: ActionStep
  /** The command's exit code. */
  readonly code?: number
  /** An earlier step has left a result, which is upheld. */
  readonly earlier?: boolean
  /** The version of a Node.js to find in place of this one. */
  readonly nodeMajor?: number
}

/** Runs the action with stand-ins for the commands; returns the words of the one that ran, and the outputs. */
const acting = (env: Record<string, string>, { step = 'run', code = 0, earlier = false, nodeMajor }: Circumstances = {}) =>
  withDir(
    async ({ path: folder }) => {
      const scripts = join(folder, 'action/scripts')
      await mkdir(scripts, { recursive: true })
      await copyFile(assetPath('scripts/action'), join(scripts, 'action'))
      await symlink(assetPath('scripts/lib'), join(scripts, 'lib'))
      await symlink(assetPath('package-lock.json'), join(folder, 'action/package-lock.json'))
      for (const name of ['verify', 'certify', 'explore', 'merge']) await writeProgram(join(scripts, name), COMMAND)
      const programs = join(folder, 'programs')
      await mkdir(programs)
      if (nodeMajor !== undefined) await writeProgram(join(programs, 'node'), `#!/bin/sh\necho ${nodeMajor}\n`)
      await mkdir(join(folder, 'report'))
      if (earlier) await writeFile(join(folder, 'report/result.json'), '{"verdict":"upheld"}')
      const words = join(folder, 'words')

      const ended = await runAction(
        step,
        folder,
        { WORDS: words, CODE: String(code), HOME: folder, PATH: `${programs}:${process.env.PATH}`, ...env },
        join(scripts, 'action'),
      )

      const seen = await readFile(words, 'utf8').catch(() => '')
      return { ...ended, words: seen.replaceAll(folder, '').split('\n').slice(0, -1) }
    },
    { unsafeCleanup: true },
  )

async function writeProgram(file: string, text: string): Promise<void> {
  await writeFile(file, text)
  await chmod(file, 0o755)
}

describe('the action', () => {
  test('verifies where nothing else is asked', async () => {
    expect((await acting({})).words).toEqual(['verify', '--out', '/report', '--machine', 'auto'])
  })

  test('certifies where a driver is given, with its arguments', async () => {
    expect((await acting({ DRIVER: './driver.py --config "my file"' })).words).toEqual([
      ...['certify', '--out', '/report', '--machine', 'auto', './driver.py', '--config', 'my file'],
    ])
  })

  test('hands on the shard, strictness, machine and further options', async () => {
    const { words } = await acting({ SHARD: '2/5', SEED: '7', STRICT: 'true', MACHINE: 'qemu', ARGUMENTS: '--only host/nfs' })

    expect(words).toEqual([
      ...['verify', '--out', '/report', '--machine', 'qemu', '--shard', '2/5', '--seed', '7', '--strict', '--only', 'host/nfs'],
    ])
  })

  test('gives all shards of a run the same seed', async () => {
    expect((await acting({ SHARD: '1/2' })).words.slice(-2)).toEqual(['--seed', '789012'])
  })

  test('merges without a machine', async () => {
    expect((await acting({ COMMAND: 'merge', ARGUMENTS: '--allow-missing shards' })).words).toEqual([
      ...['merge', '--out', '/report', '--allow-missing', 'shards'],
    ])
  })

  test('runs nothing that stands in an input', async () => {
    const { words } = await acting({ ARGUMENTS: '--only $(touch /tmp/no) `id` ; true', DRIVER: './a|b' })

    expect(words.slice(5)).toEqual(['--only', '$(touch', '/tmp/no)', '`id`', ';', 'true', './a|b'])
  })

  test('takes words from several lines', async () => {
    const { words } = await acting({ ARGUMENTS: '--only host/nfs\n--quiet \\\n  --plain\n', DRIVER: './driver.py\n  --config "my file"\n' })

    expect(words.slice(5)).toEqual(['--only', 'host/nfs', '--quiet', '--plain', './driver.py', '--config', 'my file'])
  })

  test.each([
    ['arguments', '--only "host/nfs --strict'],
    ['arguments', "--only 'host/nfs\n--strict'"],
    ['driver', "./driver.py --name it's"],
  ])('runs nothing when %s has a quote that is not closed: %j', async (name, text) => {
    const { ending, outputs, words, stdout } = await acting({ [name.toUpperCase()]: text })

    expect([ending, outputs.verdict, words]).toEqual([{ how: 'exit', code: 2 }, 'none', []])
    expect(stdout).toContain(`::error title=holeproof::The input '${name}' has a quote that is not closed on its line.`)
  })

  test('refuses a command that it does not have, and names those that it has', async () => {
    const { ending, outputs, words, stdout } = await acting({ COMMAND: 'sweep; id' })

    expect([ending, outputs.verdict, words]).toEqual([{ how: 'exit', code: 2 }, 'none', []])
    expect(stdout).toContain("::error title=holeproof::The input 'command' is 'sweep; id'; use verify")
  })

  test.each([0, 3])('ends with the exit code of the command: %i', async (code) => {
    expect((await acting({}, { code })).ending).toEqual({ how: 'exit', code })
  })

  test('gives the verdict and the report of each use, failed or not', async () => {
    const { outputs } = await acting({}, { code: 1, earlier: true })

    expect(outputs).toMatchObject({ verdict: 'refuted', artifact: 'holeproof-report-verify' })
    expect(outputs.report).toMatch(/\/report$/)
  })

  test.each(['--kernel 6.1,7.2', '--cinder 26,29'])('gives the verdict of a run on several kernels or Cinders: %s', async (several) => {
    const { outputs } = await acting({ ARGUMENTS: several }, { code: 1 })

    expect(outputs).toMatchObject({ verdict: 'refuted', artifact: 'holeproof-report-verify' })
  })

  test('takes no verdict and no report of an earlier step for its own', async () => {
    const { outputs } = await acting({}, { code: 2, earlier: true })

    expect(outputs.verdict).toBe('none')
    expect(outputs).not.toHaveProperty('artifact')
  })

  test('leaves the result of an earlier step to the command, as its baseline', async () => {
    const { words } = await acting({ ARGUMENTS: '--baseline report/result.json' }, { earlier: true })

    expect(words).toContain('an earlier result is there')
  })

  test.each([
    ['the job', { GITHUB_JOB: 'certify' }, 'holeproof-report-certify'],
    ['the shard', { SHARD: '2/5', JOBS: '5', JOB_INDEX: '1' }, 'holeproof-report-verify-2-of-5'],
    ['the place in a matrix', { GITHUB_JOB: 'certify', JOBS: '3', JOB_INDEX: '2' }, 'holeproof-report-certify-2'],
    ['both, in a matrix of more than the shards', { SHARD: '2/5', JOBS: '10', JOB_INDEX: '6' }, 'holeproof-report-verify-2-of-5-6'],
    ['the input', { ARTIFACT: 'my report', SHARD: '2/5', JOBS: '5', JOB_INDEX: '1' }, 'my report'],
  ])('names the report after %s', async (_, env, name) => {
    expect((await acting(env)).outputs.artifact).toBe(name)
  })

  test.each([
    ['auto', {}],
    ['qemu', { MACHINE: 'qemu' }],
    ['uml-cinder', { MACHINE: 'uml', DRIVER: 'cinder:lvm-thin' }],
    ['auto-6.1_7.2', { ARGUMENTS: '--strict --kernel 6.1,7.2' }],
    ['auto-cinder-26_debian_sid-7.2', { DRIVER: 'cinder:nfs', ARGUMENTS: '--cinder 26,debian:sid --kernel=7.2' }],
    ['auto-cinder', { DRIVER: 'cinder:nfs', ARGUMENTS: '--cinder ./cinder' }],
    ['auto-cinder', { DRIVER: './driver.py', ARGUMENTS: '--peer cinder:lvm-thick' }],
  ])('keeps a cache of its own for a setup that differs: %s', async (kind, env) => {
    const { outputs } = await acting(env, { step: 'look' })

    expect(outputs.key).toMatch(new RegExp(`^holeproof-Linux-X64-${kind}-[0-9a-f]{16}$`))
    expect(outputs.cache).toMatch(/\/\.cache\/holeproof$/)
    expect(outputs).not.toHaveProperty('lacks-node')
  })

  test('asks for Node.js where that is too old', async () => {
    expect((await acting({}, { step: 'look', nodeMajor: 18 })).outputs).toMatchObject({ 'lacks-node': 'true' })
  })
})

const ciSchema = z.object({
  jobs: z.object({
    verify: z.object({ strategy: z.object({ matrix: z.object({ shard: z.array(z.number()) }) }) }),
    merge: z.object({ steps: z.array(z.object({ with: z.object({ pattern: z.string().optional() }).optional() })) }),
  }),
})

test('ci.yml merges the reports of all its shards, and no others', async () => {
  const { verify, merge } = ciSchema.parse(parse(await readFile(assetPath('.github/workflows/ci.yml'), 'utf8'))).jobs
  const [pattern = ''] = merge.steps.flatMap((step) => step.with?.pattern ?? [])
  const isMerged = (name = '') => name.startsWith(pattern.replace(/\*$/, ''))
  const { shard: shards } = verify.strategy.matrix
  const total = String(shards.length)
  const ofShards = await Promise.all(
    shards.map((shard, index) => acting({ SHARD: `${shard}/${total}`, JOBS: total, JOB_INDEX: String(index) })),
  )
  const { outputs } = await acting({ COMMAND: 'merge', GITHUB_JOB: 'merge' })

  expect(pattern).toMatch(/^[\w-]+\*$/)
  expect(ofShards.map((run) => isMerged(run.outputs.artifact))).toEqual([true, true, true, true, true])
  expect(isMerged(outputs.artifact)).toBe(false)
})

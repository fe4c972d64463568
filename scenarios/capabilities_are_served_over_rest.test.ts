import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { decideCopyMode } from '../harness/migration/rule.ts'
import { askOverRest } from '../harness/protocol/rest/client.ts'
import { listen } from '../harness/protocol/rest/listen.ts'
import { processesOf, withFolder } from '../tests/support/run_folder.ts'
import { type StartedScript, startScript } from '../tests/support/scripts.ts'

const PROGRAM = fileURLToPath(new URL('../examples/drivers/shell/driver.sh', import.meta.url))

const HOSTILE = fileURLToPath(new URL('../tests/support/hostile/hostile.py', import.meta.url))

/** Starts `scripts/serve` on a free port, uses it, and ends it by a signal. Nothing of it may be left then. */
async function whileServing(drivers: readonly string[], signal: number, use: (endpoint: string, printed: string) => Promise<void>) {
  await withFolder(async (folder, env) => {
    const serving = startScript('serve', ['--machine', selectedKind, '--listen', '127.0.0.1:0', ...drivers], env)
    try {
      const printed = await serving.printed('clears everything away.')
      const [, endpoint = ''] = /^serving at (\S+)$/m.exec(printed) ?? []
      await use(endpoint, printed)
      await endsCleanly(serving, signal, folder)
      expect(await askOverRest({ endpoint, host: 'holeproof@lvm-thin' })).toMatchObject({ kind: 'unanswered' })
    } finally {
      serving.kill(constants.signals.SIGKILL)
    }
  })
}

async function endsCleanly(serving: StartedScript, signal: number, folder: string): Promise<void> {
  serving.kill(signal)
  const { ending, stderr } = await serving.finished

  expect(ending, stderr).toEqual({ how: 'exit', code: 0 })
  expect(stderr).not.toContain('left behind')
  expect(await processesOf(folder)).toEqual([])
  expect(await readdir(folder)).toEqual(['out'])
}

test('the drivers of the matrix are served with their claims until SIGINT, and nothing is left', async () => {
  await whileServing([], constants.signals.SIGINT, async (endpoint, printed) => {
    const claims = { 'lvm-thin': true, 'lvm-thick': false, nfs: true, 'nfs-prealloc': true }
    for (const [name, claim] of Object.entries(claims)) {
      const host = `holeproof@${name}`
      expect(printed).toMatch(new RegExp(`^  ${host} +sparse_copy_volume: ${claim}$`, 'm'))
      expect(await askOverRest({ endpoint, host })).toMatchObject({
        kind: 'answered',
        report: { sparse_copy_volume: claim, properties: { cinder_sparse_copy_volume: { type: 'boolean', default: false } } },
      })
    }

    const pools = await fetch(`${endpoint}/scheduler-stats/get_pools?detail=true`).then((response) => response.json())
    expect(pools).toMatchObject({
      pools: Object.entries(claims).map(([name, claim]) => ({
        name: `holeproof@${name}#${name}`,
        capabilities: { sparse_copy_volume: claim },
      })),
    })
    const missing = await fetch(`${endpoint}/capabilities/holeproof@other`)
    expect([missing.status, await missing.json()]).toMatchObject([404, { itemNotFound: { code: 404 } }])
    const version = await fetch(new URL('/', endpoint))
    expect([version.status, await version.json()]).toMatchObject([300, { versions: [{ id: 'v3.0' }] }])
  })
})

test('a program is served until SIGTERM', async () => {
  await whileServing([PROGRAM], constants.signals.SIGTERM, async (endpoint) => {
    const host = 'holeproof@driver.sh'
    expect(await askOverRest({ endpoint, host })).toMatchObject({ kind: 'answered', report: { sparse_copy_volume: true } })
  })
})

test("a program's odd claim reaches the client as it is, for the rule to judge", async () => {
  await whileServing(['python3', HOSTILE, 'claim-string-true'], constants.signals.SIGINT, async (endpoint, printed) => {
    const answer = await askOverRest({ endpoint, host: 'holeproof@hostile.py' })

    expect(printed).toContain('sparse_copy_volume: "True"')
    expect(answer).toMatchObject({ kind: 'answered', report: { sparse_copy_volume: 'True' } })
    expect(decideCopyMode(answer, { history: 'new', layers: [] })).toMatchObject({ mode: 'full', decidedBy: 'claim-not-boolean' })
  })
})

test('a program that does not start is not served', async () => {
  await withFolder(async (folder, env) => {
    const { ending, stderr } = await startScript('serve', ['--machine', selectedKind, 'python3', HOSTILE, 'exits-at-setup'], env).finished

    expect(ending).toEqual({ how: 'exit', code: 2 })
    expect(stderr).toMatch(/hostile\.py does not start: .*cannot reach the storage/)
    expect(await processesOf(folder)).toEqual([])
    expect(await readdir(folder)).toEqual(['out'])
  })
})

test('an address that other machines reach, and a port that is taken, are refused', async () => {
  const taken = await listen(createServer())
  try {
    const remote = await startScript('serve', ['--listen', '0.0.0.0:0']).finished
    expect(remote.ending).toEqual({ how: 'exit', code: 2 })
    expect(remote.stderr).toContain('Add --allow-remote')

    await withFolder(async (folder, env) => {
      const address = new URL(taken.url).host
      const second = await startScript('serve', ['--machine', selectedKind, '--listen', address, 'file'], env).finished
      expect(second.ending).toEqual({ how: 'exit', code: 2 })
      expect(second.stderr).toContain('EADDRINUSE')
      expect(await processesOf(folder)).toEqual([])
      expect(await readdir(folder)).toEqual(['out'])
    })
  } finally {
    await taken.close()
  }
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { selectedKind } from '../harness/machine/machine_kind.ts'
import { cacheFolder } from '../harness/machine/tools.ts'
import { resultSchema } from '../harness/result/result.ts'
import { runAction } from './support/composite_action.ts'

const actionPath = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
// What is there need not be brought again.
const env = { HOLEPROOF_CACHE: cacheFolder }

test("the action's steps verify a shard, write the job's summary and give the verdict", () =>
  withDir(
    async ({ path: folder }) => {
      const report = join(folder, 'report')
      const inputs = {
        machine: selectedKind,
        shard: '1/2',
        'report-folder': report,
        arguments: '--only host/nfs/nfs,host/nfs/nfs-prealloc',
      }
      const { ending, outputs, summary } = await runAction(inputs, { actionPath, folder, env })

      expect(ending).toEqual({ how: 'exit', code: 0 })
      expect(outputs).toEqual({ verdict: 'upheld', report, artifact: 'holeproof-report-verify-1-of-2' })
      expect(summary).toContain('## ✅ upheld, shard 1 of 2')
      expect(resultSchema.parse(JSON.parse(await readFile(join(report, 'result.json'), 'utf8'))).seed).toBe(789012)
    },
    { unsafeCleanup: true },
  ))

test("the action's steps fail with what a lying driver is refuted by, as annotations and in the summary", () =>
  withDir(
    async ({ path: folder }) => {
      const report = join(folder, 'report')
      const inputs = {
        machine: selectedKind,
        seed: '1',
        'report-folder': report,
        driver: 'liar/lvm-thick',
        arguments: '--only new-reads-zero',
      }
      const { ending, outputs, summary, stdout } = await runAction(inputs, { actionPath, folder, env })

      expect(ending).toEqual({ how: 'exit', code: 1 })
      expect(outputs.verdict).toBe('refuted')
      expect(summary).toContain('| `liar/lvm-thick new-reads-zero` | ❌ refuted |')
      expect(stdout).toMatch(/^::error title=refuted%3A liar\/lvm-thick new-reads-zero::/m)
      expect(stdout).toMatch(/^::stop-commands::([\w-]+)$[\s\S]*^::\1::$/m)
    },
    { unsafeCleanup: true },
  ))

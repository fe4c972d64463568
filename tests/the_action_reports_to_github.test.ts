import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { cacheFolder } from '../harness/machine/tools.ts'
import { resultSchema } from '../harness/result/result.ts'
import { runAction } from './support/action.ts'

const env = { MACHINE: selectedKind, HOLEPROOF_CACHE: cacheFolder }

test("the action verifies a shard, writes the job's summary and gives the verdict", () =>
  withDir(
    async ({ path: folder }) => {
      const inputs = { SHARD: '1/2', ARGUMENTS: '--only host/nfs/nfs,host/nfs/nfs-prealloc' }
      const { ending, outputs, summary } = await runAction('run', folder, { ...env, ...inputs })

      const report = join(folder, 'report')
      expect(ending).toEqual({ how: 'exit', code: 0 })
      expect(outputs).toEqual({ verdict: 'upheld', report, artifact: 'holeproof-report-verify-1-of-2' })
      expect(summary).toContain('## ✅ upheld, shard 1 of 2')
      expect(resultSchema.parse(JSON.parse(await readFile(join(report, 'result.json'), 'utf8'))).seed).toBe(789012)
    },
    { unsafeCleanup: true },
  ))

test('the action fails with the finding that refutes a lying driver, as an annotation and in the summary', () =>
  withDir(
    async ({ path: folder }) => {
      const inputs = { SEED: '1', DRIVER: 'liar/lvm-thick', ARGUMENTS: '--only new-reads-zero' }
      const { ending, outputs, summary, stdout } = await runAction('run', folder, { ...env, ...inputs })

      expect(ending).toEqual({ how: 'exit', code: 1 })
      expect(outputs.verdict).toBe('refuted')
      expect(summary).toContain('| `liar/lvm-thick new-reads-zero` | ❌ refuted |')
      expect(stdout).toMatch(/^::error title=refuted%3A liar\/lvm-thick new-reads-zero::/m)
      expect(stdout).toMatch(/^::stop-commands::([\w-]+)$[\s\S]*^::\1::$/m)
    },
    { unsafeCleanup: true },
  ))

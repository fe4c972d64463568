import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { describe, expect, test } from 'vitest'
import { installedKernels } from '../harness/machine/guest/uml_kernels.ts'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { type Kernels, kernelsSchema } from '../harness/result/kernels.ts'
import { resultSchema } from '../harness/result/result.ts'
import { startScript } from './support/scripts.ts'

const installed = installedKernels().map(({ version }) => version)
const [first = '', second = ''] = installed
const CELL = 'host/lvm-thin/lvm-thick/mixed'

const verifyOn = async (kernels: string, out: string, more: readonly string[] = []) => {
  const run = ['--kernel', kernels, '--seed', '7', '--plain', '--only', CELL, '--out', out]
  return startScript('verify', [...run, ...more]).finished
}
const inFolder = (act: (folder: string) => Promise<void>) => withDir(({ path }) => act(path), { unsafeCleanup: true })

async function readKernels(folder: string): Promise<Kernels> {
  return kernelsSchema.parse(JSON.parse(await readFile(join(folder, 'kernels.json'), 'utf8')))
}

test.skipIf(selectedKind !== 'uml')('one kernel by two names is refused before anything runs', () =>
  inFolder(async (out) => {
    const { ending, stdout, stderr } = await verifyOn(`newest,${first}`, out)

    expect(ending).toEqual({ how: 'exit', code: 2 })
    expect(stderr).toContain(`--kernel: newest and ${first} are both ${first}. Name each kernel once.`)
    expect(stdout).toBe('')
  }),
)

// A CI system may have one kernel only.
describe.skipIf(selectedKind !== 'uml' || installed.length < 2)('two kernels', () => {
  test('show the same of a cell, each with all of its reports', () =>
    inFolder(async (out) => {
      const { ending, stdout } = await verifyOn(`${second},${first}`, out)

      expect(ending).toEqual({ how: 'exit', code: 0 })
      expect(stdout).toContain('✓ UPHELD  1 cell or copy on 2 kernels; 1 compared, 0 differences')
      const { kernels } = await readKernels(out)
      expect(kernels.map(({ kernel }) => kernel)).toEqual([second, first])
      for (const { kernel, folder } of kernels) {
        const { machines, cells, seed } = resultSchema.parse(JSON.parse(await readFile(join(out, folder, 'result.json'), 'utf8')))
        expect([folder, machines[0]?.kernel, seed]).toEqual([`kernel-${kernel}`, kernel, 7])
        expect(cells.map(({ id, verdict }) => [id, verdict])).toEqual([[CELL, 'upheld']])
        await expect(readFile(join(out, folder, 'report.html'), 'utf8')).resolves.toContain('<html')
      }
      await expect(readFile(join(out, 'kernels.md'), 'utf8')).resolves.toContain('## ✅ upheld')
    }))

  test('fail alike if the rule is broken', () =>
    inFolder(async (out) => {
      const { ending, stdout } = await verifyOn(`${second},${first}`, out, ['--break', 'always-sparse', '--quiet'])

      expect(ending).toEqual({ how: 'exit', code: 1 })
      expect(stdout).toContain(`✗ refuted on all kernels: ${CELL}`)
      expect((await readKernels(out)).differences).toEqual([])
    }))

  test('are both stopped by a signal', () =>
    inFolder(async (out) => {
      const run = startScript('verify', ['--kernel', `${second},${first}`, '--plain', '--only', 'host', '--out', out])
      await run.said('✓')
      run.kill(2)
      const { ending } = await run.finished

      expect(ending).toEqual({ how: 'exit', code: 3 })
      const { kernels, notCompared } = await readKernels(out)
      expect(kernels.map(({ verdict }) => verdict)).toEqual(['not-shown', 'not-shown'])
      expect(notCompared.filter(({ kernel }) => kernel === first).map(({ reason }) => reason)).toEqual(['the run was stopped'])
    }))
})

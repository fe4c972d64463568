import { describe, expect, test } from 'vitest'
import { BrokenLab } from '../errors.ts'
import { traps } from '../explore/traps.ts'
import type { KernelRun } from '../result/kernels.ts'
import { allCells } from './cell.ts'
import { type KernelChoice, verifyOnKernels } from './kernels.ts'

const none = (kernel: string): KernelChoice => ({
  kernel,
  asked: kernel,
  machine: new BrokenLab(`${kernel} did not boot\nwith its output`),
})
const booting = (kernel: string): KernelChoice => ({ kernel, asked: kernel, machine: { kind: 'uml', kernel } })

/** Runs a cell and a trap; the run is stopped when one kernel has ended. Returns what has ended, and the outcome. */
async function runOn(...kernels: readonly KernelChoice[]) {
  const stop = new AbortController()
  const begun: string[] = []
  const ended: KernelRun[] = []
  const runs = verifyOnKernels(kernels, {
    cells: allCells.slice(0, 1),
    copies: traps.slice(0, 1),
    shrinkSeconds: 0,
    seed: 7,
    version: '0',
    signal: stop.signal,
    repeat: ({ id }, { asked }) => `verify --kernel ${asked} --only ${id}`,
    onKernel: ({ kernel }) => {
      begun.push(kernel)
      return () => {}
    },
    onEnded: async (run) => {
      ended.push(run)
      stop.abort()
    },
  })
  return { runs: await runs.catch((error: unknown) => String(error)), begun, ended }
}

describe('a run on several kernels', () => {
  test('leaves the cells of a kernel that does not boot not-shown, with the reason', async () => {
    const { ended } = await runOn(none('6.1'), booting('7.2'))

    expect(ended[0]).toMatchObject({ kernel: '6.1', lacks: '6.1 did not boot\nwith its output', result: { verdict: 'not-shown' } })
    const { cells = [], copies = [] } = ended[0]?.result ?? {}
    expect([...cells, ...copies].map(({ verdict, reason, repeat }) => [verdict, reason, repeat])).toEqual([
      ['not-shown', '6.1 did not boot', `verify --kernel 6.1 --only ${allCells[0]?.id}`],
      ['not-shown', '6.1 did not boot', `verify --kernel 6.1 --only ${traps[0]?.id}`],
    ])
  })

  test('begins no other kernel once it is stopped, and reports it as not shown', async () => {
    const { runs, begun } = await runOn(none('6.1'), booting('7.2'))

    expect(begun).toEqual([])
    expect(runs).toMatchObject([
      { kernel: '6.1' },
      { kernel: '7.2', result: { stopped: true, counts: { 'not-shown': 2 }, cells: [{ reason: 'the run was stopped' }] } },
    ])
    expect(runs[1]).not.toHaveProperty('lacks')
  })

  test('ends with the error of a single kernel', async () => {
    expect((await runOn(none('6.1'))).runs).toBe('BrokenLab: 6.1 did not boot\nwith its output')
  })
})

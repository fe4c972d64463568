import { describe, expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
import { mirrorCopies } from '../../harness/explore/mirror_options.ts'
import { type OneKernelOptions, refuseWithSeveralKernels, selectAll } from './verify.ts'

const options: OneKernelOptions = { machine: 'auto', out: 'reports' }

test.each<[Partial<OneKernelOptions>, string]>([
  [{ machine: 'qemu' }, '--kernel chooses a kernel for User-Mode Linux, not for --machine qemu'],
  [{ machine: 'native' }, '--kernel chooses a kernel for User-Mode Linux, not for --machine native'],
  [{ keep: true }, '--keep stops at one cell on one kernel. Name one with --kernel.'],
  [
    { shard: { number: 2, of: 5 } },
    '--shard works with one kernel. Run and merge the shards of each kernel, as with scripts/verify --kernel 6.12 --shard 2/5.',
  ],
  [
    { baseline: 'main/reports' },
    '--baseline works with one kernel. Compare the result of each kernel afterwards, as with scripts/compare main/reports reports/kernel-6.12.',
  ],
])('with several kernels, %j is refused, and the error says what to do instead', (change, message) => {
  expect(() => refuseWithSeveralKernels({ ...options, ...change })).toThrow(new UsageError(message))
})

test.each(['auto', 'uml'] as const)('several kernels run on --machine %s', (machine) => {
  expect(() => refuseWithSeveralKernels({ ...options, machine })).not.toThrow()
})

describe("a copy by QEMU's mirror is selected", () => {
  const idsOf = (qemu: string) => mirrorCopies(qemu).map(({ id }) => id)
  const selected = (only: string, qemus: readonly string[] = ['11.1']) => selectAll(only, qemus).copies.map(({ id }) => id)

  test.each(['7.2', '10.0', '11.1'])('by its id, which names QEMU %s', (qemu) => {
    for (const id of idsOf(qemu)) expect(selected(id)).toEqual([id])
  })

  test('by a part of its id that names the QEMU', () => {
    expect(selected('mirror/10.0')).toEqual(idsOf('10.0'))
    expect(selected('mirror/10.0/, host/lvm-thin,mirror/7.2')).toEqual([...idsOf('10.0'), ...idsOf('7.2')])
  })

  test('by mirror, for the QEMUs of --qemu and those that other ids name', () => {
    expect(selected('mirror', ['7.2', '10.0'])).toEqual([...idsOf('7.2'), ...idsOf('10.0')])
    expect(selected('mirror/10.0,mirror', ['7.2'])).toEqual([...idsOf('7.2'), ...idsOf('10.0')])
    expect(selected('mirror/7.2', ['7.2'])).toEqual(idsOf('7.2'))
  })

  test.each(['mirror/10', 'mirror/10.0.1', 'mirror/x', 'mirror/10.0x/thin', 'xmirror/10.0'])('not by %s', (only) => {
    expect(() => selected(only)).toThrow(new UsageError(`--only: no cell is called ${only}. Run scripts/verify --list to see them all.`))
  })
})

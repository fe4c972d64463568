import { expect, test } from 'vitest'
import { UsageError } from '../../harness/errors.ts'
import { type OneKernelOptions, refuseWithSeveralKernels } from './verify.ts'

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

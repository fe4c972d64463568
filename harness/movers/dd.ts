import type { Lab } from '../lab/lab.ts'
import { runOrThrow } from '../machine/machine.ts'
import { MiB } from '../units.ts'
import type { CopyOrder, Mover } from './mover.ts'

/** Cinder's default `volume_dd_blocksize`, 1M. */
export const DD_BLOCK_BYTES = MiB
const COPY_SECONDS = 600

/** dd as Cinder runs it: 1 MiB blocks, the count in bytes, O_DIRECT on the sides that allow it, flushed before it ends. */
export const dd: Mover = async (lab, order) => {
  const direct = {
    input: await allowsDirect(lab, [`if=${order.from}`, 'of=/dev/null', 'iflag=direct']),
    // Without conv=notrunc the probe would empty a destination that is a file.
    output: await allowsDirect(lab, ['if=/dev/zero', `of=${order.to}`, 'oflag=direct', 'conv=notrunc']),
  }
  await runOrThrow(lab, ddCommand(order, direct), { timeoutSeconds: COPY_SECONDS })
}

/** The command line of one copy. */
function ddCommand(
  { from, to, bytes, mode, blockBytes = DD_BLOCK_BYTES, keepsFile }: CopyOrder,
  direct: { input: boolean; output: boolean },
): string[] {
  return [
    ...['dd', `if=${from}`, `of=${to}`, `count=${bytes}`, `bs=${blockBytes === DD_BLOCK_BYTES ? '1M' : blockBytes}`],
    `iflag=${['count_bytes', ...(direct.input ? ['direct'] : [])].join(',')}`,
    ...(direct.output ? ['oflag=direct'] : []),
    `conv=${[...(mode === 'sparse' ? ['sparse'] : []), ...(keepsFile ? ['notrunc'] : []), 'fdatasync'].join(',')}`,
  ]
}

async function allowsDirect(lab: Lab, operands: readonly string[]): Promise<boolean> {
  const { ending } = await lab.run(['dd', 'count=0', ...operands])
  return ending.how === 'exit' && ending.code === 0
}

import { runOrThrow } from '../machine/machine.ts'
import { MiB } from '../units.ts'
import type { CopyOrder, Mover } from './mover.ts'

/** Cinder's default `volume_dd_blocksize`, 1M. */
export const DD_BLOCK_BYTES = MiB
const COPY_SECONDS = 600

/** dd as Cinder runs it: 1 MiB blocks, the count in bytes, O_DIRECT on the sides that allow it, flushed before it ends. */
export const dd: Mover = async (lab, order) => {
  const direct = await lab.helper.takesDirect(order.from, order.to, order.bytes)
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

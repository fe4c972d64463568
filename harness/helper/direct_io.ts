import { constants, openSync } from 'node:fs'

/** The part of the WebAssembly interface that is used here; its memory is page-aligned, as O_DIRECT wants a buffer. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { buffer: ArrayBuffer } }

/** Direct reads and writes begin and end at a multiple of this. */
export const PAGE_BYTES = 4096
const WASM_PAGE_BYTES = 65536

/** A buffer that begins at a page, as O_DIRECT wants it. Its size is rounded up to 64 KiB. */
export function alignedBuffer(bytes: number): Uint8Array {
  return new Uint8Array(new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE_BYTES) }).buffer)
}

/** Opens a device or file for direct writes. Returns undefined where its filesystem takes none. */
export function openDirect(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_DIRECT)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return undefined
    throw error
  }
}

/**
 * Where a byte comes from. `data`: the volume's own, where it belongs. `stale`: what lay there before, of another volume or of
 * none. `noise`: what is none of these, as decryption makes it of bytes that were never encrypted.
 */
export const BYTE_CLASSES = ['zero', 'data', 'stale', 'noise'] as const
export type ByteClass = (typeof BYTE_CLASSES)[number]

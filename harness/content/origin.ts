/**
 * Where a byte comes from. `data`: the volume's own, where it belongs. `stale`: what lay there before, of another volume or of
 * none. `noise`: what is none of these, as decryption makes it of bytes that were never encrypted.
 */
export const ORIGINS = ['zero', 'data', 'stale', 'noise'] as const
export type Origin = (typeof ORIGINS)[number]

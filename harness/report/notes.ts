import type { Note } from '../result/cell.ts'

/** What a kind of note says, in its heading. */
export const NOTES: Readonly<Record<Note['kind'], string>> = {
  'thinness-lost': 'Sparse is not the same as thin',
  'preallocation-lost': 'Preallocation does not survive',
}

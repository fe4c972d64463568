import type { Difference } from './result.ts'

/** What lay where something else belongs, in words. */
export function foundWords(found: Difference['found']): string {
  switch (found.what) {
    case 'zero':
      return 'zeros'
    case 'poison':
      return 'poison (what lay on the storage before)'
    case 'other-stamp':
      return "another volume's data"
    case 'shifted-stamp':
      return `this volume's data from offset ${found.fromOffset}`
    case 'noise':
      return 'noise'
  }
}

/** What belongs there, in words. */
export function belongingWords(expected: Difference['expected']): string {
  return expected === 'zero' ? 'zeros belong' : 'data belongs'
}

import { type Prediction, predict } from '../model/copy_case.ts'
import type { CopyCase } from '../result/copy.ts'

export type Model = (copyCase: CopyCase) => Prediction

/** Ways to break the model that `--break` shows: each must turn a run red, or a wrong model would go unnoticed. */
export const brokenModels = {
  'model-copies-by-64k': (copyCase) =>
    predict({ ...copyCase, copy: 'blockBytes' in copyCase.copy ? { ...copyCase.copy, blockBytes: 64 * 1024 } : copyCase.copy }),
  'model-takes-thick-for-zero': (copyCase) => {
    const { destination } = copyCase
    const storage = destination.storage.kind === 'thick' ? ({ kind: 'file' } as const) : destination.storage
    return predict({ ...copyCase, destination: { ...destination, storage } })
  },
  'model-doubles-chunks': (copyCase) => {
    const double = <Storage extends CopyCase['source']['storage']>(storage: Storage): Storage =>
      storage.kind === 'thin' ? { ...storage, chunkBytes: 2 * storage.chunkBytes } : storage
    return predict({ ...copyCase, source: { ...copyCase.source, storage: double(copyCase.source.storage) } })
  },
  'model-zeroes-every-pool': (copyCase) => {
    const { destination } = copyCase
    const storage = destination.storage.kind === 'thin' ? { ...destination.storage, zeroing: true } : destination.storage
    return predict({ ...copyCase, destination: { ...destination, storage } })
  },
} satisfies Record<string, Model>

export type BrokenModel = keyof typeof brokenModels
export const brokenModelNames = Object.keys(brokenModels) as BrokenModel[]

import { type Prediction, predict, type World } from '../model/world.ts'

export type Model = (world: World) => Prediction

/** Ways to break the model that `--break` shows: each must turn a run red, or nobody would notice that it is wrong. */
export const brokenModels = {
  'model-copies-by-64k': (world) =>
    predict({ ...world, copy: 'blockBytes' in world.copy ? { ...world.copy, blockBytes: 64 * 1024 } : world.copy }),
  'model-takes-thick-for-zero': (world) => {
    const { destination } = world
    const storage = destination.storage.kind === 'thick' ? ({ kind: 'file' } as const) : destination.storage
    return predict({ ...world, destination: { ...destination, storage } })
  },
  'model-doubles-chunks': (world) => {
    const double = <Storage extends World['source']['storage']>(storage: Storage): Storage =>
      storage.kind === 'thin' ? { ...storage, chunkBytes: 2 * storage.chunkBytes } : storage
    return predict({ ...world, source: { ...world.source, storage: double(world.source.storage) } })
  },
  'model-zeroes-every-pool': (world) => {
    const { destination } = world
    const storage = destination.storage.kind === 'thin' ? { ...destination.storage, zeroing: true } : destination.storage
    return predict({ ...world, destination: { ...destination, storage } })
  },
} satisfies Record<string, Model>

export type BrokenModel = keyof typeof brokenModels
export const brokenModelNames = Object.keys(brokenModels) as BrokenModel[]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PivotUnknown } from '../../errors.ts'
import type { Helper } from '../../helper/client.ts'
import { Lab } from '../../lab/lab.ts'
import { openNative } from '../../machine/native.ts'
import type { BlockLayer, Disk } from './disk.ts'
import { Instance } from './instance.ts'

/** An instance without a writer on a disk that notes what is asked of it; `faults` throw. */
async function mirrored(faults: Partial<Record<keyof Disk | 'transferred', Error>>) {
  const calls: string[] = []
  const step = (name: keyof Disk) => async () => {
    calls.push(name)
    const fault = faults[name]
    if (fault !== undefined) throw fault
  }
  const disk: Disk = {
    export: { socket: '', exportName: '' },
    beginMirror: step('beginMirror'),
    copyFast: step('copyFast'),
    untilReady: step('untilReady'),
    pivot: step('pivot'),
    cancel: step('cancel'),
    giveUp: step('giveUp'),
    close: step('close'),
  }
  const layer: BlockLayer = { version: '11.1.2', open: async () => disk }
  const content = { sizeBytes: 0, tag: 1, extents: [] }
  let transfers = 0
  const helper: Partial<Helper> = {
    startWriter: async () => ({ more: async () => {}, stop: async () => ({ content, touched: [], acknowledged: 0 }) }),
    transferred: async () => {
      transfers++
      if (faults.transferred !== undefined && transfers > 2) throw faults.transferred
      return null
    },
    inventory: async () => ({ dmDevices: [], deviceFolders: [], loops: [], mounts: [] }),
  }
  const folder = await mkdtemp(join(tmpdir(), 'instance-'))
  const lab = await Lab.open({
    machine: openNative('here', folder),
    helper: helper as Helper,
    prefix: 'holeproof_1',
    folder: join(folder, 'lab'),
    seed: 1,
  })
  try {
    const instance = await Instance.start(lab, layer, { path: '/from', content, writer: 'none' })
    const error = await instance.mirror({ to: '/to', options: {} }).catch((thrown: unknown) => thrown)
    await instance.stop()
    return { calls, error }
  } finally {
    await lab.release()
    await rm(folder, { recursive: true })
  }
}

test('a mirror copies, pivots, and lets go of the volume in the end', async () => {
  expect(await mirrored({})).toEqual({ calls: ['beginMirror', 'untilReady', 'pivot', 'close'], error: undefined })
})

test('a mirror that fails before the pivot is given up', async () => {
  const { calls, error } = await mirrored({ untilReady: new Error('No space left on device') })

  expect(calls).toEqual(['beginMirror', 'untilReady', 'giveUp', 'close'])
  expect(error).toMatchObject({ message: 'No space left on device' })
})

// An error of any other kind has the destination removed, which the instance may write to by then.
test('what cannot be counted is found out before the pivot, and nothing but the pivot fails after it', async () => {
  const { calls } = await mirrored({ transferred: new Error('the helper is gone') })
  const unknown = await mirrored({ pivot: new PivotUnknown('QEMU went away') })

  expect(calls).toEqual(['beginMirror', 'untilReady', 'giveUp', 'close'])
  expect(unknown.error).toBeInstanceOf(PivotUnknown)
  expect(unknown.calls).toEqual(['beginMirror', 'untilReady', 'pivot', 'close'])
})

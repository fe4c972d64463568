import { sizeText } from '../../units.ts'
import { type Check, refuted, upheld } from './check.ts'
import { mixed, wrongIn } from './volume_content.ts'

const ATTACHED_TIMES = 3

export const pathsAreItsOwn: Check = {
  id: 'paths-are-its-own',
  title: "a volume is attached as a block device or file of the driver's own, of the size asked for, and no two share one",
  run: async ({ session }) => {
    const volumes = [await session.create(), await session.create()]
    const seen = new Set<string>()
    for (const volume of volumes) {
      const look = await volume.look()
      const id = look.kind === 'block' ? look.device : look.kind === 'file' ? `${look.filesystem} ${look.inode}` : ''
      if (seen.has(id)) return refuted(`two volumes are attached as the same ${look.kind}: ${await volume.attach()}`)
      seen.add(id)
    }
    return upheld(`${volumes.length} volumes, each with a device or file of its own`)
  },
}

export const twoAtOnce: Check = {
  id: 'two-at-once',
  title: 'two volumes that are made, written and deleted at the same time do not affect each other',
  run: async ({ session }) => {
    const pair = await Promise.all(
      ['one', 'other'].map(async () => {
        const volume = await session.create()
        return { volume, content: mixed(session, volume) }
      }),
    )
    await Promise.all(pair.map(({ volume, content }) => volume.write(content, 'everywhere')))
    for (const { volume, content } of pair) {
      const wrong = await wrongIn(volume, content)
      if (wrong !== undefined) return wrong
    }
    await Promise.all(pair.map(({ volume }) => volume.delete()))
    return upheld(`each holds its own ${sizeText(session.volumeBytes)}`)
  },
}

export const attachRepeats: Check = {
  id: 'attach-repeats',
  title: 'a volume shows the same bytes each time it is attached',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    for (let time = 0; time < ATTACHED_TIMES; time++) {
      await volume.detach()
      const wrong = await wrongIn(volume, content)
      if (wrong !== undefined) return wrong
    }
    return upheld(`the same ${sizeText(session.volumeBytes)} each of ${ATTACHED_TIMES} times`)
  },
}

export const survivesRestart: Check = {
  id: 'survives-restart',
  title: 'a volume keeps its bytes when the driver restarts',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    await session.restart()
    return (await wrongIn(volume, content)) ?? upheld(`all ${sizeText(volume.sizeBytes)} kept`)
  },
}

export const extendKeeps: Check = {
  id: 'extend-keeps',
  title: 'an extended volume keeps its bytes',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    const newSizeBytes = 2 * volume.sizeBytes
    const grown = await session.extend(volume, newSizeBytes)
    return (await wrongIn(grown, content)) ?? upheld(`${sizeText(volume.sizeBytes)} kept, ${sizeText(newSizeBytes)} now`)
  },
}

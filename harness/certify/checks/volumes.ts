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
  title: 'two volumes made, written and deleted at the same time keep apart',
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
    return upheld(`both hold their own ${sizeText(session.volumeBytes)}`)
  },
}

export const attachRepeats: Check = {
  id: 'attach-repeats',
  title: 'attaching and detaching again and again shows the same bytes',
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    for (let time = 0; time < ATTACHED_TIMES; time++) {
      await volume.detach()
      const wrong = await wrongIn(volume, content)
      if (wrong !== undefined) return wrong
    }
    return upheld(`${ATTACHED_TIMES} times the same ${sizeText(session.volumeBytes)}`)
  },
}

export const survivesRestart: Check = {
  id: 'survives-restart',
  title: "a volume's bytes are there after a restart of the driver",
  run: async ({ session }) => {
    const volume = await session.create()
    const content = mixed(session, volume)
    await volume.write(content, 'everywhere')
    await volume.detach()
    await session.restart()
    return (await wrongIn(volume, content)) ?? upheld(`all ${sizeText(volume.sizeBytes)}`)
  },
}

export const extendKeeps: Check = {
  id: 'extend-keeps',
  title: 'an extension keeps what the volume held',
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

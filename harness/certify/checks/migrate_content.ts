import type { Content } from '../../content/content.ts'
import { BrokenLab, messageOf } from '../../errors.ts'
import type { MigrationMethod, MigrationParts, MigrationResult } from '../../migration/migrate.ts'
import { migrateInLab, soundParts } from '../../migration/parts.ts'
import type { Backend } from '../../migration/volume.ts'
import { NotOpened } from '../../movers/mirror/disk.ts'
import type { Instance } from '../../movers/mirror/instance.ts'
import { MirrorFailed } from '../../movers/mirror/qmp.ts'
import { observing } from '../../protocol/volume_service.ts'
import { DriverFault } from '../candidate/faults.ts'
import type { DriverSession, DriverVolume } from '../session/driver_session.ts'

export interface MigratedContent {
  readonly result: MigrationResult
  /** The volume on its source. */
  readonly volume: DriverVolume
  /** The volume on the destination; absent when it did not arrive. */
  readonly arrived?: DriverVolume
  /** The names under which the volume can be on the destination. */
  readonly names: readonly string[]
  /** The driver whose verb, or whose storage, failed first. */
  readonly failedAt?: DriverSession
  /** What the volume must hold, where an instance wrote to it meanwhile. */
  readonly held?: Content
}

/** Makes a volume with a content on one driver and migrates it to another, by the rule. */
export async function migrateContent(
  source: DriverSession,
  destination: DriverSession,
  method: MigrationMethod,
  content: Content,
): Promise<MigratedContent> {
  return migrateVolume(source, destination, method, await makeSource(source, content))
}

/**
 * Makes a volume with a content that its last user did not flush: on a file, and on nothing that has written it before, it may be in the
 * page cache alone.
 */
export async function makeUnflushedSource(source: DriverSession, content: Content): Promise<DriverVolume> {
  const volume = await source.create(content.sizeBytes)
  const empty = { ...content, extents: [] }
  const isZero = source.claim && (await volume.verify(empty, 'device-alone')).wrongBytes === 0
  if (!isZero) await volume.write(empty, 'everywhere')
  await volume.write(content, 'unflushed')
  return volume
}

/** Makes a volume with a content. Its holes stay unwritten where they read as zeros by themselves, and are written as zeros elsewhere. */
export async function makeSource(source: DriverSession, content: Content): Promise<DriverVolume> {
  const volume = await source.create(content.sizeBytes)
  if (source.claim) {
    await volume.write(content)
    if ((await volume.verify(content, 'device-alone')).wrongBytes === 0) return volume
  }
  await volume.write(content, 'everywhere')
  return volume
}

/**
 * Migrates a volume to another driver, by the rule; one in use with its instance, which is stopped afterwards. Throws BrokenLab when QEMU
 * fails at anything but reading the source or writing the destination, and NotOpened when it cannot open the destination.
 */
export async function migrateVolume(
  source: DriverSession,
  destination: DriverSession,
  method: MigrationMethod,
  volume: DriverVolume,
  instance?: Instance,
): Promise<MigratedContent> {
  if (instance === undefined) await volume.detach()
  let labFault: unknown
  let failedAt: DriverSession | undefined
  const failing = async <Answered>(session: (error: unknown) => DriverSession, ask: () => Promise<Answered>): Promise<Answered> => {
    try {
      return await ask()
    } catch (error) {
      failedAt ??= session(error)
      throw error
    }
  }
  const backendOf = (session: DriverSession): Backend => ({
    name: session.name,
    service: observing(session.recordedService(), (_verb, _params, call) => failing(() => session, call)),
  })
  const { name, sizeBytes } = volume
  const arrival = `${name}-migrated`
  const from = { name, sizeBytes, backend: backendOf(source) }
  const to = backendOf(destination)
  const overrides = ({ copy, mirror }: MigrationParts): Partial<MigrationParts> => ({
    copy: (...order) =>
      failing(
        (error) => (messageOf(error).includes(`reading '${order[0]}'`) ? source : destination),
        () => destination.recordCopy(() => copy(...order)),
      ),
    ...(mirror !== undefined && {
      mirror: (...order) =>
        failing(
          (error) => {
            if (error instanceof MirrorFailed) return error.side === 'source' ? source : destination
            labFault = error
            return destination
          },
          () => mirror(...order),
        ),
    }),
    newName: () => arrival,
  })
  const { result, record } = await migrateInLab(destination.lab, from, to, method, soundParts, overrides, instance && { instance })
  const held = instance && (await endInstance(instance, source))
  if (labFault instanceof NotOpened) throw labFault
  if (labFault !== undefined) throw new BrokenLab(`a live migration: ${messageOf(labFault)}`, { cause: labFault })
  const about = { result, volume, names: [name, arrival], ...(failedAt !== undefined && { failedAt }), ...(held && { held }) }
  if (result.outcome !== 'migrated') return about
  source.forget(name)
  const arrived = destination.adopt(record.name, sizeBytes)
  if (instance !== undefined)
    await failing(
      () => destination,
      () => to.service.detachVolume(record.name),
    )
  return { ...about, arrived }
}

/** Stops an instance after more writes. Throws DriverFault when a write to its volume failed. */
async function endInstance(instance: Instance, { name }: DriverSession): Promise<Content> {
  await instance.goOn().catch(() => {})
  const { content, lost } = await instance.stop()
  if (lost !== undefined) throw new DriverFault(`the instance on a volume of ${name} lost it: ${lost}`)
  return content
}

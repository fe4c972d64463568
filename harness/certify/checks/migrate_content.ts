import type { Content } from '../../content/content.ts'
import { messageOf } from '../../errors.ts'
import type { Written } from '../../helper/writer.ts'
import { isOnDestination, type MigrationMethod, type MigrationParts, type MigrationResult } from '../../migration/migrate.ts'
import { demandSoundQemu, migrateInLab, soundParts } from '../../migration/parts.ts'
import type { Backend } from '../../migration/volume.ts'
import type { Instance } from '../../movers/mirror/instance.ts'
import { MirrorFailed } from '../../movers/mirror/qmp.ts'
import { observing } from '../../protocol/volume_service.ts'
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
  /** Whose storage refused what the instance asked of it, and how. */
  readonly refusal?: { readonly by: DriverSession; readonly text: string }
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
 * Migrates a volume to another driver, by the rule; one in use with its instance, which is stopped afterwards. The arrival is attached then.
 * Throws what demandSoundQemu throws.
 */
export async function migrateVolume(
  source: DriverSession,
  destination: DriverSession,
  method: MigrationMethod,
  volume: DriverVolume,
  instance?: Instance,
): Promise<MigratedContent> {
  if (instance === undefined) await volume.detach()
  let attachedTo: string | undefined
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
      mirror: (to, mode) => {
        attachedTo = to
        return failing(
          (error) => (error instanceof MirrorFailed && error.side === 'source' ? source : destination),
          () => mirror(to, mode),
        )
      },
    }),
    newName: () => arrival,
  })
  const { result, record, mirrorError } = await migrateInLab(
    destination.lab,
    from,
    to,
    method,
    soundParts,
    overrides,
    instance && { instance },
  )
  const written = instance && (await endInstance(instance))
  if (written !== undefined) demandSoundQemu(mirrorError, written)
  const isThere = isOnDestination(result)
  const about = {
    result,
    volume,
    names: [name, arrival],
    ...(failedAt !== undefined && { failedAt }),
    ...(written && { held: written.content }),
    ...(written?.lost !== undefined && { refusal: { by: isThere ? destination : source, text: written.lost } }),
  }
  if (!isThere) return about
  const arrived = destination.adopt(record.name, sizeBytes, attachedTo)
  if (result.outcome !== 'migrated') return about
  source.forget(name)
  return { ...about, arrived }
}

/** Stops an instance after more writes. */
async function endInstance(instance: Instance): Promise<Written> {
  await instance.goOn().catch(() => {}) // what it has lost is on record
  return instance.stop()
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Content } from '../content/content.ts'
import { BrokenLab, messageOf } from '../errors.ts'
import type { VerifiedReading } from '../helper/device_io.ts'
import { API_VERSION, type ApiVolume, PROJECT, USER } from './api.ts'
import { claimIn, copiesIn, errorIn } from './cinder_log.ts'
import { KEY, PATIENCE_SECONDS } from './configuration.ts'
import { contentOf, firstBytesOf } from './content.ts'
import { judgeRow, wrongBytesOf } from './judge_row.ts'
import type { RowResult } from './result.ts'
import { backendOf, hostOf, KINDS, type Kind, type Row, SERVICE_HOST, type Secrecy, SIDES, type Side } from './row.ts'
import type { WholeCinder } from './whole_cinder.ts'

/** A full copy of 1 GiB over iSCSI takes a minute on a busy machine. */
const MIGRATION_SECONDS = 300
const OPENED = 'opened'
/** Between them, Cinder swaps the records of two volumes, and one may have no status. */
const ENDED = ['success', 'error']

/** Runs one row, and deletes its volume. A lab that fails makes it `broken`. */
export async function runRow(cinder: WholeCinder, row: Row): Promise<RowResult> {
  const start = Date.now()
  const seconds = () => Math.round((Date.now() - start) / 100) / 10
  try {
    const result = row.what === 'capabilities' ? await askCapabilities(cinder, row) : await moveVolume(cinder, row)
    return { ...result, seconds: seconds() }
  } catch (error) {
    return { id: row.id, verdict: 'broken', copies: [], seconds: seconds(), leftovers: [], note: messageOf(error) }
  }
}

type Timeless = Omit<RowResult, 'seconds'>

async function askCapabilities(cinder: WholeCinder, { id, to }: Row): Promise<Timeless> {
  const backend = backendOf('destination', to)
  const text = await client(cinder, ['get-capabilities', `${SERVICE_HOST}@${backend}`])
  const claim = await claimOf(cinder, to)
  const isNamed = text.includes('sparse_copy_volume')
  return {
    id,
    verdict: 'intact',
    ...(claim !== undefined && { claim }),
    copies: [],
    leftovers: [],
    note: `the answer ${isNamed ? 'has' : 'lacks'} sparse_copy_volume`,
  }
}

async function claimOf(cinder: WholeCinder, kind: Kind): Promise<boolean | string | undefined> {
  return claimIn(await cinder.logSince(0), `${SERVICE_HOST}@${backendOf('destination', kind)}`)
}

async function moveVolume(cinder: WholeCinder, row: Exclude<Row, { what: 'capabilities' }>): Promise<Timeless> {
  const { api, lab } = cinder
  const before = await inventoryOf(cinder)
  await cinder.poison(row.to)
  const types = row.what === 'retype' ? await typesOf(cinder, row.from, row.to, row.types) : undefined
  const made = await api.createVolume(types === undefined ? { pool: hostOf(backendOf('source', row.from)) } : { type: types[0] })
  const content = contentOf(lab.tag(), row.what !== 'retype')
  await writeVolume(cinder, row, made, content)
  const poolBefore = await cinder.dataPercentOf('destination', row.to)
  const logged = await cinder.logBytes()
  if (row.what === 'fault') await arrangeFault(cinder, row.fault, row.to)

  const settled = await act(cinder, row, made.id, types?.[1])
  const log = await cinder.logSince(logged)
  const done = row.what === 'retype' ? settled.volume_type === types?.[1] : settled['os-vol-host-attr:host'] === destinationOf(row)
  const secrecy = row.what === 'retype' ? row.types[done ? 1 : 0] : 'plain'
  const reading = await readVolume(cinder, settled, content, secrecy)
  const poolAfter = await cinder.dataPercentOf('destination', row.to)
  const claim = await claimOf(cinder, row.to)
  if (row.what === 'fault' && row.fault === 'no-room') await cinder.evict(row.to)
  const isDeleted = await api.deleteVolume(made.id)
  const leftovers = [...(isDeleted ? [] : [`volume ${made.id}, which cannot be deleted`]), ...(await leftBehind(cinder, before))]
  const wrong = wrongBytesOf(reading)
  const error = done ? undefined : errorIn(log)
  return {
    id: row.id,
    verdict: judgeRow({ reading, done, possible: row.what !== 'fault' }),
    status: settled.status,
    ...(settled.migration_status !== null && { migrationStatus: settled.migration_status }),
    ...(claim !== undefined && { claim }),
    copies: copiesIn(log),
    checkedBytes: reading.checkedBytes,
    ...(wrong !== undefined && { wrong }),
    ...(poolBefore !== undefined && poolAfter !== undefined && { dataPercent: { before: poolBefore, after: poolAfter } }),
    leftovers,
    ...(error !== undefined && { note: error }),
  }
}

function destinationOf({ to }: Row): string {
  return hostOf(backendOf('destination', to))
}

/** The names of two types, which are made when they are first needed. */
async function typesOf(cinder: WholeCinder, from: Kind, to: Kind, [before, after]: readonly [Secrecy, Secrecy]): Promise<[string, string]> {
  const wanted: [Side, Kind, Secrecy][] = [
    ['source', from, before],
    ['destination', to, after],
  ]
  const known = JSON.stringify(await cinder.api.demand('GET', '/types'))
  const names: string[] = []
  for (const [side, kind, secrecy] of wanted) {
    const name = `${secrecy}-${backendOf(side, kind)}`
    if (!known.includes(`"${name}"`))
      await cinder.api.createType(name, backendOf(side, kind), secrecy === 'plain' ? undefined : side === 'source' ? 256 : 512)
    names.push(name)
  }
  const [first = '', second = ''] = names
  return [first, second]
}

/** Writes the volume's data, and zeros elsewhere where its storage does not read as zero. */
async function writeVolume(cinder: WholeCinder, row: Row, volume: ApiVolume, content: Content): Promise<void> {
  const { helper } = cinder.lab
  const path = cinder.pathOf(backendOf('source', row.from), row.from, volume.id)
  if (row.what !== 'retype' || row.types[0] === 'plain') {
    await helper.stamp(path, content, row.from === 'thick' ? 'everywhere' : 'extents')
    return
  }
  await cinder.run(['cryptsetup', 'luksFormat', '--batch-mode', '--type', 'luks1', '--key-file=-', path], { stdin: KEY })
  await opened(cinder, path, async (plain) => {
    const { sizeBytes } = await helper.measure(plain)
    await helper.stamp(plain, firstBytesOf(content, sizeBytes), 'everywhere')
  })
}

async function readVolume(cinder: WholeCinder, volume: ApiVolume, content: Content, secrecy: Secrecy): Promise<VerifiedReading> {
  const { helper } = cinder.lab
  const backend = /@([^#]+)/.exec(volume['os-vol-host-attr:host'] ?? '')?.[1]
  const kind = KINDS.find((some) => SIDES.some((side) => backendOf(side, some) === backend))
  if (backend === undefined || kind === undefined) throw new BrokenLab(`volume ${volume.id} is on no backend`)
  const path = cinder.pathOf(backend, kind, volume['os-vol-mig-status-attr:name_id'] ?? volume.id)
  if (secrecy === 'plain') return helper.verify(path, content, kind === 'nfs')
  return opened(cinder, path, async (plain) => {
    const { sizeBytes } = await helper.measure(plain)
    return helper.verify(plain, firstBytesOf(content, sizeBytes), false)
  })
}

/** Opens an encrypted volume with Cinder's key, as the instance's host does. */
async function opened<Result>(cinder: WholeCinder, path: string, work: (plain: string) => Promise<Result>): Promise<Result> {
  await cinder.run(['cryptsetup', 'open', '--type', 'luks', '--key-file=-', path, OPENED], { stdin: KEY })
  try {
    return await work(`/dev/mapper/${OPENED}`)
  } finally {
    await cinder.run(['cryptsetup', 'close', OPENED])
  }
}

async function arrangeFault(cinder: WholeCinder, fault: 'no-room' | 'down' | 'late', to: Kind): Promise<void> {
  const host = `${SERVICE_HOST}@${backendOf('destination', to)}`
  if (fault === 'no-room') await cinder.fill(to)
  if (fault === 'down') await cinder.breakService(['down', host])
  if (fault === 'late') await cinder.breakService(['late', String(PATIENCE_SECONDS + 5), host])
}

/** Asks for the migration, and returns the volume as it is once Cinder is done. */
async function act(cinder: WholeCinder, row: Row, id: string, type: string | undefined): Promise<ApiVolume> {
  const { api } = cinder
  if (row.what === 'retype' && type !== undefined) {
    if (row.client) await client(cinder, ['retype', '--migration-policy', 'on-demand', id, type])
    else await api.demand('POST', `/volumes/${id}/action`, { 'os-retype': { new_type: type, migration_policy: 'on-demand' } })
    return api.waitFor(id, ({ status }) => status !== 'retyping', MIGRATION_SECONDS)
  }
  const host = destinationOf(row)
  const force = row.what === 'fault' || (row.what === 'migrate' && row.force)
  if (row.what === 'migrate' && row.client) await client(cinder, ['migrate', '--force-host-copy', force ? 'True' : 'False', id, host])
  else {
    const asked = { 'os-migrate_volume': { host, force_host_copy: force, lock_volume: false } }
    const { status } = await api.ask('POST', `/volumes/${id}/action`, asked)
    // It refuses a service that it knows to be down.
    if (status >= 300) return api.volume(id)
  }
  return api.waitFor(id, ({ migration_status }) => ENDED.includes(migration_status ?? ''), MIGRATION_SECONDS)
}

/** Runs Cinder's command-line client. */
function client(cinder: WholeCinder, words: readonly string[]): Promise<string> {
  const login = ['--os-auth-type', 'noauth', '--os-user-id', USER, '--os-project-id', PROJECT, '--os-endpoint', 'http://127.0.0.1:8776/v3']
  return cinder.run(['cinder', ...login, '--os-volume-api-version', API_VERSION, ...words], { timeoutSeconds: 120 })
}

/** All that is there of volumes, and Cinder's records of them. */
async function inventoryOf(cinder: WholeCinder): Promise<string[]> {
  const records = (await cinder.api.volumes()).map(({ id, status }) => `record of volume ${id}, ${status}`)
  return [...(await cinder.inventory()), ...records]
}

/** What is there now that was not there before, once Cinder has had time to remove it. */
async function leftBehind(cinder: WholeCinder, before: readonly string[]): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const left = (await inventoryOf(cinder)).filter((thing) => !before.includes(thing))
    if (left.length === 0 || tries === 10) return left
    await sleep(1000, undefined, { signal: cinder.lab.signal })
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { BrokenLab } from '../errors.ts'
import type { Caller } from '../protocol/json_rpc.ts'

/** Cinder takes a project's id for hexadecimal. */
export const PROJECT = '6f1e0d2c3b4a59687786951403122130'
export const USER = 'admin'
export const API_VERSION = '3.50'

const CALL_SECONDS = 120
const POLL_MS = 1000

const volumeSchema = z.object({
  id: z.string(),
  status: z.string(),
  volume_type: z.string().nullable(),
  migration_status: z.string().nullable(),
  'os-vol-host-attr:host': z.string().nullable(),
  'os-vol-mig-status-attr:name_id': z.string().nullable(),
})
export type ApiVolume = z.infer<typeof volumeSchema>

const answerSchema = z.object({ status: z.number(), body: z.unknown() })

/** Cinder's REST API, asked as an operator does. */
export class Api {
  private readonly caller: Caller
  private readonly signal: AbortSignal

  constructor(caller: Caller, signal: AbortSignal) {
    this.caller = caller
    this.signal = signal
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    this.signal.throwIfAborted()
    const request = { method, path: `/v3/${PROJECT}${path}`, token: `${USER}:${PROJECT}`, version: API_VERSION }
    return answerSchema.parse(await this.caller.request('request', { ...request, ...(body !== undefined && { body }) }, CALL_SECONDS))
  }

  /** Asks for something that Cinder must grant. */
  async demand(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.ask(method, path, body)
    if (answer.status < 300) return answer.body
    throw new BrokenLab(`Cinder answered ${method} ${path} with ${answer.status}: ${JSON.stringify(answer.body)}`)
  }

  async volume(id: string): Promise<ApiVolume> {
    return z.object({ volume: volumeSchema }).parse(await this.demand('GET', `/volumes/${id}`)).volume
  }

  async volumes(): Promise<ApiVolume[]> {
    return z.object({ volumes: z.array(volumeSchema) }).parse(await this.demand('GET', '/volumes/detail?all_tenants=1')).volumes
  }

  /** Makes a volume of 1 GiB on a pool, or where its type belongs. */
  async createVolume(where: { readonly pool: string } | { readonly type: string }): Promise<ApiVolume> {
    const wanted =
      'type' in where
        ? { volume: { size: 1, name: 'row', volume_type: where.type } }
        : { volume: { size: 1, name: 'row' }, 'OS-SCH-HNT:scheduler_hints': { query: JSON.stringify(['=', '$host', where.pool]) } }
    const made = z.object({ volume: z.object({ id: z.string() }) }).parse(await this.demand('POST', '/volumes', wanted))
    const volume = await this.waitFor(made.volume.id, ({ status }) => status !== 'creating', 120)
    if (volume.status !== 'available') throw new BrokenLab(`Cinder made no volume: its status is ${volume.status}`)
    return volume
  }

  async waitFor(id: string, isSettled: (volume: ApiVolume) => boolean, seconds: number): Promise<ApiVolume> {
    const end = Date.now() + seconds * 1000
    for (;;) {
      const volume = await this.volume(id)
      if (isSettled(volume)) return volume
      if (Date.now() > end) throw new BrokenLab(`volume ${id} is still ${volume.status} (${volume.migration_status}) after ${seconds} s`)
      await sleep(POLL_MS, undefined, { signal: this.signal })
    }
  }

  /** Deletes a volume; returns whether it is gone in time. */
  async deleteVolume(id: string, seconds = 60): Promise<boolean> {
    const asked = await this.ask('DELETE', `/volumes/${id}`)
    if (asked.status >= 300) return asked.status === 404
    const end = Date.now() + seconds * 1000
    while (Date.now() < end) {
      if ((await this.ask('GET', `/volumes/${id}`)).status === 404) return true
      await sleep(POLL_MS, undefined, { signal: this.signal })
    }
    return false
  }

  /** Makes a type of volumes on one backend, encrypted if keys have a length in bits. */
  async createType(name: string, backend: string, keyBits?: number): Promise<void> {
    const type = { volume_type: { name, extra_specs: { volume_backend_name: backend } } }
    const made = z.object({ volume_type: z.object({ id: z.string() }) }).parse(await this.demand('POST', '/types', type))
    if (keyBits === undefined) return
    const encryption = { provider: 'luks', cipher: 'aes-xts-plain64', key_size: keyBits, control_location: 'front-end' }
    await this.demand('POST', `/types/${made.volume_type.id}/encryption`, { encryption })
  }
}

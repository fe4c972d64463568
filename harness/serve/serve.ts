import type { Candidate } from '../certify/candidate/candidate.ts'
import { DriverProcess } from '../certify/candidate/driver_process.ts'
import { DriverFault } from '../certify/candidate/faults.ts'
import { FOLDER_POISON_BYTES, provision } from '../certify/candidate/provision.ts'
import { PROGRAM_MIB } from '../certify/certify.ts'
import { messageOf, UsageError } from '../errors.ts'
import type { Lab } from '../lab/lab.ts'
import type { MachineChoice } from '../machine/machine.ts'
import { soundParts } from '../migration/parts.ts'
import type { Answer } from '../protocol/capabilities.ts'
import type { Listening } from '../protocol/rest/listen.ts'
import { type ApiBackend, listenForClients, PROJECT } from '../protocol/rest/volume_api.ts'
import type { Limits } from '../protocol/volume_service.ts'
import { GUEST_MIB } from '../testbed/open_machines.ts'
import { Session } from '../testbed/session.ts'
import type { TestBed } from '../testbed/test_bed.ts'

export interface ServeOptions {
  readonly candidates: readonly Candidate[]
  /** The user's --option KEY=VALUE. */
  readonly driverOptions: Readonly<Record<string, string>>
  readonly limits: Limits
  /** The storage of each driver. */
  readonly storageBytes: number
  readonly address: string
  /** 0 takes a free one. */
  readonly port: number
  readonly machine: MachineChoice
  readonly seed: number
  /** Ends it. */
  readonly signal: AbortSignal
  /** Called when clients can ask. */
  readonly onServing: (served: Served) => void
}

export interface Served {
  /** With the project, such as `http://127.0.0.1:8776/v3/PROJECT`. */
  readonly endpoint: string
  readonly hosts: readonly { readonly host: string; readonly answer: Answer }[]
}

/**
 * Serves drivers, each on dirty storage of its own, over Cinder's REST API until the signal. Returns what was left behind or could not be
 * released, one line each. Throws BrokenLab when no machine can be opened, and UsageError when it cannot listen.
 */
export async function serve(options: ServeOptions): Promise<string[]> {
  const { machine, seed, signal, candidates, storageBytes } = options
  const hosts = hostsOf(candidates)
  const programs = candidates.filter(({ kind }) => kind !== 'built-in').length
  const session = await Session.open({
    machine,
    machines: 1,
    imageBytes: candidates.length * storageBytes + programs * FOLDER_POISON_BYTES,
    nfsBytes: (candidates.length - programs) * storageBytes,
    memoryMiB: GUEST_MIB + PROGRAM_MIB * programs,
    seed,
    mover: soundParts.mover,
    signal,
  })
  try {
    for (const testBed of session.testBeds) await serveFrom(testBed, hosts, options)
  } catch (error) {
    const faults = await session.close()
    if (!signal.aborted) throw error
    return faults
  }
  return session.close()
}

/** A host for each driver, of characters that clients put into a path as they are. */
function hostsOf(candidates: readonly Candidate[]): ReadonlyMap<string, Candidate> {
  const hosts = new Map(candidates.map((candidate) => [`holeproof@${poolOf(candidate)}`, candidate]))
  if (hosts.size < candidates.length) throw new UsageError('two drivers have the same name. Rename one, as by a link to it.')
  return hosts
}

function poolOf({ name }: Candidate): string {
  return name.replace(/[^\w.-]/g, '-')
}

async function serveFrom(testBed: TestBed, hosts: ReadonlyMap<string, Candidate>, options: ServeOptions): Promise<void> {
  const { signal, onServing } = options
  const lab = await testBed.lab.child()
  const backends: ApiBackend[] = []
  for (const [host, candidate] of hosts) backends.push(await openBackend(testBed, lab, host, candidate, options))
  const { url } = await listenInLab(lab, backends, options)
  const answers = await Promise.all(backends.map(async ({ host, getCapabilities }) => ({ host, answer: await getCapabilities() })))
  onServing({ endpoint: `${url}/v3/${PROJECT}`, hosts: answers })
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

async function openBackend(
  testBed: TestBed,
  lab: Lab,
  host: string,
  candidate: Candidate,
  { driverOptions, limits, storageBytes }: ServeOptions,
): Promise<ApiBackend> {
  const installation = await provision(testBed, lab, candidate, { storageBytes, options: driverOptions })
  const driver = await DriverProcess.open(lab, installation, limits).catch((error: unknown) => {
    if (!(error instanceof DriverFault)) throw error
    throw new UsageError(`${candidate.name} does not start: ${error.message}`, { cause: error })
  })
  return {
    host,
    pool: poolOf(candidate),
    getCapabilities: async () => {
      try {
        return await driver.service.getCapabilities()
      } catch (error) {
        return { kind: 'unanswered', why: messageOf(error) } // its program has ended
      }
    },
  }
}

async function listenInLab(lab: Lab, backends: readonly ApiBackend[], { address, port }: ServeOptions): Promise<Listening> {
  let api: Listening | undefined
  return lab.own(
    'the volume API',
    async () => {
      try {
        api = await listenForClients(backends, address, port)
        return api
      } catch (error) {
        throw new UsageError(`cannot listen: ${messageOf(error)}`, { cause: error })
      }
    },
    async () => api?.close(),
  )
}

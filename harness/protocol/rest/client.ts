import { messageOf } from '../../errors.ts'
import { MiB } from '../../units.ts'
import type { Answer } from '../capabilities.ts'
import { quote } from '../json_rpc.ts'
import type { VolumeService } from '../volume_service.ts'
import { reportIn } from './capabilities_body.ts'

/** A host in a volume API, such as `holeproof@lvm-thin`. */
export interface RestHost {
  /** The endpoint with the project, such as `http://127.0.0.1:8776/v3/PROJECT`. */
  readonly endpoint: string
  readonly host: string
}

/** The checks that an answer passes on its way in. Some are replaced only to show what would come of it. */
export interface RestClientParts {
  /** How long the whole answer may take, from the question to the last byte of the body. */
  readonly seconds: number
  /** The longest body that is read. No report comes near it. */
  readonly mostBytes: number
  /** A redirect leads to a server that was not asked, so it is not followed. */
  readonly redirect: 'manual' | 'follow'
  /** Throws if the head of an answer shows that its body is not a report. */
  readonly checkHead: (response: Response) => void
  /** Returns the report in a body. Throws if it is not the report of this host. */
  readonly readReport: (text: string, host: string) => unknown
  /** The answer where there is none. */
  readonly onFailure: (why: string) => Answer
}

export const soundRestClient: RestClientParts = {
  seconds: 10,
  mostBytes: MiB,
  redirect: 'manual',
  checkHead: ({ status, headers }) => {
    const location = headers.get('location')
    if (status !== 200) throw new Error(`HTTP status ${status}${location === null ? '' : `, a redirect to ${quote(location)}`}`)
    const type = headers.get('content-type') ?? ''
    if (!/^application\/json *(;|$)/i.test(type)) throw new Error(`a body of type ${quote(type)}, not JSON`)
  },
  readReport: (text, host) => {
    const report = reportIn(parse(text), host)
    if (report === undefined) throw new Error(`not the capabilities of ${host}: ${quote(text)}`)
    return report
  },
  onFailure: (why) => ({ kind: 'unanswered', why }),
}

/**
 * Asks a volume API for a host's capability report. Never throws: a report is whatever JSON of the right host came with status 200, whole
 * and in time, and everything else is no answer.
 */
export async function askOverRest({ endpoint, host }: RestHost, parts: RestClientParts = soundRestClient): Promise<Answer> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error(`no answer within ${parts.seconds} s`)), parts.seconds * 1000)
  try {
    const response = await fetch(`${endpoint}/capabilities/${encodeURIComponent(host)}`, {
      headers: { accept: 'application/json', 'openstack-api-version': 'volume 3.0' },
      redirect: parts.redirect,
      signal: stop.signal,
    })
    parts.checkHead(response)
    return { kind: 'answered', report: parts.readReport(await readText(response, parts.mostBytes), host) }
  } catch (error) {
    return parts.onFailure(reasonOf(error))
  } finally {
    clearTimeout(timer)
    stop.abort() // ends a body that is not read
  }
}

/** A volume service that is asked for its capabilities over REST, and for everything else as before. */
export function overRest(service: VolumeService, host: RestHost, parts: RestClientParts = soundRestClient): VolumeService {
  return { ...service, getCapabilities: () => askOverRest(host, parts) }
}

async function readText(response: Response, mostBytes: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const reader = response.body?.getReader()
  for (;;) {
    const { value, done = true } = (await reader?.read()) ?? {}
    if (done || value === undefined) break
    bytes += value.byteLength
    if (bytes > mostBytes) throw new Error(`a body of more than ${mostBytes} bytes`)
    pieces.push(value)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`not JSON: ${quote(text)}`)
  }
}

/** fetch hides the reason in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error ? cause.message || messageOf(error) : messageOf(error)
}

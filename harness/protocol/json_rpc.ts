import { PassThrough, type Readable, type Writable } from 'node:stream'
import type { JSONRPCServer } from 'json-rpc-2.0'
import split from 'split2'
import { z } from 'zod'
import { AdapterFault } from '../errors.ts'
import { MiB } from '../units.ts'

/** Both directions of a channel that carries JSON-RPC 2.0, one message a line. */
export interface Line {
  readonly input: Readable
  readonly output: Writable
}

export interface Caller {
  /** Rejects with the other end's error, as AdapterFault where it is that, after `seconds` without an answer, and when the line closes or carries garbage. */
  request(method: string, params: object, seconds: number): Promise<unknown>
  /** Rejects everything under way. */
  fail(why: string): void
}

/** The line closed, the time ran out, or the text that came was not an answer. The call may have been carried out. */
export class Unanswered extends Error {
  override name = 'Unanswered'
}

/** The other end answered with an error. `code` is one of JSON-RPC 2.0 or its own. */
export class RemoteError extends Error {
  override name = 'RemoteError'
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

/** JSON-RPC 2.0, section 5.1: there is no such method. */
export const METHOD_NOT_FOUND = -32601
/** An adapter's fault, by the driver protocol. */
export const ADAPTER_FAULT = -32001

const MOST_QUOTED = 80
/** The longest message that is accepted, in bytes. No answer to a verb comes near it. */
export const LONGEST_LINE = MiB
const idSchema = z.union([z.string(), z.number(), z.null()])
const errorSchema = z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() })
/** What an adapter may add to its fault. */
const traceSchema = z.object({ traceback: z.string() })
/** Exactly one of result and error: a result beside an error is not an answer. */
const responseSchema = z.union([
  z.strictObject({ jsonrpc: z.literal('2.0'), id: idSchema, result: z.unknown() }),
  z.strictObject({ jsonrpc: z.literal('2.0'), id: idSchema, error: errorSchema }),
])

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/**
 * Calls the server at the other end of a line. `observe` gets everything that arrives and is not an answer to a call of ours, also
 * when no call is waiting.
 */
export function callOver({ input, output }: Line, observe: (trouble: string) => void = () => {}): Caller {
  const waiting = new Map<number, Waiting>()
  /** Calls whose time ran out. Their answers are no news. */
  const late = new Set<number>()
  let closed: string | undefined
  let lastId = 0

  const fail = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Unanswered(why))
    waiting.clear()
  }
  const close = (why: string) => {
    closed ??= why
    fail(why)
  }
  const refuse = (trouble: string) => {
    observe(trouble)
    fail(trouble)
  }
  const receive = (text: string) => {
    if (closed !== undefined) return
    const message = parseResponse(text)
    if (message === undefined) return refuse(`not a JSON-RPC answer: ${quote(text)}`)
    const { id } = message
    if (id === null && 'error' in message) return refuse(message.error.message) // it could not read the id
    if (typeof id === 'number' && late.delete(id)) return
    const call = typeof id === 'number' ? waiting.get(id) : undefined
    if (typeof id !== 'number' || call === undefined) return observe(`an answer to a call that was not made, with id ${JSON.stringify(id)}`)
    // Removed at once: a second answer may stand in the same piece of input.
    waiting.delete(id)
    if ('error' in message) call.reject(errorOf(message.error))
    else call.resolve(message.result)
  }
  output.on('error', (error) => close(error.message))
  const lines = split({ maxLength: LONGEST_LINE })
  lines.on('data', receive)
  lines.on('error', () => {
    input.unpipe(lines)
    input.resume() // a driver that floods the line must not stall on it
    const trouble = `a line of more than ${LONGEST_LINE} bytes`
    observe(trouble)
    close(trouble)
  })
  lines.on('end', () => close('the other end closed the line'))
  input.on('error', (error) => close(error.message))
  input.pipe(lines)

  return {
    request: (method, params, seconds) => {
      if (closed !== undefined) return Promise.reject(new Unanswered(closed))
      const id = ++lastId
      const request = JSON.stringify({ jsonrpc: '2.0', id, method, params })
      const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }))
      const timer = setTimeout(() => {
        late.add(id)
        waiting.get(id)?.reject(new Unanswered(`no answer within ${seconds} s`))
        waiting.delete(id)
      }, seconds * 1000)
      output.write(`${request}\n`)
      return answer.finally(() => clearTimeout(timer))
    },
    fail,
  }
}

/** Lets a server answer what comes over a line, until it closes. */
export function serveOver(server: JSONRPCServer, { input, output }: Line): void {
  input.pipe(split()).on('data', async (text: string) => {
    const answer = await server.receiveJSON(text)
    if (answer !== null && !output.writableEnded) output.write(`${JSON.stringify(answer)}\n`)
  })
}

/** The two ends of a line within this process: what one writes, the other reads. */
export function makeLine(): [Line, Line] {
  const there = new PassThrough()
  const back = new PassThrough()
  return [
    { input: back, output: there },
    { input: there, output: back },
  ]
}

/** Quotes the beginning of a text that came from elsewhere. */
export function quote(text: string): string {
  const shown = JSON.stringify(text.slice(0, MOST_QUOTED))
  return text.length > MOST_QUOTED ? `${shown}... (${text.length} characters)` : shown
}

function errorOf({ code, message, data }: z.infer<typeof errorSchema>): Error {
  if (code !== ADAPTER_FAULT) return new RemoteError(message, code)
  return new AdapterFault(`the adapter failed: ${message}`, traceSchema.safeParse(data).data?.traceback)
}

function parseResponse(text: string): z.infer<typeof responseSchema> | undefined {
  try {
    return responseSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

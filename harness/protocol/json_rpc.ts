import { PassThrough, type Readable, type Writable } from 'node:stream'
import { createJSONRPCErrorResponse, JSONRPC, JSONRPCClient, type JSONRPCServer } from 'json-rpc-2.0'
import split from 'split2'
import { z } from 'zod'
import { MiB } from '../units.ts'

/** Both directions of a channel that carries JSON-RPC 2.0, one message a line. */
export interface Line {
  readonly input: Readable
  readonly output: Writable
}

export interface Caller {
  /** Rejects with the peer's error, after `seconds` without an answer, and when the line closes or carries garbage. */
  request(method: string, params: object, seconds: number): Promise<unknown>
  /** Rejects everything under way. */
  fail(why: string): void
}

/** Nobody answered: the line closed, the time ran out, or what came was no answer. What was asked may have been done. */
export class Unanswered extends Error {
  override name = 'Unanswered'
}

/** The peer answered with an error. `code` is the one of JSON-RPC 2.0 or the peer's own. */
export class RemoteError extends Error {
  override name = 'PeerError'
  readonly code: number

  constructor(message: string, code: number) {
    super(message)
    this.code = code
  }
}

/** JSON-RPC 2.0, section 5.1: the peer has no such method. */
export const METHOD_NOT_FOUND = -32601

/** The code that the client library gives to what was never answered. Answers that carry it are given the general one. */
const UNANSWERED = 0
const INTERNAL_ERROR = -32603
const MOST_QUOTED = 80
/** A message that is longer is none; nothing that is asked for comes near it. */
export const LONGEST_LINE = MiB
const idSchema = z.union([z.string(), z.number(), z.null()])
/** Exactly one of result and error: a result beside an error is no answer. */
const responseSchema = z.union([
  z.strictObject({ jsonrpc: z.literal('2.0'), id: idSchema, result: z.unknown() }),
  z.strictObject({ jsonrpc: z.literal('2.0'), id: idSchema, error: z.object({ code: z.number(), message: z.string() }) }),
])

/**
 * Calls what serves at the other end of a line. `observe` is told of everything that comes and is no answer to a call of ours,
 * also when nobody waits for one.
 */
export function callOver({ input, output }: Line, observe: (trouble: string) => void = () => {}): Caller {
  const client = new JSONRPCClient((request) => {
    output.write(`${JSON.stringify(request)}\n`)
  })
  let closed: string | undefined
  let lastId = 0
  const late = new Set<number>()
  const underWay = new Set<number>()
  const fail = (why: string) => client.rejectAllPendingRequests(why)
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
    // Taken at once: a second answer may stand in the same piece of input.
    if (typeof id !== 'number' || !underWay.delete(id))
      return observe(`an answer to a call that was not made, with id ${JSON.stringify(id)}`)
    client.receive(
      'error' in message && message.error.code === UNANSWERED ? { ...message, error: { ...message.error, code: INTERNAL_ERROR } } : message,
    )
  }
  output.on('error', (error) => close(error.message))
  const lines = split({ maxLength: LONGEST_LINE })
  lines.on('data', receive)
  lines.on('error', () => {
    input.unpipe(lines)
    input.resume() // whoever floods the line must not stall on it
    const trouble = `a line of more than ${LONGEST_LINE} bytes`
    observe(trouble)
    close(trouble)
  })
  lines.on('end', () => close('the other end closed the line'))
  input.on('error', (error) => close(error.message))
  input.pipe(lines)
  return {
    request: async (method, params, seconds) => {
      if (closed !== undefined) throw new Unanswered(closed)
      const id = ++lastId
      underWay.add(id)
      try {
        const response = await client
          .timeout(seconds * 1000, (request) => {
            late.add(id)
            return createJSONRPCErrorResponse(request, UNANSWERED, `no answer within ${seconds} s`)
          })
          .requestAdvanced({ jsonrpc: JSONRPC, id, method, params })
        if (response.error === undefined) return response.result
        const { code, message } = response.error
        throw code === UNANSWERED ? new Unanswered(message) : new RemoteError(message, code)
      } finally {
        underWay.delete(id)
      }
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

function quote(text: string): string {
  const shown = JSON.stringify(text.slice(0, MOST_QUOTED))
  return text.length > MOST_QUOTED ? `${shown}... (${text.length} characters)` : shown
}

function parseResponse(text: string): z.infer<typeof responseSchema> | undefined {
  try {
    return responseSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

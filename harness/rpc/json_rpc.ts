import { createInterface } from 'node:readline'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { createJSONRPCErrorResponse, JSONRPC, JSONRPCClient, type JSONRPCServer } from 'json-rpc-2.0'
import { z } from 'zod'

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

/** The code that the client library gives to what was never answered. Answers that carry it are given the general one. */
const UNANSWERED = 0
const INTERNAL_ERROR = -32603
const MOST_QUOTED = 80
const idSchema = z.union([z.string(), z.number(), z.null()])
/** Exactly one of result and error: a result beside an error is no answer. */
const responseSchema = z.union([
  z.strictObject({ jsonrpc: z.literal('2.0'), id: idSchema, result: z.unknown() }),
  z.strictObject({ jsonrpc: z.literal('2.0'), id: idSchema, error: z.object({ code: z.number(), message: z.string() }) }),
])

/** Calls what serves at the other end of a line. */
export function callOver({ input, output }: Line): Caller {
  const client = new JSONRPCClient((request) => {
    output.write(`${JSON.stringify(request)}\n`)
  })
  let closed: string | undefined
  let lastId = 0
  const fail = (why: string) => client.rejectAllPendingRequests(why)
  const close = (why: string) => {
    closed ??= why
    fail(why)
  }
  output.on('error', (error) => close(error.message))
  const lines = createInterface({ input })
  lines.on('line', (text) => {
    const message = parseResponse(text)
    if (message === undefined) fail(`not a JSON-RPC answer: ${text.slice(0, MOST_QUOTED)}`)
    else if (message.id === null && 'error' in message)
      fail(message.error.message) // it could not read the id
    else
      client.receive(
        'error' in message && message.error.code === UNANSWERED
          ? { ...message, error: { ...message.error, code: INTERNAL_ERROR } }
          : message,
      )
  })
  lines.on('close', () => close('the other end closed the line'))
  return {
    request: async (method, params, seconds) => {
      if (closed !== undefined) throw new Unanswered(closed)
      const message = { jsonrpc: JSONRPC, id: ++lastId, method, params }
      const response = await client
        .timeout(seconds * 1000, (id) => createJSONRPCErrorResponse(id, UNANSWERED, `no answer within ${seconds} s`))
        .requestAdvanced(message)
      if (response.error === undefined) return response.result
      throw response.error.code === UNANSWERED ? new Unanswered(response.error.message) : new Error(response.error.message)
    },
    fail,
  }
}

/** Lets a server answer what comes over a line, until it closes. */
export function serveOver(server: JSONRPCServer, { input, output }: Line): void {
  createInterface({ input }).on('line', async (text) => {
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

function parseResponse(text: string): z.infer<typeof responseSchema> | undefined {
  try {
    return responseSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

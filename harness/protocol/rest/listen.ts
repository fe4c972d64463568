import { once } from 'node:events'
import type { Server } from 'node:http'
import { isIPv6 } from 'node:net'

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string
  /** Ends all connections, those that wait for an answer too. */
  close(): Promise<void>
}

export const LOOPBACK = '127.0.0.1'

/** Lets a server listen; port 0 takes a free one. Rejects if it cannot. */
export async function listen(
  server: Pick<Server, 'listen' | 'address' | 'close' | 'closeAllConnections'>,
  address = LOOPBACK,
  port = 0,
): Promise<Listening> {
  const listening = server.listen(port, address)
  await once(listening, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error(`${address} is not an address of the internet protocol`)
  return {
    url: `http://${isIPv6(bound.address) ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: async () => {
      const closed = once(listening, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

import { JSONRPCServer } from 'json-rpc-2.0'
import { describe, expect, test } from 'vitest'
import { callOver, LONGEST_LINE, makeLine, serveOver } from './json_rpc.ts'

describe('a call over a line', () => {
  test('is answered by the server at the other end', async () => {
    const [here, there] = makeLine()
    serveOver(serverThatAdds(), there)

    expect(await callOver(here).request('add', { one: 2, other: 3 }, 5)).toBe(5)
  })

  test('goes as one line of JSON, whatever the text in it', async () => {
    const [here, there] = makeLine()
    const sent: string[] = []
    there.input.on('data', (data: Buffer) => sent.push(data.toString()))
    const asked = callOver(here).request('say', { text: 'two\nlines and a "quote"' }, 0.02)
    await expect(asked).rejects.toThrow()

    expect(sent.join('').match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(sent.join(''))).toMatchObject({ jsonrpc: '2.0', method: 'say', params: { text: 'two\nlines and a "quote"' } })
  })

  test('is answered by its own answer when several are under way', async () => {
    const [here, there] = makeLine()
    serveOver(serverThatAdds(), there)
    const caller = callOver(here)

    const sums = await Promise.all([1, 2, 3, 4].map((one) => caller.request('add', { one, other: 10 }, 5)))

    expect(sums).toEqual([11, 12, 13, 14])
  })

  test('is answered also when the answer arrives in pieces', async () => {
    const [here, there] = makeLine()
    there.input.on('data', (data: Buffer) => {
      const { id }: { id: number } = JSON.parse(data.toString())
      for (const byte of `{"jsonrpc":"2.0","id":${id},"result":"ü"}\n`) there.output.write(byte)
    })

    expect(await callOver(here).request('say', {}, 5)).toBe('ü')
  })

  test('rejects when the method does not exist', async () => {
    const [here, there] = makeLine()
    serveOver(serverThatAdds(), there)

    await expect(callOver(here).request('subtract', {}, 5)).rejects.toThrow(/method not found/i)
  })

  test('observes an answer given twice also when both come at once', async () => {
    const [here, there] = makeLine()
    const seen: string[] = []
    const asked = callOver(here, (trouble) => seen.push(trouble)).request('say', {}, 5)
    there.output.write('{"jsonrpc":"2.0","id":1,"result":2}\n{"jsonrpc":"2.0","id":1,"result":3}\n')

    expect(await asked).toBe(2)
    expect(seen).toEqual(['an answer to a call that was not made, with id 1'])
  })

  test('observes what is no answer to a call: garbage, unknown ids, an answer given twice', async () => {
    const [here, there] = makeLine()
    const seen: string[] = []
    const caller = callOver(here, (trouble) => seen.push(trouble))
    const asked = caller.request('say', {}, 5)
    there.output.write('{"jsonrpc":"2.0","id":7,"result":1}\n{"jsonrpc":"2.0","id":1,"result":2}\n')
    expect(await asked).toBe(2)
    there.output.write('{"jsonrpc":"2.0","id":1,"result":2}\n\u001b[2J\n')
    await expect.poll(() => seen.length, { interval: 1 }).toBe(3)

    expect(seen).toEqual([
      'an answer to a call that was not made, with id 7',
      'an answer to a call that was not made, with id 1',
      'not a JSON-RPC answer: "\\u001b[2J"',
    ])
  })

  test('that was late is no trouble when its answer comes at last', async () => {
    const [here, there] = makeLine()
    const seen: string[] = []
    const caller = callOver(here, (trouble) => seen.push(trouble))
    await expect(caller.request('say', {}, 0.01)).rejects.toThrow('no answer within 0.01 s')
    there.output.write('{"jsonrpc":"2.0","id":1,"result":1}\n')
    const next = caller.request('say', {}, 5)
    there.output.write('{"jsonrpc":"2.0","id":2,"result":2}\n')

    expect(await next).toBe(2)
    expect(seen).toEqual([])
  })

  test('rejects when a line never ends, and whoever floods it is not stalled', async () => {
    const [here, there] = makeLine()
    const asked = callOver(here).request('say', {}, 5)
    const flood = Buffer.alloc(64 * 1024, 'x')
    let written = 0
    const pump = () => {
      while (written++ < 64) if (!there.output.write(flood)) return void there.output.once('drain', pump)
    }
    pump()

    await expect(asked).rejects.toThrow(`a line of more than ${LONGEST_LINE} bytes`)
    await expect.poll(() => written, { interval: 1 }).toBeGreaterThan(64)
  })

  test('rejects all that is under way when it is told to fail', async () => {
    const [here] = makeLine()
    const caller = callOver(here)
    const asked = [caller.request('one', {}, 5), caller.request('two', {}, 5)]
    caller.fail('the guest died')

    await Promise.all(asked.map((one) => expect(one).rejects.toThrow('the guest died')))
  })
})

describe('a server on a line', () => {
  test('answers nonsense with an error and goes on', async () => {
    const [here, there] = makeLine()
    serveOver(serverThatAdds(), there)
    const lines: string[] = []
    here.input.on('data', (data: Buffer) => lines.push(data.toString()))
    here.output.write('nonsense\n')
    await expect.poll(() => lines.length, { interval: 1 }).toBe(1)

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: { code: expect.any(Number) } })
    expect(await callOver(here).request('add', { one: 1, other: 1 }, 5)).toBe(2)
  })
})

function serverThatAdds(): JSONRPCServer {
  const server = new JSONRPCServer({ errorListener: () => {} })
  server.addMethod('add', ({ one, other }: { one: number; other: number }) => one + other)
  return server
}

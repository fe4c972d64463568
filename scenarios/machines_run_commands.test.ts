import { randomBytes } from 'node:crypto'
import { runOrThrow } from '../harness/machine/machine.ts'
import { expect, MiB, scenario } from '../harness/scenario.ts'

scenario('binary input and output pass unchanged', async ({ context: { machine } }) => {
  const bytes = Buffer.concat([Buffer.from([...Array(256).keys()]), randomBytes(300_000)])

  const { stdout, ending } = await machine.run(['cat'], { stdin: bytes })

  expect(ending).toEqual({ how: 'exit', code: 0 })
  expect(stdout.equals(bytes)).toBe(true)
})

scenario('megabytes of output arrive whole', async ({ context: { machine } }) => {
  const { stdout } = await machine.run(['head', '-c', String(8 * MiB), '/dev/zero'])

  expect(stdout.length).toBe(8 * MiB)
})

scenario('arguments arrive as they are, with blanks, quotes and line ends', async ({ context: { machine } }) => {
  const odd = ['a b', '"', "'", '$HOME', '\n', '', 'ü']

  expect(await runOrThrow(machine, ['printf', '%s|', ...odd])).toBe(odd.map((text) => `${text}|`).join(''))
})

scenario('exit codes, signals, error output and missing commands are distinguished', async ({ context: { machine } }) => {
  const failed = await machine.run(['sh', '-c', 'echo out; echo err >&2; exit 7'])
  const killed = await machine.run(['sh', '-c', 'kill -TERM $$'])
  const missing = await machine.run(['no-such-program'])

  expect([failed.ending, failed.stdout.toString(), failed.stderr.toString()]).toEqual([{ how: 'exit', code: 7 }, 'out\n', 'err\n'])
  expect(killed.ending).toEqual({ how: 'signal', signal: 15 })
  expect(missing.ending.how).toBe('not-started')
})

scenario('a command that takes too long is killed with its children', async ({ context: { machine } }) => {
  const { ending, seconds } = await machine.run(['sh', '-c', 'sleep 61 & sleep 62'], { timeoutSeconds: 0.5 })

  expect(ending).toEqual({ how: 'timeout', seconds: 0.5 })
  expect(seconds).toBeLessThan(10)
  expect((await machine.run(['pgrep', '-f', 'sleep 6[12]'])).stdout.toString()).toBe('')
})

scenario('the end of a command that has closed its output is noticed', async ({ context: { machine } }) => {
  const { ending } = await machine.run(['sh', '-c', 'exec >&- 2>&-; sleep 0.3; exit 5'], { timeoutSeconds: 10 })

  expect(ending).toEqual({ how: 'exit', code: 5 })
})

scenario('a process that outlives its command is reaped when it ends', async ({ context: { machine } }) => {
  if (machine.kind === 'native') return // process 1 of the host is not the agent

  const zombies = await runOrThrow(machine, ['sh', '-c', '(sleep 0.1 &); sleep 0.6; cat /proc/[0-9]*/status | grep -c ^State:.Z; true'])

  expect(zombies).toBe('0\n')
})

scenario('a command starts with no blocked signals and only its own file descriptors', async ({ context: { machine } }) => {
  const status = await runOrThrow(machine, ['sh', '-c', 'grep SigBlk /proc/self/status; ls /proc/self/fd'])

  // Descriptor 3 is the folder that ls reads.
  expect(status).toBe('SigBlk:\t0000000000000000\n0\n1\n2\n3\n')
})

scenario('an abort signal ends a command', async ({ context: { machine } }) => {
  const stop = new AbortController()
  const running = machine.run(['sleep', '60'], { signal: stop.signal })
  stop.abort()

  expect((await running).ending).toEqual({ how: 'aborted' })
})

scenario('several commands run at once', async ({ context: { machine } }) => {
  const runs = await Promise.all(Array.from({ length: 8 }, (_, index) => runOrThrow(machine, ['sh', '-c', `sleep 0.2; echo ${index}`])))

  expect(runs).toEqual(Array.from({ length: 8 }, (_, index) => `${index}\n`))
})

scenario('a long-lived process answers while it runs', async ({ context: { machine } }) => {
  const running = await machine.start(['sed', '-u', 's/^/said /'])
  running.stdin.write('hello\n')
  const [answer] = await new Promise<Buffer[]>((resolve) => running.stdout.once('data', (data: Buffer) => resolve([data])))
  running.stdin.end()

  expect(answer?.toString()).toBe('said hello\n')
  expect(await running.ended).toEqual({ how: 'exit', code: 0 })
})

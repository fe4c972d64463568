import { CANDIDATE_LIMITS, STORAGE_BYTES } from '../../harness/certify/certify.ts'
import { matrixDrivers } from '../../harness/drivers/backend.ts'
import type { Answer } from '../../harness/protocol/capabilities.ts'
import { printable } from '../../harness/result/describe.ts'
import { type Served, serve } from '../../harness/serve/serve.ts'
import { MiB } from '../../harness/units.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import {
  CINDER_MIB,
  CINDER_SECONDS,
  DISTRIBUTIONS,
  driverOption,
  findCandidates,
  parseWithDrivers,
  readDriverOptions,
} from '../lib/cli/drivers.ts'
import { listenOption, refuseRemote } from '../lib/cli/listen.ts'
import { kernelOption, machineOption, newSeed } from '../lib/cli/options.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { bringCinders } from '../lib/setup/cinder.ts'
import { prepareMachine } from '../lib/setup/select_machine.ts'

const command = newCommand(
  'serve',
  "Serves the capabilities of volume drivers in the shape of Cinder's REST API, for Cinder's clients (docs/rest.md). The drivers run on real storage until SIGINT or SIGTERM.",
  [
    ['serve', 'the drivers of the matrix'],
    ['serve lvm-thin liar/lvm-thick', 'two built-in drivers'],
    ['serve ./driver.py --config x', 'a program with its arguments'],
    ['serve --listen 127.0.0.1:0', 'on a free port'],
  ],
  ['0 stopped by a signal', '2 bad usage', '3 broken lab'],
)
  .argument(
    '[driver...]',
    `built-in names, 'built-in' or 'liars' for all of a kind, or one program or module with its arguments (default: ${matrixDrivers.join(', ')})`,
  )
  .addOption(listenOption())
  .option('--allow-remote', 'listen on an address that other machines may reach; there is no sign-in')
  .addOption(driverOption())
  .addOption(machineOption('where the drivers run'))
  .addOption(kernelOption())

command.enablePositionalOptions()

export default runnable(command, async () => {
  const words = parseWithDrivers(command, process.argv.slice(2))
  const { listen, allowRemote, option, machine: asked, kernel } = command.opts()
  refuseRemote(listen, allowRemote)
  const driverOptions = readDriverOptions(option)
  const candidates = findCandidates(words.length === 0 ? matrixDrivers : words)
  const log = (line: string) => console.error(line)
  const machine = await prepareMachine(asked, kernel, log)
  const usesCinder = candidates.some(({ kind }) => kind === 'cinder')
  if (usesCinder) await bringCinders(DISTRIBUTIONS, log)
  const { signal } = stopOnSignals()
  const left = await serve({
    ...listen,
    candidates,
    driverOptions,
    storageBytes: usesCinder ? CINDER_MIB * MiB : STORAGE_BYTES,
    limits: usesCinder ? { ...CANDIDATE_LIMITS, verbSeconds: CINDER_SECONDS } : CANDIDATE_LIMITS,
    machine,
    seed: newSeed(),
    signal,
    onServing: (served) => console.log(describe(served)),
  })
  for (const line of left) console.error(`left behind: ${line}`)
  return left.length > 0 ? EXIT.broken : EXIT.upheld
})

/** The hosts that are served, and commands of clients that read them. */
function describe({ endpoint, hosts }: Served): string {
  const width = Math.max(...hosts.map(({ host }) => host.length))
  const [first] = hosts
  const [root, project] = endpoint.split(/\/(?=[^/]*$)/)
  const clients = [
    `curl -s ${endpoint}/capabilities/${first?.host}`,
    `cinder --os-volume-api-version 3.0 --os-auth-type noauth --os-user-id x --os-project-id ${project} --os-endpoint ${root} get-capabilities ${first?.host}`,
    `openstack --os-auth-type none --os-endpoint ${root} volume backend capability show ${first?.host}`,
  ]
  return [
    `serving at ${endpoint}`,
    ...hosts.map(({ host, answer }) => `  ${host.padEnd(width)}  ${claimIn(answer)}`),
    '',
    'Clients, for example:',
    ...clients.map((line) => `  ${line}`),
    '',
    'SIGINT (Ctrl+C) ends it and clears everything away.',
  ].join('\n')
}

function claimIn(answer: Answer): string {
  if (answer.kind === 'unanswered') return `no capability report: ${printable(answer.why)}`
  const { report } = answer
  const claim = typeof report === 'object' && report !== null && 'sparse_copy_volume' in report ? report.sparse_copy_volume : undefined
  return claim === undefined ? 'no claim' : `sparse_copy_volume: ${printable(JSON.stringify(claim))}`
}

import { isPackage } from '../../../harness/paths.ts'
import type { Runnable } from './command.ts'

interface Entry {
  /** One line, for the list of all commands. */
  readonly summary: string
  /** The place where this command exists, if it does not exist in both. */
  readonly only?: 'checkout' | 'package'
  load(): Promise<{ readonly default: Runnable }>
}

/** All commands, in the order in which a person needs them. */
const TABLE = {
  verify: {
    summary: 'migrate between real LVM and NFS on dirty storage and check every byte',
    load: () => import('../../commands/verify.ts'),
  },
  certify: { summary: 'test whether a volume driver keeps its claim', load: () => import('../../commands/certify.ts') },
  cinder: { summary: 'run the whole Cinder and check what its migrations leave', load: () => import('../../commands/cinder.ts') },
  serve: { summary: "serve drivers' capabilities in the shape of Cinder's REST API", load: () => import('../../commands/serve.ts') },
  diff: { summary: 'compare two volumes of this machine, byte by byte', load: () => import('../../commands/diff.ts') },
  simulate: { summary: 'forecast how much of every pool a plan of migrations takes', load: () => import('../../commands/simulate.ts') },
  prove: { summary: 'compute every copy between small volumes', load: () => import('../../commands/prove.ts') },
  explore: {
    summary: 'make random copies on real storage and compare them with the model',
    load: () => import('../../commands/explore.ts'),
  },
  run: { summary: 'run a command as root on a machine of its own', load: () => import('../../commands/run.ts') },
  report: { summary: 'make the HTML report of a run', load: () => import('../../commands/report.ts') },
  merge: { summary: 'merge the results of shards', load: () => import('../../commands/merge.ts') },
  compare: { summary: 'compare two runs', load: () => import('../../commands/compare.ts') },
  doctor: { summary: 'report what works on this machine and what is missing', load: () => import('../../commands/doctor.ts') },
  setup: { summary: 'install what is missing', load: () => import('../../commands/setup.ts') },
  sweep: { summary: 'remove what killed runs left behind', load: () => import('../../commands/sweep.ts') },
  test: { summary: 'run the tests of holeproof itself', only: 'checkout', load: () => import('../../commands/test.ts') },
  bench: {
    summary: 'measure this checkout against an earlier commit',
    only: 'checkout',
    load: () => import('../../commands/bench.ts'),
  },
  completion: {
    summary: 'print a script that completes commands in a shell',
    only: 'package',
    load: () => import('../../commands/completion.ts'),
  },
} satisfies Record<string, Entry>

/** The commands of this checkout or package, by name. */
export const commands: ReadonlyMap<string, Entry> = new Map(
  Object.entries<Entry>(TABLE).filter(([, { only }]) => only === undefined || (only === 'package') === isPackage),
)

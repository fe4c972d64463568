import { isPackage } from '../../harness/paths.ts'
import type { Runnable } from './command.ts'

interface Entry {
  /** One line, for the list of all commands. */
  readonly summary: string
  /** A command that the other one of checkout and package has no use for. */
  readonly only?: 'checkout' | 'package'
  load(): Promise<{ readonly default: Runnable }>
}

/** All commands, in the order in which a person meets them. */
const TABLE = {
  verify: {
    summary: 'migrate between real LVM and NFS on dirty storage, and check every byte',
    load: () => import('../commands/verify.ts'),
  },
  certify: { summary: 'hold a volume driver to its claim', load: () => import('../commands/certify.ts') },
  simulate: { summary: 'forecast what a plan of migrations takes of every pool', load: () => import('../commands/simulate.ts') },
  prove: { summary: 'work out every copy between small volumes', load: () => import('../commands/prove.ts') },
  explore: { summary: 'copy at random on real storage, against the model', load: () => import('../commands/explore.ts') },
  run: { summary: 'run a command as root in a machine of its own', load: () => import('../commands/run.ts') },
  report: { summary: "make the HTML report of a run's result", load: () => import('../commands/report.ts') },
  merge: { summary: 'make one result of the results of shards', load: () => import('../commands/merge.ts') },
  compare: { summary: 'say what became of a run since an earlier one', load: () => import('../commands/compare.ts') },
  doctor: { summary: 'say what this machine can do and what it lacks', load: () => import('../commands/doctor.ts') },
  setup: { summary: 'bring what this machine lacks', load: () => import('../commands/setup.ts') },
  sweep: { summary: 'remove what a killed run left', load: () => import('../commands/sweep.ts') },
  test: { summary: 'run the tests of holeproof itself', only: 'checkout', load: () => import('../commands/test.ts') },
  completion: {
    summary: 'print a script that completes commands in a shell',
    only: 'package',
    load: () => import('../commands/completion.ts'),
  },
} satisfies Record<string, Entry>

/** The commands that there are here, by name. */
export const commands: ReadonlyMap<string, Entry> = new Map(
  Object.entries<Entry>(TABLE).filter(([, { only }]) => only === undefined || (only === 'package') === isPackage),
)

import { findRuns, sweep } from '../../harness/lab/sweep.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'

const command = newCommand(
  'sweep',
  'Removes what killed runs left behind: processes, loop and device-mapper devices, mounts, folders. Only names with the prefix of a run are removed, and nothing of a run that is still alive.',
  [['sweep', 'clean up after a run was killed']],
  ['0 clean', '2 bad usage', '3 something could not be removed'],
)

export default runnable(command, async () => {
  command.parse()
  const { removed, spared, failed } = await sweep(await findRuns())
  for (const item of removed) console.log(`removed ${item}`)
  for (const { run, owner } of spared) {
    const why =
      owner === 'living' ? 'it is still running' : 'it is from another machine or from before a restart. If it is dead, rm -r its folder.'
    console.log(`left alone: ${run}: ${why}`)
  }
  for (const item of failed) console.error(`could not remove: ${item}`)
  if (removed.length + failed.length === 0) console.log(`nothing${spared.length > 0 ? ' else' : ''} was left behind`)
  return failed.length > 0 ? EXIT.broken : EXIT.upheld
})

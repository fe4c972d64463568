import { findRuns, sweep } from '../../harness/lab/sweep.ts'
import { EXIT, newCommand, runnable } from '../lib/command.ts'

const command = newCommand(
  'sweep',
  'Removes what a killed run left: processes, loop and device-mapper devices, mounts, folders. Only what carries the prefix goes, and nothing of a run that still lives.',
  [['sweep', 'after a run was killed']],
)

export default runnable(command, async () => {
  command.parse()
  const { removed, spared, failed } = await sweep(await findRuns())
  for (const what of removed) console.log(`removed ${what}`)
  for (const { run, owner } of spared) {
    console.log(
      `left alone: ${run}, ${owner === 'living' ? 'which still lives' : 'made by another machine, or before a restart: rm -r its folder if it is dead'}`,
    )
  }
  for (const what of failed) console.error(`not removed: ${what}`)
  if (removed.length + failed.length === 0) console.log(`nothing${spared.length > 0 ? ' else' : ''} was left behind`)
  return failed.length > 0 ? EXIT.broken : EXIT.upheld
})

import { dir } from 'tmp-promise'
import { compareVolumes } from '../../harness/diff/compare_volumes.ts'
import { BrokenLab } from '../../harness/errors.ts'
import { openNative } from '../../harness/machine/native.ts'
import { diffReport } from '../../harness/report/terminal/diff.ts'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'
import { stopOnSignals } from '../lib/cli/signals.ts'
import { outFile, writeOutFile } from '../lib/output/out.ts'
import { showBytes } from '../lib/output/progress.ts'
import { hasColours } from '../lib/output/terminal.ts'

const command = newCommand(
  'diff',
  "Compares two volumes of this machine, devices or files, byte by byte, before the source is deleted. They are the same if the destination holds all of the source and only zeros after it. It only reads, and not what a thin pool or a filesystem knows to be zeros. Nothing may write to either meanwhile. Devices need root; a thin volume's holes need dmsetup and thin_dump.",
  [
    ['diff /dev/vg1/volume-1 /dev/vg2/volume-1', 'compare two logical volumes'],
    ['diff --json diff.json old.img new.img', 'compare two files, and write down where they differ'],
    ['diff --read-all /dev/vg1/volume-1 copy.img', 'believe no metadata, and read all of both'],
  ],
  ['0 the same', '1 different', '2 bad usage', '3 a volume cannot be read'],
)
  .argument('<source>', 'the volume that was copied')
  .argument('<destination>', 'its copy')
  .option('--read-all', 'read what is known to be zeros too')
  .option('--json <file>', 'write the ranges that differ as JSON', outFile('--json'))
  .option('--quiet', 'show no progress')
  .option('--plain', 'no colours, and progress as lines')

export default runnable(command, async () => {
  const { readAll, json, quiet, plain } = command.parse().opts()
  const [source, destination] = command.processedArgs
  const { signal } = stopOnSignals()
  const folder = await dir({ prefix: 'holeproof-', unsafeCleanup: true })
  const progress = showBytes({ ...(quiet && { quiet }), ...(plain && { plain }) })
  try {
    const machine = openNative('native', folder.path)
    const diff = await compareVolumes(machine, source, destination, {
      ...(readAll && { readAll }),
      signal,
      onProgress: progress.onBytes,
    })
      .catch((error: unknown) => {
        throw signal.aborted ? new BrokenLab('stopped before the end, so nothing is known of the rest', { cause: error }) : error
      })
      .finally(progress.stop)
    process.stdout.write(diffReport(diff, hasColours(plain)))
    if (json !== undefined) await writeOutFile('--json', json, `${JSON.stringify(diff, null, 1)}\n`)
    return diff.same ? EXIT.upheld : EXIT.refuted
  } finally {
    await folder.cleanup()
  }
})

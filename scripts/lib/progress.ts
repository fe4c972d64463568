import { SingleBar } from 'cli-progress'
import type { RunEvent } from '../../harness/certify/run_cells.ts'
import { cellLine } from '../../harness/report/terminal.ts'

/** Shows a run as it goes: a bar with the time left on a terminal, a line for each cell elsewhere. */
export function showProgress(total: number, plain: boolean): { tell: (event: RunEvent) => void; stop: () => void } {
  if (plain || process.stderr.isTTY !== true) {
    let done = 0
    return {
      tell: (event) => {
        if (event.kind === 'cell-ended') console.error(cellLine(event.result, ++done, total))
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: '{bar} {value}/{total} {eta_formatted} left  {cell}',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  bar.start(total, 0, { cell: 'starting' })
  return {
    tell: (event) => (event.kind === 'cell-started' ? bar.update({ cell: event.id.slice(0, 36) }) : bar.increment()),
    stop: () => bar.stop(),
  }
}

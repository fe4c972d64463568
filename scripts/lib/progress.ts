import { SingleBar } from 'cli-progress'
import type { CertifyEvent } from '../../harness/certify/certify.ts'
import type { RunEvent } from '../../harness/certify/run_cells.ts'
import { checkLine } from '../../harness/report/certificates.ts'
import { cellLine } from '../../harness/report/terminal.ts'

export interface Progress {
  tell(event: RunEvent | CertifyEvent): void
  stop(): void
}

/** Shows a run as it goes: a bar with the time left on a terminal, a line for each cell or check elsewhere. */
export function showProgress(total: number, plain: boolean): Progress {
  if (plain || process.stderr.isTTY !== true) {
    let done = 0
    return {
      tell: (event) => {
        if (event.kind === 'cell-ended') console.error(cellLine(event.result, ++done, total))
        if (event.kind === 'check-ended') console.error(checkLine(event.driver, event.check, ++done, total))
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: '{bar} {value}/{total} {eta_formatted} left  {what}',
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  bar.start(total, 0, { what: 'starting' })
  return {
    tell: (event) => {
      if (event.kind === 'cell-started') bar.update({ what: event.id.slice(0, 36) })
      if (event.kind === 'cell-ended') bar.increment()
      if (event.kind === 'check-ended') bar.increment({ what: `${event.driver} ${event.check.id}`.slice(0, 36) })
    },
    stop: () => bar.stop(),
  }
}

import cliProgress, { type Options, type Params, SingleBar } from 'cli-progress'
import { checkLine } from '../../harness/report/certificates.ts'
import { cellLine } from '../../harness/report/terminal.ts'
import { LEFT_OUT } from '../../harness/result/certificate.ts'
import type { CertifyEvent, RunEvent } from '../../harness/testbed/events.ts'
import { type Length, timeLeft } from './time_left.ts'

export interface Progress {
  tell(event: RunEvent | CertifyEvent): void
  stop(): void
}

/** A bar with the time left, once anything has ended that tells it. */
function formatOfMany(options: Options, { progress, value, total, eta }: Params, { what }: { what: string }): string {
  const { BarFormat, TimeFormat } = cliProgress.Format
  const left = value === 0 ? '' : ` ${TimeFormat(eta, options, 5)} left`
  return `${BarFormat(progress, options)} ${value}/${total}${left}  ${what}`
}

const MOST_BESIDE = 36

/** An id beside the bar, on 80 columns: its end tells more than its beginning. */
function ending(id: string): string {
  return id.length <= MOST_BESIDE ? id : `…${id.slice(1 - MOST_BESIDE)}`
}

/**
 * Shows a run as it goes, with the time left: a bar on a terminal, a line for each cell or check elsewhere. Of a run that has no end
 * but a time, the bar shows the time.
 */
export function showProgress(length: Length, { plain, quiet }: { readonly plain?: boolean; readonly quiet?: boolean }): Progress {
  if (quiet) return { tell: () => {}, stop: () => {} }
  const total = typeof length === 'number' ? length : undefined
  const began = Date.now()
  let done = 0
  if (plain || process.stderr.isTTY !== true) {
    const say = (line: string) => console.error(`${line}${timeLeft(length, done, (Date.now() - began) / 1000)}`)
    return {
      tell: (event) => {
        if (event.kind === 'cell-ended') say(cellLine(event.result, ++done, total))
        if (event.kind === 'check-ended' && event.check.text !== LEFT_OUT) say(checkLine(event.driver, event.check, ++done, total ?? 0))
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: total === undefined ? '{bar} {value} of {total} s  {what}' : formatOfMany,
    barsize: 20,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  const advance = (what?: string) => {
    done++
    const payload = what === undefined ? {} : { what }
    if (typeof length === 'number') bar.increment(1, payload)
    else bar.update(Math.min(length.seconds, Math.round((Date.now() - began) / 1000)), { what: `${done} done` })
  }
  bar.start(typeof length === 'number' ? length : length.seconds, 0, { what: 'starting' })
  return {
    tell: (event) => {
      if (event.kind === 'cell-started' && total !== undefined) bar.update({ what: ending(event.id) })
      if (event.kind === 'cell-ended') advance()
      if (event.kind === 'check-ended' && event.check.text !== LEFT_OUT) advance(ending(`${event.driver} ${event.check.id}`))
    },
    stop: () => bar.stop(),
  }
}

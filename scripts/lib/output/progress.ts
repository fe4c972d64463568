import cliProgress, { type Options, type Params, SingleBar } from 'cli-progress'
import { checkLine } from '../../../harness/report/terminal/certificates.ts'
import { cellLine } from '../../../harness/report/terminal/run_report.ts'
import { LEFT_OUT } from '../../../harness/result/certificate.ts'
import type { CertifyEvent, RunEvent } from '../../../harness/testbed/events.ts'
import { lvmSize } from '../../../harness/units.ts'
import { type Length, timeLeft } from './time_left.ts'

export interface Progress {
  onEvent(event: RunEvent | CertifyEvent): void
  stop(): void
}

/** The options that all bars have in common. */
export const BAR = { barsize: 20, hideCursor: true, clearOnComplete: true, stream: process.stderr } as const

/** A bar, with the time left once the first part has ended. */
function formatOfMany(options: Options, { progress, value, total, eta }: Params, { what }: { what: string }): string {
  const { BarFormat, TimeFormat } = cliProgress.Format
  const left = value === 0 ? '' : ` ${TimeFormat(eta, options, 5)} left`
  return `${BarFormat(progress, options)} ${value}/${total}${left}  ${what}`
}

const MOST_BESIDE = 36

/** Shortens an id to fit beside the bar on 80 columns. It keeps the end, which distinguishes ids better. */
function shortened(id: string): string {
  return id.length <= MOST_BESIDE ? id : `…${id.slice(1 - MOST_BESIDE)}`
}

/**
 * Shows the progress of a run and the time left: a bar on a terminal, elsewhere a line for each cell or check. For a run that is limited
 * by time only, the bar shows the time.
 */
export function showProgress(length: Length, { plain, quiet }: { readonly plain?: boolean; readonly quiet?: boolean }): Progress {
  if (quiet) return { onEvent: () => {}, stop: () => {} }
  const total = typeof length === 'number' ? length : undefined
  const began = Date.now()
  let done = 0
  if (plain || process.stderr.isTTY !== true) {
    const log = (line: string) => console.error(`${line}${timeLeft(length, done, (Date.now() - began) / 1000)}`)
    return {
      onEvent: (event) => {
        if (event.kind === 'cell-ended') log(cellLine(event.result, ++done, total))
        if (event.kind === 'check-ended' && event.check.text !== LEFT_OUT) log(checkLine(event.driver, event.check, ++done, total ?? 0))
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: total === undefined ? '{bar} {value} of {total} s  {what}' : formatOfMany,
    ...BAR,
  })
  const advance = (what?: string) => {
    done++
    const payload = what === undefined ? {} : { what }
    if (typeof length === 'number') bar.increment(1, payload)
    else bar.update(Math.min(length.seconds, Math.round((Date.now() - began) / 1000)), { what: `${done} done` })
  }
  bar.start(typeof length === 'number' ? length : length.seconds, 0, { what: 'starting' })
  return {
    onEvent: (event) => {
      if (event.kind === 'cell-started' && total !== undefined) bar.update({ what: shortened(event.id) })
      if (event.kind === 'cell-ended') advance()
      if (event.kind === 'check-ended' && event.check.text !== LEFT_OUT) advance(shortened(`${event.driver} ${event.check.id}`))
    },
    stop: () => bar.stop(),
  }
}

const LOG_EVERY_MS = 10_000

/** Shows the bytes that are done and the time left: a bar on a terminal, elsewhere a line every ten seconds. */
export function showBytes({ plain, quiet }: { readonly plain?: boolean; readonly quiet?: boolean }): {
  onBytes(done: number, all: number): void
  stop(): void
} {
  if (quiet) return { onBytes: () => {}, stop: () => {} }
  const began = Date.now()
  if (plain || process.stderr.isTTY !== true) {
    let logged = began
    return {
      onBytes: (done, all) => {
        const now = Date.now()
        if (now - logged < LOG_EVERY_MS) return
        logged = now
        console.error(`${lvmSize(done)} of ${lvmSize(all)}${timeLeft(all, done, (now - began) / 1000)}`)
      },
      stop: () => {},
    }
  }
  const bar = new SingleBar({
    format: '{bar} {done} of {all}, {eta_formatted} left',
    ...BAR,
  })
  let started = false
  return {
    onBytes: (done, all) => {
      const payload = { done: lvmSize(done), all: lvmSize(all) }
      if (started) bar.update(done, payload)
      else bar.start(all, done, payload)
      started = true
    },
    stop: () => bar.stop(),
  }
}

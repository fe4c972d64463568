import { exactly } from '../model/amount.ts'
import type { Amount, Point } from '../result/forecast.ts'

export interface Peak {
  readonly used: Amount
  readonly step: number
}

interface Open {
  step: number
  seconds: number | undefined
  least: number
  most: number
  peak: number
}

/**
 * The space that one pool has in use, step by step. For a long plan it keeps a point for every `stride` steps, with the peak in
 * between, so that its size does not grow with the plan.
 */
export class Timeline {
  private readonly points: Open[] = []
  private readonly stride: number
  private least: number
  private most: number
  private peakLeast: number
  private peakMost: number
  private peakStep = 0
  readonly before: Amount

  constructor(used: Amount, stride: number, timed: boolean) {
    this.stride = stride
    this.before = used
    this.least = this.peakLeast = used.least
    this.most = this.peakMost = used.most
    this.points.push({ step: 0, seconds: timed ? 0 : undefined, ...used, peak: used.most })
  }

  /** Takes space, or gives it back if `by` is negative. A volume gives back the same bounds that it took. */
  change(by: Amount, step: number, seconds: number | undefined): Amount {
    this.least += by.least
    this.most += by.most
    if (this.most > this.peakMost) {
      this.peakMost = this.most
      this.peakStep = step
    }
    this.peakLeast = Math.max(this.peakLeast, this.least)
    this.keep(step, seconds)
    return this.used
  }

  get used(): Amount {
    return { least: this.least, most: this.most }
  }

  get peak(): Peak {
    return { used: { least: this.peakLeast, most: this.peakMost }, step: this.peakStep }
  }

  /** The points in order, the beginning first. */
  finish(): Point[] {
    return this.points.map(({ seconds, ...point }) => (seconds === undefined ? point : { ...point, seconds }))
  }

  private keep(step: number, seconds: number | undefined): void {
    const last = this.points.at(-1)
    const { least, most } = this
    if (last !== undefined && last.step > 0 && Math.ceil(last.step / this.stride) === Math.ceil(step / this.stride)) {
      last.step = step
      last.seconds = seconds
      last.least = least
      last.most = most
      last.peak = Math.max(last.peak, most)
    } else this.points.push({ step, seconds, least, most, peak: most })
  }
}

/** The change that gives an amount back. */
export function negated({ least, most }: Amount): Amount {
  return { least: -least, most: -most }
}

export const nothing: Amount = exactly(0)

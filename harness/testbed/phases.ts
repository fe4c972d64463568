import type { Phase } from '../result/phase.ts'

/** Measures the phases of a cell or a copy. A phase that is entered twice has the sum. */
export class PhaseClock {
  private readonly seconds = new Map<string, number>()

  async time<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const began = performance.now()
    try {
      return await work()
    } finally {
      this.seconds.set(name, (this.seconds.get(name) ?? 0) + (performance.now() - began) / 1000)
    }
  }

  get phases(): Phase[] {
    return [...this.seconds].map(([name, seconds]) => ({ name, seconds }))
  }
}

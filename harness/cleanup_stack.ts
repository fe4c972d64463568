/** A clean-up that failed: what it was to take away, and why it could not. */
export interface CleanupFault {
  readonly what: string
  readonly error: unknown
}

/** One clean-up on a stack. */
export interface Cleanup {
  /** Cleans up now instead of at the end. The clean-up stays registered when it fails. */
  run(): Promise<void>
  /** Takes the clean-up off the stack without running it. */
  forget(): void
}

interface Step {
  readonly what: string
  readonly clean: () => Promise<unknown>
}

/** Clean-ups, registered before the thing they remove is made, and run last-in-first-out. An error does not keep the others from running. */
export class CleanupStack {
  private readonly steps: Step[] = []

  /** Registers a clean-up. `clean` must cope with a thing that was never made; `what` names the thing in a fault. */
  add(what: string, clean: () => Promise<unknown>): Cleanup {
    const step: Step = { what, clean }
    this.steps.push(step)
    const forget = () => this.drop(step)
    return {
      forget,
      run: async () => {
        await clean()
        forget()
      },
    }
  }

  /** Forgets every clean-up. */
  clear(): void {
    this.steps.length = 0
  }

  /**
   * Runs the clean-ups, last registered first, and returns those that failed in that order. Stops after an error for which
   * `isFatal` holds; what is left then stays registered.
   */
  async runAll(isFatal: (error: unknown) => boolean = () => false): Promise<CleanupFault[]> {
    const faults: CleanupFault[] = []
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.clean()
      } catch (error) {
        faults.push({ what: step.what, error })
        if (isFatal(error)) break
      }
    }
    return faults
  }

  private drop(step: Step): void {
    const at = this.steps.indexOf(step)
    if (at !== -1) this.steps.splice(at, 1)
  }
}

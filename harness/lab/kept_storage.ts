import type { Lab } from './lab.ts'

/** The most that is kept of what nobody has borrowed: each takes memory for its images. */
const MOST_KEPT = 6

interface Kept<Thing> {
  readonly key: string
  readonly thing: Thing
  /** What the thing was made in, and goes with. */
  readonly lab: Lab
}

/** How a thing is made. Things of the same key are interchangeable. */
export interface Recipe<Thing> {
  readonly key: string
  readonly make: (lab: Lab) => Promise<Thing>
}

/** Storage that labs borrow one after the other, because to make it takes longer than to use it. */
export abstract class KeptStorage<Thing, ItsRecipe extends Recipe<Thing> = Recipe<Thing>> {
  private readonly owner: Lab
  /** The one that was given back last is the last. */
  private readonly free: Kept<Thing>[] = []

  /** What is kept goes with `owner`. */
  constructor(owner: Lab) {
    this.owner = owner
  }

  /** Lends a thing to a lab until it is released; to the owner for good. Throws BrokenLab if the thing is not as new. */
  async borrow(lab: Lab, recipe: ItsRecipe): Promise<Thing> {
    const at = lab === this.owner ? -1 : this.free.findLastIndex(({ key }) => key === recipe.key)
    const [free] = at < 0 ? [] : this.free.splice(at, 1)
    const kept = free ?? (await this.make(recipe))
    if (lab === this.owner) return this.lend(lab, kept.thing)
    return lab.own(
      this.describe(kept.thing),
      async () => {
        if (free !== undefined) await this.demandNew(lab, kept.thing, recipe)
        return this.lend(lab, kept.thing)
      },
      async () => {
        await this.renew(lab, kept.thing, recipe)
        this.free.push(kept)
        await this.dropOldest()
      },
    )
  }

  protected abstract describe(thing: Thing): string
  /** Makes a thing as new again. One that cannot be renewed is not lent again. */
  protected abstract renew(lab: Lab, thing: Thing, recipe: ItsRecipe): Promise<void>
  /** Throws BrokenLab if a thing is not as new. */
  protected abstract demandNew(lab: Lab, thing: Thing, recipe: ItsRecipe): Promise<void>
  /** The thing for the lab that borrows it. */
  protected abstract lend(lab: Lab, thing: Thing): Thing

  private async make({ key, make }: ItsRecipe): Promise<Kept<Thing>> {
    const lab = await this.owner.child()
    try {
      return { key, thing: await make(lab), lab }
    } catch (error) {
      await lab.release()
      throw error
    }
  }

  private async dropOldest(): Promise<void> {
    const faults: string[] = []
    while (this.free.length > MOST_KEPT) faults.push(...((await this.free.shift()?.lab.release()) ?? []))
    if (faults.length > 0) throw new Error(faults.join('; '))
  }
}

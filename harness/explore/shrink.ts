import fc from 'fast-check'
import type { World } from '../model/world.ts'
import { toParts, toWorld, worldParts } from './random_copies.ts'

/**
 * The smallest world that still fails as `fails` says, found by trying simpler and simpler ones. No further one is begun after
 * `seconds`. Undefined when not even the world itself fails again.
 */
export async function smallestWorld<Failure>(
  world: World,
  fails: (world: World) => Promise<Failure | undefined>,
  seconds: number,
): Promise<{ world: World; failure: Failure } | undefined> {
  const until = Date.now() + seconds * 1000
  let found: { world: World; failure: Failure } | undefined
  await fc.check(
    fc.asyncProperty(worldParts, async (parts) => {
      if (Date.now() > until && found !== undefined) return true
      const candidate = toWorld(parts)
      const failure = await fails(candidate)
      if (failure !== undefined) found = { world: candidate, failure }
      return failure === undefined
    }),
    { examples: [[toParts(world)]], numRuns: 1 },
  )
  return found
}

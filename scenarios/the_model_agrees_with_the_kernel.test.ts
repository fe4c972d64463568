import { randomWorlds } from '../harness/explore/explore.ts'
import { type NamedWorld, runWorlds } from '../harness/explore/run_copies.ts'
import { expect, scenario } from '../harness/scenario.ts'

const SEED = 1
const COPIES = 12

scenario('copies at random come out as the model predicts, to the byte and to the chunk', async ({ session }) => {
  const { signal } = new AbortController()

  const { results, leaks } = await runWorlds(first(COPIES), session.benches, {
    shrinkSeconds: 60,
    repeat: () => '',
    tell: () => {},
    signal,
  })

  expect(results.filter(({ verdict }) => verdict !== 'upheld')).toEqual([])
  expect(results).toHaveLength(COPIES)
  expect(leaks).toEqual([])
})

function* first(count: number): Generator<NamedWorld> {
  let left = count
  for (const world of randomWorlds(SEED)) {
    if (left-- === 0) return
    yield world
  }
}

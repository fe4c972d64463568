import { randomCopies } from '../harness/explore/explore.ts'
import { type NamedCopy, runCopies } from '../harness/explore/run_copies.ts'
import { expect, scenario } from '../harness/scenario.ts'

const SEED = 1
const COPIES = 12

scenario('copies at random come out as the model predicts, to the byte and to the chunk', async ({ session }) => {
  const { signal } = new AbortController()

  const { results, leaks } = await runCopies(first(COPIES), session.testBeds, {
    shrinkSeconds: 60,
    repeat: () => '',
    onEvent: () => {},
    signal,
  })

  expect(results.filter(({ verdict }) => verdict !== 'upheld')).toEqual([])
  expect(results).toHaveLength(COPIES)
  expect(leaks).toEqual([])
})

function* first(count: number): Generator<NamedCopy> {
  let left = count
  for (const copyCase of randomCopies(SEED)) {
    if (left-- === 0) return
    yield copyCase
  }
}

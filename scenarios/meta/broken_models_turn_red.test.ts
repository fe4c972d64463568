import { type BrokenModel, brokenModels } from '../../harness/explore/broken_models.ts'
import { runCopies } from '../../harness/explore/run_copies.ts'
import { traps } from '../../harness/explore/traps.ts'
import { expect, scenario } from '../../harness/scenario.ts'

const TRAP = 'trap/thin-nozero/sparse'

/** For each way to break the model: a copy that real storage makes differently, and the checks that must fail. */
const caught: Record<BrokenModel, { id: string; checks: string[] }> = {
  'model-copies-by-64k': { id: 'trap/thin-large-chunk/sparse', checks: ['model/bytes-written'] },
  'model-takes-thick-for-zero': { id: 'trap/thick/sparse', checks: ['model/bytes', 'model/destination-mapped'] },
  'model-doubles-chunks': { id: 'trap/thin-large-chunk/sparse', checks: ['model/source-mapped'] },
  'model-zeroes-every-pool': { id: 'trap/thin-nozero/sparse', checks: ['model/bytes'] },
}

for (const [name, { id, checks }] of Object.entries(caught) as [BrokenModel, (typeof caught)[BrokenModel]][]) {
  scenario(`a model broken by '${name}' is refuted by ${id}`, async ({ session }) => {
    const { results, leaks } = await run(id, session.testBeds, name, 0)

    const failed = results.flatMap(({ findings }) => findings.filter(({ ok }) => !ok))
    expect(results.map(({ verdict }) => verdict)).toEqual(['refuted'])
    expect(failed.map(({ check }) => check)).toEqual(checks)
    expect(leaks).toEqual([])
  })
}

scenario('the smallest copy that refutes a broken model is shown', async ({ session }) => {
  const { results } = await run(TRAP, session.testBeds, 'model-zeroes-every-pool', 10)

  const smallest = results[0]?.smallest
  expect(smallest?.text).toMatch(/^model\/bytes: .* are stale, the model says zero/)
  expect(smallest?.copyCase.source.extents.length).toBeLessThan(traps.find(({ id }) => id === TRAP)?.copyCase.source.extents.length ?? 0)
  expect(smallest?.copyCase.destination.storage).toMatchObject({ kind: 'thin', zeroing: false })
})

function run(id: string, testBeds: Parameters<typeof runCopies>[1], broken: BrokenModel, shrinkSeconds: number) {
  const copies = traps.filter((trap) => trap.id === id)
  const { signal } = new AbortController()
  return runCopies(copies, testBeds, { model: brokenModels[broken], shrinkSeconds, repeat: () => '', onEvent: () => {}, signal })
}

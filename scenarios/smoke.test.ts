import { matrixDrivers } from '../harness/drivers/backend.ts'
import { runCopies } from '../harness/explore/run_copies.ts'
import { traps } from '../harness/explore/traps.ts'
import { soundParts } from '../harness/migration/parts.ts'
import { assetPath } from '../harness/paths.ts'
import { expect, scenario } from '../harness/scenario.ts'
import { allCells } from '../harness/verify/cell.ts'
import { runCells } from '../harness/verify/run_cells.ts'
import { certified } from '../tests/support/certified.ts'

const CELLS = matrixDrivers.map((destination) => `host/lvm-thin/${destination}/mixed`)
const TRAPS = ['trap/thin-nozero/sparse', 'trap/thin-used/discard-then-sparse', 'trap/thick/sparse']
const quietly = { repeat: () => '', onEvent: () => {} }

scenario('a migration to each destination upholds the rule', async ({ session, signal }) => {
  const cells = allCells.filter(({ id }) => CELLS.includes(id))

  const { results, leaks } = await runCells(cells, session.testBeds, { ...quietly, parts: soundParts, signal })

  expect(results.map(({ id, verdict }) => [id, verdict])).toEqual(CELLS.map((id) => [id, 'upheld']))
  expect(leaks).toEqual([])
})

scenario('traps come out as expected, and as the model predicts', async ({ session, signal }) => {
  const copies = traps.filter(({ id }) => TRAPS.includes(id))

  const { results, leaks } = await runCopies(copies, session.testBeds, { ...quietly, signal, shrinkSeconds: 0 })

  expect(results.map(({ id, verdict }) => [id, verdict])).toEqual(TRAPS.map((id) => [id, 'upheld']))
  expect(leaks).toEqual([])
})

scenario('a sound driver is upheld, and a liar is refuted', async ({ signal }) => {
  const checks = ['sets-up', 'report-well-formed', 'new-reads-zero', 'speaks-protocol', 'leaves-nothing-behind']

  const [sound, liar] = await certified([assetPath('examples/drivers/shell/driver.sh'), 'liar/lvm-thick'], {
    only: (id) => checks.includes(id),
    searchSeconds: 0,
    signal,
  })

  const upheld = sound?.checks.filter(({ verdict }) => verdict === 'upheld').map(({ id }) => id)
  expect(upheld?.toSorted()).toEqual(checks.toSorted())
  expect(liar).toBeRefutedBy('new-reads-zero')
})

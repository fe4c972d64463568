import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withDir } from 'tmp-promise'
import { expect, test } from 'vitest'
import { traps } from '../harness/explore/traps.ts'
import { selectedKind } from '../harness/machine/selected_machine.ts'
import { resultSchema } from '../harness/result/result.ts'
import { allCells } from '../harness/verify/cell.ts'
import { startScript } from '../tests/support/scripts.ts'

/** The whole matrix takes seven minutes where QEMU emulates the processor. */
const LIMIT_SECONDS = 900

test(
  "scripts/verify upholds every pair, every control and the spec's table, and leaves nothing behind",
  {
    timeout: LIMIT_SECONDS * 1000,
  },
  () =>
    withDir(
      async ({ path: out }) => {
        const { ending, stdout } = await startScript('verify', ['--machine', selectedKind, '--out', out, '--strict']).finished

        expect(stdout).toContain(
          `✓ UPHELD  ${allCells.length} cells and ${traps.length} copies: ${allCells.length + traps.length} upheld, 0 refuted, 0 not shown, 0 broken`,
        )
        expect(ending).toEqual({ how: 'exit', code: 0 })
        const result = resultSchema.parse(JSON.parse(await readFile(join(out, 'result.json'), 'utf8')))
        expect(result.cells.map(({ id }) => id)).toEqual(allCells.map(({ id }) => id))
        expect(result.copies.map(({ id }) => id).toSorted()).toEqual(traps.map(({ id }) => id).toSorted())
        expect(result.leaks).toEqual([])
        expect(specTable(stdout)).toEqual(['10.28', '19.53', '31.45', '100.00', '10.28', '19.53', '10.28', '19.53'])
      },
      { unsafeCleanup: true },
    ),
)

/** The Data% column of the printed tables, line by line. */
function specTable(stdout: string): string[] {
  return [...stdout.matchAll(/^ {2}(?:vg\d-pool|volume-1234) .* (\S+)$/gm)].map(([, percent = '']) => percent)
}

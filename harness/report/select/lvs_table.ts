import type { CellResult } from '../../result/cell.ts'
import type { Result } from '../../result/result.ts'

type Row = NonNullable<CellResult['evidence']>['rowsBefore'][number]

const COLUMNS = { LV: 13, VG: 4, Attr: 11, LSize: 6, Pool: 9, Origin: 7, 'Data%': 6 } as const

/** A volume in use keeps the name that it arrived under. */
const VOLUMES = ['volume-1234', 'volume-5678']
const HOW: Readonly<Record<string, string>> = {
  'table/full': 'without conv=sparse',
  'table/sparse': 'with conv=sparse, as the rule decided',
  'live-table/as-nova': "of the volume in use, by QEMU's mirror as Nova sets it",
  'live-table/by-the-rule': "of the volume in use, by QEMU's mirror told of the claim",
}

/** A cell's rows of `lvs` as LVM prints them, with the groups called vg1 and vg2 as in the spec's table. */
export function lvsTable(rows: readonly Row[], volumes: readonly string[] = VOLUMES): string[] {
  const groups = [...new Set(rows.map(({ vg_name }) => vg_name))]
  const source = groups.find((group) => group.includes('source'))
  const short = (text: string) => groups.reduce((name, group) => name.replace(group, group === source ? 'vg1' : 'vg2'), text)
  const shown = rows.filter(({ lv_name, vg_name }) => volumes.includes(lv_name) || lv_name === `${vg_name}-pool`)
  const lines = [
    Object.keys(COLUMNS),
    ...shown
      .map((row) => [short(row.lv_name), short(row.vg_name), row.lv_attr, row.lv_size, short(row.pool_lv), row.origin, row.data_percent])
      .toSorted((one, other) => `${one[1]} ${one[0]}`.localeCompare(`${other[1]} ${other[0]}`)),
  ]
  const widths = Object.values(COLUMNS)
  return lines.map((cells) =>
    `  ${cells.map((text, index) => (index === 3 || index === 6 ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0))).join(' ')}`.trimEnd(),
  )
}

/** The rows of `lvs` before and after the spec's own example, as text for each cell of it. */
export function specTables({ cells }: Pick<Result, 'cells'>): { readonly id: string; readonly text: string }[] {
  return cells.flatMap(({ id, evidence }) => {
    const how = HOW[id]
    if (how === undefined || evidence === undefined) return []
    const source = evidence.rowsBefore.filter(({ vg_name }) => vg_name.includes('source'))
    const destination = evidence.rowsAfter.filter(({ vg_name }) => !vg_name.includes('source'))
    const lines = ['Before migration', ...lvsTable(source), `After migration ${how}`, ...lvsTable(destination)]
    return [{ id, text: lines.join('\n') }]
  })
}

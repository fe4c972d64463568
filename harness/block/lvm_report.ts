import { z } from 'zod'

/** Reads the rows of a report in LVM's JSON, such as those of `lvs --reportformat json`. Throws when one is not as it should be. */
export function reportRows<Row>(text: string, kind: 'lv' | 'vg' | 'pv', row: z.ZodType<Row>): Row[] {
  const { report } = z.object({ report: z.array(z.object({ [kind]: z.array(row) })) }).parse(JSON.parse(text))
  return report.flatMap((part) => part[kind] ?? [])
}

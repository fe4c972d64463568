import { z } from 'zod'
import type { FigureSpec } from './figures.ts'

/** The part of a cell or copy that a breakdown needs. Older commits record no phases, and copies record no commands. */
const timedSchema = z.object({
  seconds: z.number().nonnegative(),
  commands: z.array(z.object({ argv: z.array(z.string()), seconds: z.number().nonnegative() })).default([]),
  phases: z.array(z.object({ name: z.string(), seconds: z.number().nonnegative() })).default([]),
})
export type Timed = z.infer<typeof timedSchema>

/** The part of a result.json that bench needs. It is the same in every version of the schema, but for the name of the copies. */
export const runSchema = z
  .object({
    verdict: z.string(),
    seconds: z.number().positive(),
    machines: z.array(z.object({ kind: z.string(), kernel: z.string() })).default([]),
    cells: z.array(timedSchema).default([]),
    copies: z.array(timedSchema).optional(),
    worlds: z.array(timedSchema).optional(),
  })
  .transform(({ copies, worlds, ...rest }) => ({ ...rest, copies: copies ?? worlds ?? [] }))
export type Run = z.output<typeof runSchema>

/** The reason why a run has no value. */
export interface NotShown {
  readonly kind: 'none'
  readonly why: string
}

/** A run that did not end with 0 and upheld says nothing about speed: it may have done less. */
export function judgeRun(
  figure: FigureSpec,
  { seconds, failure, run }: { readonly seconds: number; readonly failure: string | undefined; readonly run: Run | undefined },
): { readonly kind: 'value'; readonly value: number } | NotShown {
  if (failure !== undefined) return { kind: 'none', why: failure }
  if (!figure.hasNoResult && run === undefined) return { kind: 'none', why: 'it left no result.json that can be read' }
  if (run !== undefined && run.verdict !== 'upheld') return { kind: 'none', why: `the verdict is ${run.verdict}` }
  if (figure.unit === 'seconds') return { kind: 'value', value: seconds }
  if (run === undefined || run.copies.length === 0) return { kind: 'none', why: 'it made no copies' }
  return { kind: 'value', value: (run.copies.length / run.seconds) * 60 }
}

/** "2 x uml 6.1.176" */
export function machinesText(machines: Run['machines']): string | undefined {
  const names = machines.map(({ kind, kernel }) => `${kind} ${kernel}`)
  const texts = [...new Set(names)].map((name) => `${names.filter((other) => other === name).length} x ${name}`)
  return texts.length === 0 ? undefined : texts.join(', ')
}

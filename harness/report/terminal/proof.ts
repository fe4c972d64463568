import type { ChalkInstance } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import type { Proof, ProofCase } from '../../result/proof.ts'
import { noun } from '../../units.ts'
import { MARKS } from '../select/words.ts'
import { chalkFor, colourOf, indent, WIDTH } from './style.ts'

/** The proof as text for a terminal of 80 columns. */
export function proofReport(proof: Proof, colours: boolean): string {
  const chalk = chalkFor(colours)
  const parts = [
    ...(proof.broken === undefined ? [] : [chalk.yellow(`Broken on purpose (${proof.broken}): this must be red.`)]),
    section('The rule, with honest drivers', ruleLines(proof, chalk), chalk),
    section('What the rule refuses: the smallest case that a sparse copy would corrupt', strictnessLines(proof, chalk), chalk),
    section('The first wording: the claim alone, true for whatever is thin', originalLines(proof), chalk),
    section('Mutants: each must be refuted', mutantLines(proof, chalk), chalk),
    summary(proof, chalk),
  ]
  return `${parts.join('\n\n')}\n`
}

function section(title: string, lines: readonly string[], chalk: ChalkInstance): string {
  return [chalk.bold(title), ...lines].join('\n')
}

function ruleLines({ rule, honest, answers }: Proof, chalk: ChalkInstance): string[] {
  const right = mark(rule.corrupt.cases === 0, chalk)
  const lean = mark(rule.needless.cases === 0, chalk)
  return [
    ...item(right, `${many(rule.corrupt.cases)} of ${many(rule.cases)} cases end with a wrong byte`),
    ...against(rule.corrupt.smallest),
    ...item(
      lean,
      `${many(rule.needless.cases)} ${noun(rule.needless.cases, 'case is', 'cases are')} copied in full though new, bare and promised to read zero`,
    ),
    ...against(rule.needless.smallest),
    ...item(
      '-',
      `${many(rule.leftBehind.cases)} ${noun(rule.leftBehind.cases, 'case keeps', 'cases keep')} stale bytes past the end of the volume: it is whole, they are readable`,
    ),
    ...against(rule.leftBehind.smallest),
    ...item('-', `${answers} answers; ${honest.length} kinds of destinations may promise zeros: ${honest.join('; ')}`),
  ]
}

function strictnessLines({ stricter }: Proof, chalk: ChalkInstance): string[] {
  return stricter.flatMap(({ kind, corrupt, why }) =>
    corrupt === undefined
      ? [
          ...item(why === undefined ? mark(false, chalk) : '-', `${kind}: none`),
          ...indented(why ?? 'and no reason is known why it is refused'),
        ]
      : item(mark(true, chalk), `${corrupt.copy}: ${corrupt.wrong}`),
  )
}

function originalLines({ original }: Proof): string[] {
  return [
    ...item('-', `${many(original.corrupt.cases)} of ${many(original.cases)} cases end with a wrong byte`),
    ...original.causes.flatMap(({ cause, count: { cases, smallest } }) => [
      ...item('-', `${cause}: ${many(cases)} ${noun(cases, 'case')}`),
      ...(smallest === undefined ? [] : indented(`${smallest.copy}: ${smallest.wrong}`)),
    ]),
  ]
}

function mutantLines({ mutants }: Proof, chalk: ChalkInstance): string[] {
  const width = Math.max(...mutants.map(({ name }) => name.length))
  return mutants.flatMap(({ name, what, refutedBy, count: { cases, smallest } }) => {
    const came = { corrupt: 'corrupt', needless: 'in full for nothing' }
    const seen = refutedBy === undefined ? 'SURVIVES' : `${many(cases)} ${noun(cases, 'case')} ${came[refutedBy]}`
    return [...item(mark(refutedBy !== undefined, chalk), `${name.padEnd(width)}  ${what}: ${seen}`), ...against(smallest)]
  })
}

function summary(proof: Proof, chalk: ChalkInstance): string {
  const { verdict, bound, atomBytes, kinds, copies, sources, seconds, failures, mutants } = proof
  const refuted = mutants.filter(({ refutedBy }) => refutedBy !== undefined).length
  const [least, most] = [atomBytes / 1024, (bound * atomBytes) / 1024]
  return [
    `${colourOf(verdict, chalk).bold(`${MARKS[verdict]} ${verdict.toUpperCase()}`)}  every volume of up to ${most} KiB in steps of ${least} KiB`,
    `  ${kinds} kinds of destinations, ${many(copies)} copies worked out`,
    `  ${many(sources.checked)} sources read as the ${many(2 ** (bound + 1) - 2)} that stand for them`,
    `  ${refuted} of ${mutants.length} mutants refuted; ${seconds.toFixed(1)} s`,
    ...failures.flatMap((failure) => indented(failure)),
  ].join('\n')
}

function against(copyCase: ProofCase | undefined): string[] {
  if (copyCase === undefined) return []
  const { copy, wrong, answered, sourceAnswered, knownAs } = copyCase
  const bySource = sourceAnswered === undefined ? '' : `; the source's driver: ${sourceAnswered}`
  return indented(`${copy}: ${wrong}; known as ${knownAs}; the driver: ${answered}${bySource}`)
}

function mark(ok: boolean, chalk: ChalkInstance): string {
  const verdict = ok ? 'upheld' : 'refuted'
  return colourOf(verdict, chalk)(MARKS[verdict])
}

function item(sign: string, text: string): string[] {
  return wrapAnsi(text, WIDTH - 2, { hard: true })
    .split('\n')
    .map((line, index) => `${index === 0 ? sign : ' '} ${line}`.trimEnd())
}

function indented(text: string): string[] {
  return indent(text).map((line) => line.trimEnd())
}

function many(count: number): string {
  return count.toLocaleString('en')
}

import type { ChalkInstance } from 'chalk'
import wrapAnsi from 'wrap-ansi'
import { allPrintable } from '../../result/describe.ts'
import type { KernelDifference, Kernels } from '../../result/kernels.ts'
import { plural } from '../../units.ts'
import { type KernelsReport, kernelsSummary, kernelsWord, type SharedFailure } from '../select/kernels.ts'
import { MARKS } from '../select/words.ts'
import { chalkFor, colourOf, drawTable, indent, WIDTH } from './style.ts'

/** A run on several kernels, side by side, as text for a terminal of 80 columns. */
export function kernelsReport(of: KernelsReport, colours: boolean): string {
  const { kernels, failures, status } = allPrintable(of)
  const chalk = chalkFor(colours)
  const broken =
    kernels.brokenRule === undefined ? [] : [chalk.yellow(`The run was broken on purpose (${kernels.brokenRule}): it must be red.`)]
  const parts = [
    `${chalk.bold('Kernels side by side')}\n${sideBySide(kernels, chalk)}`,
    ...broken,
    ...failures.map((failure) => failureText(failure, kernels, chalk)),
    ...notShown(kernels, chalk),
    ...differences(kernels, chalk),
  ]
  const word = kernelsWord(kernels)
  const colour = colourOf(status, chalk).bold
  const mark = word === 'different' ? MARKS.refuted : MARKS[word]
  const end = [
    `${colour(`${mark} ${word.toUpperCase()}`)}  ${kernelsSummary(kernels)}`,
    `  ${kernels.seconds.toFixed(1)} s; seed ${kernels.seed}`,
  ]
  return `${[...parts, end.join('\n')].join('\n\n')}\n`
}

function sideBySide({ kernels }: Kernels, chalk: ChalkInstance): string {
  const count = (name: string) => ({ name, width: 9, right: true })
  const columns = [
    { name: '', width: 1 },
    { name: 'kernel', width: 18 },
    { name: 'verdict', width: 9 },
    ...['upheld', 'refuted', 'not shown', 'broken'].map(count),
    { name: 's', width: 6, right: true },
  ]
  const rows = kernels.map(({ kernel, verdict, counts, seconds }) => [
    colourOf(verdict, chalk)(MARKS[verdict]),
    kernel,
    verdict,
    ...[counts.upheld, counts.refuted, counts['not-shown'], counts.broken].map(String),
    seconds.toFixed(1),
  ])
  return drawTable(columns, rows, chalk)
}

function failureText({ id, verdict, why, repeat, kernels: on }: SharedFailure, { kernels }: Kernels, chalk: ChalkInstance): string {
  const head = `${colourOf(verdict, chalk)(`${MARKS[verdict]} ${verdict}`)} ${onKernels(on, kernels.length)}: ${id}`
  // The command is not broken into lines: it is there to be copied.
  return [head, ...why.flatMap(indent), ...(repeat === '' ? [] : [`    repeat: ${repeat}`])].join('\n')
}

function onKernels(some: readonly string[], all: number): string {
  return some.length === all ? 'on all kernels' : `on ${some.join(', ')}`
}

/** Only the not-shown: a broken cell is among the failures. */
function notShown({ notCompared }: Kernels, chalk: ChalkInstance): string[] {
  return notCompared
    .filter(({ verdict }) => verdict === 'not-shown')
    .map(({ kernel, reason, ids }) => {
      const head = chalk.yellow(`${MARKS['not-shown']} not shown`)
      return wrapAnsi(`${head} on ${kernel}: ${plural(ids.length, 'cell or copy', 'cells and copies')}, because ${reason}`, WIDTH, {
        hard: true,
      })
    })
}

function differences({ differences }: Kernels, chalk: ChalkInstance): string[] {
  if (differences.length === 0) return []
  return [[chalk.bold(`Differences between kernels (${differences.length})`), ...differences.flatMap(differenceLines)].join('\n')]
}

function differenceLines({ id, field, values }: KernelDifference): string[] {
  return [`  ${id}: ${field}`, ...values.flatMap(({ value, kernels }) => indent(`${kernels.join(', ')}: ${value}`))]
}

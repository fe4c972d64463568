import type { MeasuredFigure } from '../../../harness/result/bench.ts'

/** A figure that bench can measure: a command of the checkout, run in both of them. */
export interface FigureSpec {
  readonly id: string
  readonly title: string
  readonly script: 'verify' | 'certify' | 'explore' | 'test'
  readonly words?: readonly string[]
  /** The last word of the command: the first of these files that the checkout has. Commits keep it at different paths. */
  readonly file?: readonly string[]
  readonly unit: MeasuredFigure['unit']
  /** Measured in a new clone, with no cache at hand. */
  readonly fresh?: true
  readonly usesCinder?: true
  /** It writes no result.json, so its exit code is its verdict. */
  readonly hasNoResult?: true
  /** It takes many minutes, so it is measured once unless `--rounds` is given. */
  readonly isLong?: true
  readonly byDefault?: true
  /** Words for a run beforehand, which downloads what no setup does. */
  readonly warmUp?: readonly string[]
}

const EXPLORE_MINUTES = 1

/** In the order in which they are measured. */
export const FIGURES: readonly FigureSpec[] = [
  { id: 'fresh', title: 'a new clone, with nothing cached, to its verdict', script: 'verify', unit: 'seconds', fresh: true, isLong: true },
  { id: 'matrix', title: 'the whole matrix', script: 'verify', unit: 'seconds', byDefault: true },
  {
    id: 'certify',
    title: 'certification of the Python template',
    script: 'certify',
    file: ['examples/drivers/python/driver.py', 'drivers/templates/python/driver.py'],
    unit: 'seconds',
    byDefault: true,
  },
  {
    id: 'cinder',
    title: "certification of Cinder's thin LVM driver",
    script: 'certify',
    words: ['--peer', 'cinder:lvm-thick', 'cinder:lvm-thin'],
    unit: 'seconds',
    usesCinder: true,
  },
  {
    id: 'explore',
    title: 'random copies a minute',
    script: 'explore',
    words: ['--minutes', String(EXPLORE_MINUTES)],
    unit: 'copies-per-minute',
    byDefault: true,
  },
  { id: 'test', title: 'all tests', script: 'test', unit: 'seconds', hasNoResult: true, isLong: true, warmUp: ['--only', 'report'] },
]

/** The figures that `--only` names. `all` stands for all of them. */
export function selectFigures(only: string | undefined): { readonly figures: readonly FigureSpec[]; readonly unknown: readonly string[] } {
  if (only === undefined) return { figures: FIGURES.filter(({ byDefault }) => byDefault), unknown: [] }
  const names = only.split(',').map((name) => name.trim())
  return {
    figures: FIGURES.filter(({ id }) => names.includes(id) || names.includes('all')),
    unknown: names.filter((name) => name !== 'all' && !FIGURES.some(({ id }) => id === name)),
  }
}

/** The checkout that a command is for, as far as its command line depends on it. */
export interface CheckoutTraits {
  /** The output of the command's `--help`. */
  readonly help: string
  has(path: string): boolean
}

/** The words to start a figure's command with, and the words to show for it; or the reason why this checkout has no such command. */
export type CommandWords =
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly shown: readonly string[] }
  | { readonly kind: 'none'; readonly why: string }

export interface CommandChoices {
  readonly seed: number
  readonly kernel: string | undefined
  readonly out: string
}

/** The command line of a figure in one checkout. An option that the command does not have there is left out. */
export function commandWords(figure: FigureSpec, { help, has }: CheckoutTraits, { seed, kernel, out }: CommandChoices): CommandWords {
  const { script, words = [], file } = figure
  const path = file?.find(has)
  if (file !== undefined && path === undefined) return { kind: 'none', why: `it has neither ${file.join(' nor ')}` }
  const chosen = offered(help, [['--seed', String(seed)], ...kernelOption(kernel)])
  const forOutput = offered(help, [['--out', out], ['--plain'], ['--quiet']])
  // Whatever follows a program belongs to it, so the program comes last.
  const rest = [...words, ...(path === undefined ? [] : [path])]
  const command = `scripts/${script}`
  return { kind: 'words', words: [command, ...chosen, ...forOutput, ...rest], shown: [command, ...chosen, ...rest] }
}

/** The command line that sets a checkout up for these figures. */
export function setupWords(help: string, figures: readonly FigureSpec[], kernel: string | undefined): string[] {
  const cinder = figures.some(({ usesCinder, script }) => usesCinder || script === 'test') ? [['--cinder']] : []
  return ['scripts/setup', ...offered(help, [...cinder, ...kernelOption(kernel)])]
}

function kernelOption(kernel: string | undefined): string[][] {
  return kernel === undefined ? [] : [['--kernel', kernel]]
}

/** Leaves out the options that a help text does not list. */
function offered(help: string, options: readonly (readonly string[])[]): string[] {
  return options.filter(([name]) => name !== undefined && lists(help, name)).flat()
}

/** Reports whether a help text lists an option. */
export function lists(help: string, option: string): boolean {
  return help.split('\n').some((line) => new RegExp(`^ +(-\\w, )?${option}(?![\\w-])`).test(line))
}

import { describe, expect, test } from 'vitest'
import { type CheckoutTraits, commandWords, FIGURES, type FigureSpec, lists, selectFigures, setupWords } from './figures.ts'

const HELP = `Usage: scripts/certify [options]

Options:
  -V, --version        print the version
  --seed <number>      repeat the run that had this seed; see --kernel
  --out <folder>       where the result goes
  --plain              no colours
  -h, --help           print this help
`
const NEWER = `${HELP}  --kernel <name>      the kernel of guests\n`
const choices = { seed: 7, kernel: undefined, out: '/tmp/out' }
const newer = 'examples/drivers/python/driver.py'
const older = 'drivers/templates/python/driver.py'

function figure(id: string): FigureSpec {
  const found = FIGURES.find((some) => some.id === id)
  if (found === undefined) throw new Error(`no figure is called ${id}`)
  return found
}

const checkout = (help: string, ...files: string[]): CheckoutTraits => ({ help, has: (path) => files.includes(path) })

describe('the figures', () => {
  test('are matrix, certify and explore by default', () => {
    expect(selectFigures(undefined).figures.map(({ id }) => id)).toEqual(['matrix', 'certify', 'explore'])
  })

  test('are selected by id, in the order of the table', () => {
    expect(selectFigures('test, fresh')).toEqual({ figures: [figure('fresh'), figure('test')], unknown: [] })
    expect(selectFigures('all').figures).toEqual(FIGURES)
  })

  test('that do not exist are named', () => {
    expect(selectFigures('matrix,speed,').unknown).toEqual(['speed', ''])
  })
})

describe('the command of a figure', () => {
  test('ends with the first file that the checkout has', () => {
    const shown = (...files: string[]) => commandWords(figure('certify'), checkout(HELP, ...files), choices)

    expect(shown(newer, older)).toMatchObject({ shown: ['scripts/certify', '--seed', '7', newer] })
    expect(shown(older)).toMatchObject({
      shown: ['scripts/certify', '--seed', '7', older],
      words: ['scripts/certify', '--seed', '7', '--out', '/tmp/out', '--plain', older],
    })
    expect(shown()).toEqual({ kind: 'none', why: `it has neither ${newer} nor ${older}` })
  })

  test('has only options that the help lists', () => {
    const withKernel = { ...choices, kernel: 'newest' }

    expect(commandWords(figure('matrix'), checkout(HELP), withKernel)).toMatchObject({ shown: ['scripts/verify', '--seed', '7'] })
    expect(commandWords(figure('matrix'), checkout(NEWER), withKernel)).toMatchObject({
      shown: ['scripts/verify', '--seed', '7', '--kernel', 'newest'],
    })
    expect(commandWords(figure('test'), checkout(''), withKernel)).toMatchObject({ words: ['scripts/test'] })
  })
})

test('setup brings Cinder only for the figures that use it', () => {
  const help = '  --cinder         set up OpenStack Cinder too\n'

  expect(setupWords(help, [figure('matrix')], undefined)).toEqual(['scripts/setup'])
  expect(setupWords(help, [figure('matrix'), figure('cinder')], 'newest')).toEqual(['scripts/setup', '--cinder'])
  expect(setupWords(`${help}  --kernel <name>  a kernel\n`, [figure('matrix')], 'newest')).toEqual(['scripts/setup', '--kernel', 'newest'])
})

test('a help text lists an option at the start of a line, and not where another mentions it', () => {
  expect(lists(HELP, '--version')).toBe(true)
  expect(lists(HELP, '--kernel')).toBe(false)
  expect(lists('  --outer <x>  more\n', '--out')).toBe(false)
})

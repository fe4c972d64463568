import { readdirSync, readFileSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import { expect, test } from 'vitest'

/** The floors of the house, from the top down. A file may import from its own folder and from the floors below it. */
const FLOORS = [
  ['scripts', 'harness/scenario.ts', 'harness/describe_driver.ts', 'harness/index.ts'],
  ['harness/verify'],
  ['harness/explore', 'harness/certify'],
  ['harness/prove', 'harness/simulate', 'harness/testbed'],
  ['harness/migration', 'harness/drivers'],
  ['harness/movers', 'harness/block'],
  ['harness/lab'],
  ['harness/helper'],
  ['harness/report', 'harness/model', 'harness/protocol', 'harness/machine'],
  ['harness/content'],
  ['harness/result'],
  ['harness/units.ts', 'harness/errors.ts', 'harness/paths.ts', 'harness/timers.ts'],
]

/** Packages that one part of the house uses, and no other. */
const HOME_OF: Readonly<Record<string, RegExp>> = {
  execa: /^harness\/machine\//,
  zx: /^scripts\//,
  chalk: /^harness\/report\//,
}

interface Import {
  readonly file: string
  /** A path from the root of the project, or the name of a package. */
  readonly target: string
}

const imports: Import[] = ['harness', 'scripts']
  .flatMap((top) => readdirSync(top, { recursive: true, encoding: 'utf8' }).map((file) => `${top}/${file}`))
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('.test.'))
  .flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\b(?:from|import) ?\(?'([^']+)'/g)].map(([, target = '']) => ({
      file,
      target: target.startsWith('.') ? normalize(`${dirname(file)}/${target}`) : target,
    })),
  )
const ours = imports.filter(({ target }) => /^(harness|scripts)\//.test(target))

function roomOf(file: string): string {
  const rooms = FLOORS.flat().filter((room) => file === room || file.startsWith(`${room}/`))
  return rooms[0] ?? `${file} is on no floor`
}

const floorOf = (file: string) => FLOORS.findIndex((rooms) => rooms.includes(roomOf(file)))
const shown = ({ file, target }: Import) => `${file} imports ${target}`

test('every file is on a floor', () => {
  expect([...new Set(ours.flatMap(({ file, target }) => [file, target]))].filter((file) => floorOf(file) === -1)).toEqual([])
})

test('imports go down only', () => {
  const up = ours.filter(({ file, target }) => roomOf(file) !== roomOf(target) && floorOf(target) <= floorOf(file))
  expect(up.map(shown)).toEqual([])
})

test('each of these packages has one home', () => {
  expect(imports.filter(({ file, target }) => HOME_OF[target]?.test(file) === false).map(shown)).toEqual([])
})

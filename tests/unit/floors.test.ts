import { readdirSync, readFileSync } from 'node:fs'
import { dirname, normalize } from 'node:path'
import { expect, test } from 'vitest'

/** The floors of the house, from the top down. A file may import from its own folder and from the floors below it. */
const FLOORS = [
  ['scripts', 'harness/scenario.ts', 'harness/describe_driver.ts', 'harness/index.ts'],
  ['harness/verify', 'harness/serve', 'harness/cinder', 'harness/diff'],
  ['harness/explore', 'harness/certify'],
  ['harness/prove', 'harness/simulate', 'harness/testbed'],
  ['harness/migration', 'harness/drivers'],
  ['harness/movers', 'harness/block'],
  ['harness/lab'],
  ['harness/helper'],
  [
    ...['harness/report/terminal', 'harness/report/markdown', 'harness/report/html'],
    ...['harness/report/junit.ts', 'harness/report/annotations.ts', 'harness/report/badge.ts'],
  ],
  ['harness/report/select', 'harness/model', 'harness/protocol', 'harness/machine'],
  ['harness/content'],
  ['harness/result'],
  ['harness/units.ts', 'harness/errors.ts', 'harness/cleanup_stack.ts', 'harness/paths.ts', 'harness/timers.ts'],
]

/** Packages that one part of the house uses, and no other. */
const HOME_OF: Readonly<Record<string, RegExp>> = {
  execa: /^harness\/machine\//,
  zx: /^scripts\//,
  chalk: /^harness\/report\/terminal\//,
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

test('reports are made from results alone', () => {
  const others = ours.filter(
    ({ file, target }) => file.startsWith('harness/report/') && !/^harness\/(report|result)\/|^harness\/\w+\.ts$/.test(target),
  )
  expect(others.map(shown)).toEqual([])
})

test('no folders depend on each other in a circle', () => {
  // The entrances lie directly in harness/, above all of its folders.
  const folders = ours
    .map(({ file, target }) => ({ from: dirname(file), to: dirname(target) }))
    .filter(({ from, to }) => from.startsWith('harness/') && to.startsWith('harness/'))
  expect(circlesOf(folders)).toEqual([])
})

test('no files depend on each other in a circle', () => {
  expect(circlesOf(ours.map(({ file, target }) => ({ from: file, to: target })))).toEqual([])
})

/** The shortest circle through each node that is on one, from its first node by name and back to it: "a > b > a". */
function circlesOf(edges: readonly { readonly from: string; readonly to: string }[]): string[] {
  const imported = new Map<string, Set<string>>()
  for (const { from, to } of edges) if (from !== to) imported.set(from, (imported.get(from) ?? new Set()).add(to))
  const circles = [...imported.keys()].flatMap((start) => {
    const queue = [[start]]
    const seen = new Set<string>()
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      for (const next of imported.get(path.at(-1) ?? '') ?? []) {
        if (next === start) return [fromFirst(path)]
        if (!seen.has(next)) queue.push([...path, next])
        seen.add(next)
      }
    }
    return []
  })
  return [...new Set(circles)].sort()
}

function fromFirst(circle: readonly string[]): string {
  const first = circle.indexOf(circle.toSorted()[0] ?? '')
  const turned = [...circle.slice(first), ...circle.slice(0, first)]
  return [...turned, turned[0]].join(' > ')
}

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { listChecks } from '../../harness/certify/checks/list_checks.ts'
import { mirrorCopies } from '../../harness/explore/mirror_options.ts'
import { traps } from '../../harness/explore/traps.ts'
import { assetPath } from '../../harness/paths.ts'
import { allCells, cellsOnRequest } from '../../harness/verify/cell.ts'
import { isMeant } from '../../scripts/lib/cli/only.ts'

const DOCUMENTS = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'adapters/cinder/README.md',
  'scenarios/README.md',
  'tests/README.md',
  ...readdirSync(assetPath('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const ids = [...allCells, ...cellsOnRequest, ...traps, ...mirrorCopies('11.1'), ...listChecks()].map(({ id }) => id)

describe.each(DOCUMENTS)('%s', (document) => {
  const text = readFileSync(assetPath(document), 'utf8')

  test('links to what there is', () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, target = '']) => target)
    const broken = targets.filter((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? assetPath(document) : join(dirname(assetPath(document)), path)
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor))
    })

    expect(broken).toEqual([])
  })

  test('names cells and checks that there are', () => {
    const wanted = [...text.matchAll(/(?:verify|certify) [^`\n]*--only ([^\s`]+)/g)].flatMap(([, only = '']) => only.split(','))

    expect(wanted.filter((some) => !ids.some((id) => isMeant(id, some)))).toEqual([])
  })
})

test('the architecture names files and folders that exist, from the root or from harness', () => {
  const text = readFileSync(assetPath('docs/architecture.md'), 'utf8')
  const paths = [...text.matchAll(/`([\w.]+\/[\w./]*)`/g)].map(([, path = '']) => path)

  expect(paths.length).toBeGreaterThan(30)
  expect(paths.filter((path) => !existsSync(assetPath(path)) && !existsSync(assetPath(`harness/${path}`)))).toEqual([])
})

/** As GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#{2,} (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

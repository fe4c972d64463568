import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assetPath } from '../../harness/paths.ts'

/** What the types of the sources depend on. */
const SOURCES = ['harness', 'scripts', 'scenarios', 'tests', 'examples', 'tsconfig.json', 'vitest.config.ts']

/** A code block of CONTRIBUTING.md whose first line names a file and the place in it. */
export interface Ingredient {
  readonly file: string
  readonly place: string
  readonly code: string
}

/** The code blocks of all recipes, in their order. */
export function ingredientsIn(document: string): Ingredient[] {
  const blocks = document.matchAll(/^```(?:ts|python)\n(?:\/\/|#) (\S+), (.+)\n([\s\S]*?)^```$/gm)
  return [...blocks].map(([, file = '', place = '', code = '']) => ({ file, place, code }))
}

/** Copies the sources into an empty folder, and adds the code of every recipe to the copy. */
export async function followRecipes(ingredients: readonly Ingredient[], folder: string): Promise<void> {
  for (const name of SOURCES) await cp(assetPath(name), join(folder, name), { recursive: true, verbatimSymlinks: true })
  for (const name of ['node_modules', 'package.json']) await symlink(assetPath(name), join(folder, name))
  for (const { file, place, code } of ingredients) {
    const path = join(folder, file)
    const added = place === 'a new file' ? code : withCode(await readFile(path, 'utf8'), place, code)
    await writeFile(path, added)
  }
}

/** Puts imports at the top and the rest at the place. Throws when the file has no such place. */
function withCode(text: string, place: string, code: string): string {
  const lines = text.split('\n')
  const added = code.split('\n').slice(0, -1)
  const isImport = (line: string) => line.startsWith('import ')
  lines.splice(indexOf(lines, place), 0, ...added.filter((line) => !isImport(line)))
  return [...added.filter(isImport), ...lines].join('\n')
}

function indexOf(lines: readonly string[], place: string): number {
  const [, table] = place.match(/^at the end of (\w+)$/) ?? []
  const [, where, neighbour = ''] = place.match(/^(before|after) (.+)$/) ?? []
  const opening = table === undefined ? -1 : lines.findIndex((line) => new RegExp(`^(export )?const ${table}\\b`).test(line))
  const index =
    table === undefined
      ? lines.findIndex((line) => line.trimStart().startsWith(neighbour))
      : lines.findIndex((line, at) => at > opening && /^[}\]]/.test(line))
  if (index === -1 || (table !== undefined && opening === -1)) throw new Error(`there is no place '${place}'`)
  return where === 'after' ? index + 1 : index
}

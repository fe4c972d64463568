import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assetPath } from '../../../harness/paths.ts'
import { commands } from './commands.ts'

const COMPLETION = 'completion'

test('every command of a checkout has its link to scripts/launch, and every link is a command', () => {
  const folder = assetPath('scripts')
  const links = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink())

  expect(links.map(({ name }) => name).sort()).toEqual([...commands.keys()].sort())
  expect(new Set(links.map(({ name }) => readlinkSync(join(folder, name))))).toEqual(new Set(['launch']))
  // It completes `holeproof`, which exists in the package only.
  expect(commands.has(COMPLETION)).toBe(false)
})

test.each([...commands])('%s is the name of the command in its file, and has a line in the list', async (name, { summary, load }) => {
  const { command } = (await load()).default

  expect(command.name()).toBe(name)
  expect(summary).toMatch(/^[a-z].*[^.]$/)
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 80 })
  command.outputHelp()
  expect(help).toContain(`Usage: scripts/${name}`)
  expect(help).toMatch(/^Examples:$/m)
  expect(help).toMatch(/^Exit codes: .*2 bad usage/m)
  expect(help.split('\n').filter(({ length }) => length > 80)).toEqual([])
})

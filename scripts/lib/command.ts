import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { BrokenLab, messageOf, UsageError } from '../../harness/errors.ts'
import { CommandFailed } from '../../harness/machine/command_failed.ts'
import { assetPath, commandLine } from '../../harness/paths.ts'

/** 0 upheld, 1 refuted, 2 usage or bad input, 3 broken lab. */
export const EXIT = { upheld: 0, refuted: 1, usage: 2, broken: 3 } as const

export const version: string = JSON.parse(readFileSync(assetPath('package.json'), 'utf8')).version

const COLUMNS = 80

/** What a person may type, as the words after `scripts/` or `holeproof`, and what it is for. */
export type Example = readonly [words: string, what: string]

/** A command with holeproof's manners: help with examples, exit code 2 on bad usage. */
export function newCommand(name: string, description: string, examples: readonly Example[]): Command {
  return new Command(name)
    .description(description)
    .version(version)
    .configureHelp({ commandUsage: (command) => `${commandLine(name)} ${command.usage()}` })
    .showHelpAfterError(`(${commandLine(name)} --help shows the options)`)
    .addHelpText('after', examplesText(examples))
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.upheld : EXIT.usage)
    })
}

/** The end of a help text. */
export function examplesText(examples: readonly Example[]): string {
  const lines = examples.map(([words, what]) => ({ line: commandLine(words), what }))
  const width = Math.max(...lines.map(({ line }) => line.length))
  const beside = lines.map(({ line, what }) => `  ${line.padEnd(width)}  ${what}`)
  const below = lines.flatMap(({ line, what }) => [`  ${line}`, `      ${what}`])
  const shown = beside.every((line) => line.length <= COLUMNS) ? beside : below
  return ['', 'Examples:', ...shown, '', 'Exit codes: 0 upheld, 1 refuted, 2 bad usage or input, 3 broken lab.'].join('\n')
}

/** What a command's file exports: the command as commander knows it, and what runs it to the end. */
export interface Runnable {
  readonly command: Command
  run(): Promise<void>
}

/** A command whose `main` gives the exit code; what it throws is told in layers: one line, then the command's own output. */
export function runnable(command: Command, main: () => Promise<number>): Runnable {
  return {
    command,
    run: async () => {
      // Whoever reads the output may have seen enough.
      process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error
      })
      try {
        process.exitCode = await main()
      } catch (error) {
        console.error(`holeproof: ${messageOf(error)}`)
        if (error instanceof CommandFailed) console.error(error.detail)
        if (!(error instanceof BrokenLab || error instanceof UsageError || error instanceof CommandFailed) && error instanceof Error)
          console.error(error.stack)
        process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.broken
      }
    },
  }
}

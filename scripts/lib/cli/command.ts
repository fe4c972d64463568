import { readFileSync } from 'node:fs'
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import wrapAnsi from 'wrap-ansi'
import { BrokenLab, messageOf, UsageError } from '../../../harness/errors.ts'
import { CommandFailed } from '../../../harness/machine/command_failed.ts'
import { assetPath, commandLine } from '../../../harness/paths.ts'
import { forgetMachine } from '../setup/remembered_machine.ts'

export const EXIT = { upheld: 0, refuted: 1, usage: 2, broken: 3 } as const

export const version: string = JSON.parse(readFileSync(assetPath('package.json'), 'utf8')).version

const COLUMNS = 80

/** An example for a help text: the words to type after `scripts/` or `holeproof`, and what they do. */
export type Example = readonly [words: string, what: string]

/** The exit codes of the commands that reach a verdict on storage, for their help. */
export const VERDICT_EXITS: readonly string[] = ['0 upheld', '1 refuted', '2 bad usage or input', '3 broken lab']

/** A command with examples and the exit codes that it can give in its help, and exit code 2 on bad usage. */
export function newCommand(name: string, description: string, examples: readonly Example[], exitCodes = VERDICT_EXITS): Command {
  return new Command(name)
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ commandUsage: (command) => `${commandLine(name)} ${command.usage()}` })
    .showHelpAfterError(`(${commandLine(name)} --help shows the options)`)
    .addHelpText('after', helpEnd(examples, exitCodes))
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.upheld : EXIT.usage)
    })
}

/** The end of a help text: examples and exit codes, within 80 columns. */
export function helpEnd(examples: readonly Example[], exitCodes: readonly string[]): string {
  const lines = examples.map(([words, what]) => ({ line: commandLine(words), what }))
  const width = Math.max(...lines.map(({ line }) => line.length))
  const beside = lines.map(({ line, what }) => `  ${line.padEnd(width)}  ${what}`)
  const below = lines.flatMap(({ line, what }) => [`  ${line}`, `      ${what}`])
  const shown = beside.every((line) => line.length <= COLUMNS) ? beside : below
  return ['', 'Examples:', ...shown, '', wrapAnsi(`Exit codes: ${exitCodes.join(', ')}.`, COLUMNS)].join('\n')
}

/** The export of a command's file: the command as commander knows it, and the function that runs it to the end. */
export interface Runnable {
  readonly command: CommandUnknownOpts
  run(): Promise<void>
}

/**
 * A command whose `main` returns the exit code. Errors are printed in layers: one line that a person can act on, then the output of
 * the command that failed.
 */
export function runnable(command: CommandUnknownOpts, main: () => Promise<number>): Runnable {
  return {
    command,
    run: async () => {
      // A reader such as `head` may close the pipe early.
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
        if (error instanceof BrokenLab) await forgetMachine()
        process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.broken
      }
    },
  }
}

import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { BrokenLab, CommandFailed, messageOf, UsageError } from '../../harness/machine/errors.ts'

/** 0 upheld, 1 refuted, 2 usage or bad input, 3 broken lab. */
export const EXIT = { upheld: 0, refuted: 1, usage: 2, broken: 3 } as const

export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

/** A line that calls a command, as whoever reads it would: `scripts/verify` in a checkout, `holeproof verify` of the package. */
export function asCalled(line: string): string {
  const { HOLEPROOF_CALLED_AS: name } = process.env
  return name === undefined ? line : line.replace(/^scripts\//, `${name} `)
}

/** A command with holeproof's manners: help with examples, exit code 2 on bad usage. */
export function newCommand(name: string, description: string, examples: readonly (readonly [string, string])[]): Command {
  const called = examples.map(([line, what]) => [asCalled(line), what] as const)
  const width = Math.max(...called.map(([line]) => line.length))
  const shown = called.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`)
  return new Command(asCalled(name))
    .description(description)
    .version(version)
    .showHelpAfterError(`(${asCalled(name)} --help shows the options)`)
    .addHelpText(
      'after',
      ['', 'Examples:', ...shown, '', 'Exit codes: 0 upheld, 1 refuted, 2 bad usage or input, 3 broken lab.'].join('\n'),
    )
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.upheld : EXIT.usage)
    })
}

/** Runs a command to its exit code; what it throws is told in layers: one line, then the command's own output. */
export async function runMain(main: () => Promise<number>): Promise<void> {
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
}

import complete from '@bomb.sh/tab/commander'
import { Command } from '@commander-js/extra-typings'
import type { Command as UntypedCommand } from 'commander'
import { commands } from './commands.ts'

/** The word with which the script of `holeproof completion` asks for completions. No command has this name. */
export const COMPLETE = 'complete'

/** Prints the completions of a command line, from the commands' own options and choices. */
export async function answerShell(words: readonly string[]): Promise<void> {
  const program = new Command('holeproof').helpCommand(false).enablePositionalOptions()
  for (const { summary, load } of commands.values()) program.addCommand((await load()).default.command.description(summary))
  // The package knows commander's own types only; the class is the same.
  complete(program as unknown as UntypedCommand).commands.delete(COMPLETE)
  program.parse([COMPLETE, ...words], { from: 'user' })
}

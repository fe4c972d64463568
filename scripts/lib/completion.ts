import complete from '@bomb.sh/tab/commander'
import { Command } from 'commander'
import { commands } from './commands.ts'

/** How the script of `holeproof completion` asks what may follow the words of a command line. No command is called so. */
export const COMPLETE = 'complete'

/** Answers it, from the commands' own options and choices. */
export async function answerShell(words: readonly string[]): Promise<void> {
  const program = new Command('holeproof').helpCommand(false).enablePositionalOptions()
  for (const { summary, load } of commands.values()) program.addCommand((await load()).default.command.description(summary))
  complete(program).commands.delete(COMPLETE)
  program.parse([COMPLETE, ...words], { from: 'user' })
}

import { Command } from '@commander-js/extra-typings'
import { commandLine } from '../../../harness/paths.ts'
import { EXIT, helpEnd, VERDICT_EXITS, version } from './command.ts'
import { commands } from './commands.ts'
import { answerShell, COMPLETE } from './completion.ts'

/** holeproof as one program: its help, and its error for a command that does not exist. The commands themselves run without it. */
export function newProgram(): Command {
  const program = new Command('holeproof')
    .description('Proves on real LVM whether a volume migration may skip the zero blocks of its source.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ commandUsage: () => commandLine('<command> [options]') })
    .helpCommand(false)
    .showHelpAfterError()
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.upheld : EXIT.usage)
    })
  for (const [name, { summary }] of commands) program.command(name).description(summary)
  return program.addHelpText(
    'after',
    helpEnd(
      [
        ['doctor', 'report what works here and what is missing'],
        ['verify --only host/lvm-thin', 'migrate from thin volumes on real storage'],
        ['certify ./driver.ts', 'test whether a driver keeps its claim'],
        ['verify --help', 'print the options of a command'],
      ],
      VERDICT_EXITS,
    ),
  )
}

/** Runs the command that a command line names, or prints the list of commands. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const [name = '', ...rest] = words
  if (name === COMPLETE) return answerShell(rest)
  const entry = commands.get(name)
  if (entry === undefined) {
    newProgram().parse(words, { from: 'user' })
    return
  }
  // A command expects only its own words in process.argv.
  process.argv.splice(2, 1)
  const { default: command } = await entry.load()
  await command.run()
}

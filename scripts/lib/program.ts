import { Command } from 'commander'
import { EXIT, examplesText, version } from './command.ts'
import { commands } from './commands.ts'
import { answerShell, COMPLETE } from './completion.ts'

/** holeproof as one program: its help, and what it says of a command that does not exist. The commands run by themselves. */
export function newProgram(): Command {
  const program = new Command('holeproof')
    .description('Proves on real LVM whether a volume migration may skip the zero blocks of its source.')
    .version(version)
    .usage('<command> [options]')
    .helpCommand(false)
    .showHelpAfterError('(holeproof --help lists the commands)')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? EXIT.upheld : EXIT.usage)
    })
  for (const [name, { summary }] of commands) program.command(name).description(summary)
  return program.addHelpText(
    'after',
    examplesText([
      ['doctor', 'what works here, and what is missing'],
      ['verify --only host/lvm-thin', 'migrations from thin volumes, on real storage'],
      ['certify ./driver.ts', 'whether a driver keeps its claim'],
      ['verify --help', 'the options of a command'],
    ]),
  )
}

/** Runs the command that the words of a command line name, or says which there are. */
export async function runProgram(words: readonly string[]): Promise<void> {
  const [name = '', ...rest] = words
  if (name === COMPLETE) return answerShell(rest)
  const entry = commands.get(name)
  if (entry === undefined) {
    newProgram().parse(words, { from: 'user' })
    return
  }
  // A command reads its own words alone, however it was called.
  process.argv.splice(2, 1)
  const { default: command } = await entry.load()
  await command.run()
}

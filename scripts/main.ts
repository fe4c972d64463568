import { Command } from 'commander'
import { EXIT, version } from './lib/command.ts'

/** The commands of the package, each a file of its own in commands/. */
const commands = {
  verify: 'migrate between real backends on poisoned storage and check every byte: does the rule hold?',
  certify: 'hold a volume driver, in any language, to its claim',
  explore: 'copy at random on real storage, held against the model',
  prove: 'prove the rule on every small volume, without storage',
  simulate: 'forecast a migration plan',
  report: 'make the HTML report of a result',
  merge: 'make one result of the parts of a run that was shared out',
  compare: 'say what became of a run since an earlier one',
  doctor: 'say what this machine can do, and what it lacks',
  setup: 'bring what a machine kind needs',
  run: 'run a command in a machine of its own',
  sweep: 'remove what a killed run left',
} as const

const EXAMPLES = `
Examples:
  holeproof doctor                         what this machine can do
  holeproof verify --only host/lvm-thin    some of the matrix
  holeproof certify ./my-driver.py         a driver of yours

'holeproof COMMAND --help' shows a command's own options.`

const [, , name = ''] = process.argv
if (Object.hasOwn(commands, name)) {
  process.argv.splice(2, 1)
  await import(`./commands/${name}.ts`)
} else {
  const program = new Command('holeproof')
    .description('Proves on real LVM whether a volume migration may skip the zero blocks of its source.')
    .version(version)
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError()
    .exitOverride(({ exitCode, code }) => process.exit(exitCode === 0 || code === 'commander.help' ? EXIT.upheld : EXIT.usage))
  for (const [command, description] of Object.entries(commands)) program.command(command).description(description)
  program.parse()
}

import { script } from '@bomb.sh/tab'
import { Argument } from '@commander-js/extra-typings'
import { EXIT, newCommand, runnable } from '../lib/cli/command.ts'

const command = newCommand(
  'completion',
  'Prints a script that lets a shell complete commands, options and their choices.',
  [
    ['completion bash', 'for ~/.bashrc: source <(holeproof completion bash)'],
    ['completion zsh', 'for ~/.zshrc: source <(holeproof completion zsh)'],
    ['completion fish', 'for config.fish: holeproof completion fish | source'],
  ],
  ['0 printed', '2 bad usage'],
).addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))

export default runnable(command, async () => {
  const [shell] = command.parse().processedArgs
  script(shell, 'holeproof', 'holeproof')
  return EXIT.upheld
})

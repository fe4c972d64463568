import { script } from '@bomb.sh/tab'
import { Argument } from 'commander'
import { EXIT, newCommand, runnable } from '../lib/command.ts'

const command = newCommand('completion', 'Prints a script that lets a shell complete commands, options and their choices.', [
  ['completion bash', 'for ~/.bashrc: source <(holeproof completion bash)'],
  ['completion zsh', 'for ~/.zshrc: source <(holeproof completion zsh)'],
  ['completion fish', 'for config.fish: holeproof completion fish | source'],
]).addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))

export default runnable(command, async () => {
  const [shell = ''] = command.parse().args
  script(shell, 'holeproof', 'holeproof')
  return EXIT.upheld
})

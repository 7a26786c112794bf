/** `coapstan completion`: what a shell needs to complete our commands. */
import { does, type AddCommand } from '../command.ts'
import { completionScript } from '../completion-script.ts'
import { shells } from '../completion-values.ts'
import { usageFailure } from '../failure.ts'

export const addCompletion: AddCommand = (parent, frame) => {
  does(
    parent
      .command('completion')
      .argument('<shell>', shells.join(', '))
      .description(
        'print a script that completes commands, options, and names of devices, images, campaigns and states',
      ),
    frame,
    [
      'coapstan completion bash > ~/.local/share/bash-completion/completions/coapstan',
      'source <(coapstan completion bash)',
    ],
    async ({ surroundings }, [name]) => {
      const shell = shells.find((one) => one === name)
      if (shell === undefined) throw usageFailure(`'${name}' is no shell known here`, `known are ${shells.join(', ')}`)
      surroundings.out.write(completionScript(shell, parent))
    },
  )
}

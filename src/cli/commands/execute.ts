/** `coapstan execute`: have a device do something. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { codeText, showResult } from '../result.ts'

export const addExecute: AddCommand = (parent, frame) => {
  does<Forcible & { readonly detach?: boolean }>(
    parent
      .command('execute')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<path>', 'a resource that can be executed')
      .argument('[arguments]', "what it is given, for example 0='reboot',1")
      .description('execute a resource of a device')
      .option('--detach', 'do not wait for the device')
      .addOption(forceOption()),
    frame,
    ['coapstan execute urn:dev:demo-1 /3/0/4'],
    async (session, [endpoint, path, given], { detach = false, force }) => {
      const operation = await outcomeOf(session, {
        endpoint: endpoint!,
        draft: {
          kind: 'execute',
          path: path!,
          ...(given !== undefined && { value: given }),
          ...forceOf({ force }),
        },
        detached: detach,
      })
      const sentence = detach ? `operation ${operation.id} is queued` : `${path} is executed${codeText(operation.code)}`
      await showResult(session, operation, sentence)
    },
  )
}

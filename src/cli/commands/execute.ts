/** `coapstan execute`: have a device do something. */
import { does, type AddCommand } from '../command.ts'
import { outcomeOf } from '../outcome.ts'
import { codeText, showResult } from '../result.ts'

export const addExecute: AddCommand = (parent, frame) => {
  does<{ detach?: boolean; force?: boolean }>(
    parent
      .command('execute')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<path>', 'a resource that can be executed')
      .argument('[arguments]', "what it is given, for example 0='reboot',1")
      .description('execute a resource of a device')
      .option('--detach', 'do not wait for the device')
      .option('--force', 'send it even where the object model says no'),
    frame,
    ['coapstan execute urn:dev:demo-1 /3/0/4'],
    async (session, [endpoint, path, given], { detach = false, force }) => {
      const operation = await outcomeOf(session, {
        endpoint: endpoint!,
        draft: {
          kind: 'execute',
          path: path!,
          ...(given !== undefined && { value: given }),
          ...(force && { force }),
        },
        detached: detach,
      })
      const sentence = detach ? `operation ${operation.id} is queued` : `${path} is executed${codeText(operation.code)}`
      await showResult(session, operation, sentence)
    },
  )
}

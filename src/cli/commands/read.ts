/** `coapstan read`: what a device has at a path, by name and unit. */
import { does, type AddCommand } from '../command.ts'
import { outcomeOf } from '../outcome.ts'
import { showResult } from '../result.ts'

export const addRead: AddCommand = (parent, frame) => {
  does(
    parent
      .command('read')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<path>', 'an object, an instance or a resource')
      .description('read an object, an instance or a resource of a device'),
    frame,
    ['coapstan read urn:dev:demo-1 /3/0', 'coapstan read urn:dev:demo-1 /3/0/9 -o json'],
    async (session, [endpoint, path]) => {
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft: { kind: 'read', path: path! } })
      await showResult(session, operation)
    },
  )
}

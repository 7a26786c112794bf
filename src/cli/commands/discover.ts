/** `coapstan discover`: what a device has below a path, and the attributes set on it. */
import { does, type AddCommand } from '../command.ts'
import { outcomeOf } from '../outcome.ts'
import { showResult } from '../result.ts'

export const addDiscover: AddCommand = (parent, frame) => {
  does(
    parent
      .command('discover')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<path>', 'an object, an instance or a resource')
      .description('list what a device has below a path'),
    frame,
    ['coapstan discover urn:dev:demo-1 /3'],
    async (session, [endpoint, path]) => {
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft: { kind: 'discover', path: path! } })
      await showResult(session, operation)
    },
  )
}

/** `coapstan read`: what a device has at a path, by name and unit. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { showResult } from '../result.ts'

export const addRead: AddCommand = (parent, frame) => {
  does<Forcible>(
    parent
      .command('read')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<path>', 'an object, an instance or a resource')
      .description('read an object, an instance or a resource of a device')
      .addOption(forceOption()),
    frame,
    ['coapstan read urn:dev:demo-1 /3/0', 'coapstan read urn:dev:demo-1 /3/0/9 -o json'],
    async (session, [endpoint, path], options) => {
      const draft = { kind: 'read', path: path!, ...forceOf(options) } as const
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft })
      await showResult(session, operation)
    },
  )
}

/** `coapstan discover`: what a device has below a path, and the attributes set on it. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { showResult } from '../result.ts'

export const addDiscover: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions>(
    withPatience(
      parent
        .command('discover')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<path>', 'an object, an instance or a resource')
        .description('list what a device has below a path')
        .addOption(forceOption()),
    ),
    frame,
    ['coapstan discover urn:dev:demo-1 /3'],
    async (session, [endpoint, path], options) => {
      const draft = { kind: 'discover', path: path!, ...forceOf(options) } as const
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft, patience: patienceOf(options) })
      await showResult(session, operation)
    },
  )
}

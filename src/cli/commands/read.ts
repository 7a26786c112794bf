/** `coapstan read`: what a device has at a path, by name and unit. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { showResult } from '../result.ts'

export const addRead: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions>(
    withPatience(
      parent
        .command('read')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<path>', 'an object, an instance or a resource')
        .description('read an object, an instance or a resource of a device')
        .addOption(forceOption()),
    ),
    frame,
    [
      'coapstan read urn:dev:demo-1 /3/0',
      'coapstan read urn:dev:demo-1 Device/0/9 -o json',
      'coapstan read urn:dev:meter-7 /3303/0/5700 --wait 4h',
    ],
    async (session, [endpoint, path], options) => {
      const draft = { kind: 'read', path: path!, ...forceOf(options) } as const
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft, patience: patienceOf(options) })
      await showResult(session, operation)
    },
  )
}

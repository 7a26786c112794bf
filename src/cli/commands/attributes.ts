/** `coapstan attributes`: when a device tells of a value it is observed at. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'

export const addAttributes: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions>(
    withPatience(
      parent
        .command('attributes')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<path>', 'an object, an instance or a resource')
        .argument('<attributes...>', 'pmin=10 pmax=60 gt=… lt=… st=…; without a value it is taken away: pmin=')
        .description('say when a device tells of a path that is observed')
        .addOption(forceOption()),
    ),
    frame,
    ['coapstan attributes urn:dev:demo-1 /3303/0/5700 pmin=10 pmax=60', 'coapstan discover urn:dev:demo-1 /3303/0'],
    async (session, [endpoint, path, given], options) => {
      // Commander hands over the last argument, which repeats, as a list.
      const value = (given as unknown as readonly string[]).join(' ')
      const draft = { kind: 'write-attributes', path: path!, value, ...forceOf(options) } as const
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft, patience: patienceOf(options) })
      await showResult(session, operation, `${operation.path} has its attributes${codeText(operation.code)}`)
    },
  )
}

/** `coapstan delete`: remove an instance of an object on a device. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'

export const addDelete: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions>(
    withPatience(
      parent
        .command('delete')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<path>', 'an instance')
        .description('delete an instance of an object on a device')
        .addOption(forceOption()),
    ),
    frame,
    ['coapstan delete urn:dev:demo-1 /3303/1'],
    async (session, [endpoint, path], options) => {
      const operation = await outcomeOf(session, {
        endpoint: endpoint!,
        draft: { kind: 'delete', path: path!, ...forceOf(options) },
        patience: patienceOf(options),
      })
      await showResult(session, operation, `${path} is deleted${codeText(operation.code)}`)
    },
  )
}

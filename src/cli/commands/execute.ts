/** `coapstan execute`: have a device do something. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'

export const addExecute: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions>(
    withPatience(
      parent
        .command('execute')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<path>', 'a resource that can be executed')
        .argument('[arguments]', "what it is given, for example 0='reboot',1")
        .description('execute a resource of a device')
        .addOption(forceOption()),
    ),
    frame,
    ['coapstan execute urn:dev:demo-1 /3/0/4', 'coapstan execute urn:dev:meter-7 Device/0/Reboot --at-wake'],
    async (session, [endpoint, path, given], options) => {
      const operation = await outcomeOf(session, {
        endpoint: endpoint!,
        draft: {
          kind: 'execute',
          path: path!,
          ...(given !== undefined && { value: given }),
          ...forceOf(options),
        },
        patience: patienceOf(options),
      })
      await showResult(session, operation, `${path} is executed${codeText(operation.code)}`)
    },
  )
}

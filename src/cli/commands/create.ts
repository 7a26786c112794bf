/** `coapstan create`: make an instance of an object on a device. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'
import { parsedJson } from './write.ts'

export const addCreate: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions>(
    withPatience(
      parent
        .command('create')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<path>', 'an object, or the instance wanted')
        .argument('[resources]', 'its resources as JSON: {"5700": 21.5}')
        .description('create an instance of an object on a device')
        .addOption(forceOption()),
    ),
    frame,
    ['coapstan create urn:dev:demo-1 /3303 \'{"5701": "Cel"}\''],
    async (session, [endpoint, path, resources], options) => {
      const operation = await outcomeOf(session, {
        endpoint: endpoint!,
        draft: {
          kind: 'create',
          path: path!,
          ...(resources !== undefined && { value: parsedJson(resources) }),
          ...forceOf(options),
        },
        patience: patienceOf(options),
      })
      await showResult(session, operation, `an instance of ${path} is created${codeText(operation.code)}`)
    },
  )
}

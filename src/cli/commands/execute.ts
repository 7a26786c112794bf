/** `coapstan execute`: have a device do something. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'
import { askMany, targetOf, withSelection, type SelectOptions } from '../selection.ts'

export const addExecute: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions & SelectOptions>(
    withSelection(
      withPatience(
        parent
          .command('execute')
          .argument('[endpoint]', 'its endpoint name; none with --select')
          .argument('[path]', 'a resource that can be executed')
          .argument('[arguments]', "what it is given, for example 0='reboot',1")
          .description('execute a resource of a device')
          .addOption(forceOption()),
      ),
    ),
    frame,
    ['coapstan execute urn:dev:demo-1 /3/0/4', 'coapstan execute urn:dev:meter-7 Device/0/Reboot --at-wake'],
    async (session, args, options) => {
      const target = targetOf(args, options, ['path'], 1)
      const [path, given] = target.rest
      const value = given === undefined ? {} : { value: given }
      const draft = { kind: 'execute', path: path!, ...value, ...forceOf(options) } as const
      const ask = { draft, patience: patienceOf(options) }
      if ('filter' in target) return askMany(session, target.filter, { ...ask, dryRun: options.dryRun })
      const operation = await outcomeOf(session, { ...ask, endpoint: target.endpoint })
      await showResult(session, operation, `${path} is executed${codeText(operation.code)}`)
      return 0
    },
  )
}

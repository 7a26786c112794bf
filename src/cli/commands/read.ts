/** `coapstan read`: what a device has at a path, by name and unit. */
import { does, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { showResult } from '../result.ts'
import { askMany, targetOf, withSelection, type SelectOptions } from '../selection.ts'

export const addRead: AddCommand = (parent, frame) => {
  does<Forcible & PatienceOptions & SelectOptions>(
    withSelection(
      withPatience(
        parent
          .command('read')
          .argument('[endpoint]', 'its endpoint name; none with --select')
          .argument('[path]', 'an object, an instance or a resource')
          .description('read an object, an instance or a resource of a device')
          .addOption(forceOption()),
      ),
    ),
    frame,
    [
      'coapstan read urn:dev:demo-1 /3/0',
      'coapstan read urn:dev:demo-1 Device/0/9 -o json',
      'coapstan read urn:dev:meter-7 /3303/0/5700 --wait 4h',
      'coapstan read --select product=meter,tag.site=berlin /3/0/9',
    ],
    async (session, args, options) => {
      const target = targetOf(args, options, ['path'])
      const draft = { kind: 'read', path: target.rest[0]!, ...forceOf(options) } as const
      const ask = { draft, patience: patienceOf(options) }
      if ('filter' in target) return askMany(session, target.filter, { ...ask, dryRun: options.dryRun })
      const operation = await outcomeOf(session, { ...ask, endpoint: target.endpoint })
      await showResult(session, operation)
      return 0
    },
  )
}

/** `coapstan write`: give a resource a value, or an instance several. */
import { does, type AddCommand } from '../command.ts'
import { usageFailure } from '../failure.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'
import { askMany, targetOf, withSelection, type SelectOptions } from '../selection.ts'

interface WriteOptions extends Forcible, PatienceOptions, SelectOptions {
  readonly json?: boolean
  readonly partial?: boolean
}

export const addWrite: AddCommand = (parent, frame) => {
  does<WriteOptions>(
    withSelection(
      withPatience(
        parent
          .command('write')
          .argument('[endpoint]', 'its endpoint name; none with --select')
          .argument('[path]', 'a resource; with --json also an instance')
          .argument('[value]', 'as text; the object model says what type it becomes')
          .description('write a resource of a device')
          .option('--json', 'the value is JSON: an object of resources, or of instances')
          .option('--partial', 'leave what is not named as it is')
          .addOption(forceOption()),
      ),
    ),
    frame,
    [
      'coapstan write urn:dev:demo-1 /3/0/14 "+02:00"',
      'coapstan write urn:dev:demo-1 /1/0 \'{"2": 60, "3": 300}\' --json --partial',
    ],
    async (session, args, options) => {
      const target = targetOf(args, options, ['path', 'value'])
      const [path, text] = target.rest
      const draft = {
        kind: options.partial ? 'write-partial' : 'write',
        path: path!,
        value: options.json ? parsedJson(text!) : text!,
        ...forceOf(options),
      } as const
      const ask = { draft, patience: patienceOf(options) }
      if ('filter' in target) return askMany(session, target.filter, { ...ask, dryRun: options.dryRun })
      const operation = await outcomeOf(session, { ...ask, endpoint: target.endpoint })
      await showResult(session, operation, `${path} is written${codeText(operation.code)}`)
      return 0
    },
  )
}

export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw usageFailure(`the value is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

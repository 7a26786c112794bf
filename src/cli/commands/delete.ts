/** `coapstan delete`: remove an instance of an object on a device. */
import { does, type AddCommand } from '../command.ts'
import { outcomeOf } from '../outcome.ts'
import { codeText, showResult } from '../result.ts'

export const addDelete: AddCommand = (parent, frame) => {
  does<{ force?: boolean }>(
    parent
      .command('delete')
      .argument('<endpoint>', 'its endpoint name')
      .argument('<path>', 'an instance')
      .description('delete an instance of an object on a device')
      .option('--force', 'send it even where the object model says no'),
    frame,
    ['coapstan delete urn:dev:demo-1 /3303/1'],
    async (session, [endpoint, path], { force }) => {
      const operation = await outcomeOf(session, {
        endpoint: endpoint!,
        draft: { kind: 'delete', path: path!, ...(force && { force }) },
      })
      await showResult(session, operation, `${path} is deleted${codeText(operation.code)}`)
    },
  )
}

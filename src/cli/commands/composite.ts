/** `coapstan composite`: several paths of a device in one message each way (LwM2M 1.1 and later). */
import type { OperationDraftJson } from '../../api/contract/operation.ts'
import { does, withExamples, type AddCommand } from '../command.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { codeText, showResult } from '../result.ts'
import { pairsOf } from '../session.ts'
import { parsedJson } from './write.ts'

export const addComposite: AddCommand = (parent, frame) => {
  const composite = withExamples(
    parent.command('composite').description('read, write or observe several paths of a device at once'),
    ['coapstan composite read urn:dev:demo-1 /3/0/9 /3303/0/5700', 'coapstan composite write --help'],
  )
  does<Forcible & PatienceOptions>(
    withPatience(
      composite
        .command('read')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<paths...>', 'objects, instances or resources')
        .description('read several paths at once')
        .addOption(forceOption()),
    ),
    frame,
    ['coapstan composite read urn:dev:demo-1 /3/0/9 /3303/0/5700'],
    async (session, [endpoint, paths], options) => {
      const draft = { kind: 'read-composite', path: joined(paths), ...forceOf(options) } as const
      await showResult(session, await outcomeOf(session, { endpoint: endpoint!, draft, patience: patienceOf(options) }))
    },
  )
  does<Forcible & { readonly json?: boolean } & PatienceOptions>(
    withPatience(
      composite
        .command('write')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<values...>', 'path=value, one or more; with --json one object of values by path')
        .description('write several paths at once; what is not named stays')
        .option('--json', 'the values are JSON; null takes a resource instance away')
        .addOption(forceOption()),
    ),
    frame,
    [
      'coapstan composite write urn:dev:demo-1 /3/0/14=+02:00 /3/0/15=Europe/Berlin',
      'coapstan composite write urn:dev:demo-1 \'{"/3/0/14": "+02:00", "/1/0/2": 60}\' --json',
    ],
    async (session, [endpoint, given], options) => {
      const values = given as unknown as readonly string[]
      const value = options.json ? parsedJson(values.join(' ')) : pairsOf('value', values)
      // The paths are in the values; one has to stand in the path all the same.
      const draft: OperationDraftJson = { kind: 'write-composite', path: '/', value, ...forceOf(options) }
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft, patience: patienceOf(options) })
      await showResult(session, operation, `${operation.path} are written${codeText(operation.code)}`)
    },
  )
  does<Forcible & { readonly cancel?: boolean; readonly attributes?: string } & PatienceOptions>(
    withPatience(
      composite
        .command('observe')
        .argument('<endpoint>', 'its endpoint name')
        .argument('<paths...>', 'two or more objects, instances or resources')
        .description('have a device tell of several paths in one message; it stays so until cancelled')
        .option(
          '--attributes <list>',
          'when to tell, of each of the paths: pmin=10,pmax=60; told again after every registration',
        )
        .option('--cancel', 'no longer observe these')
        .addOption(forceOption()),
    ),
    frame,
    [
      'coapstan composite observe urn:dev:demo-1 /3/0/9 /3303/0/5700',
      'coapstan composite observe urn:dev:demo-1 /3/0/9 /3303/0/5700 --attributes pmin=10,pmax=3600',
      'coapstan composite observe urn:dev:demo-1 /3/0/9 /3303/0/5700 --cancel',
    ],
    async (session, [endpoint, paths], options) => {
      const { cancel, attributes } = options
      const kind = cancel ? 'cancel-observe' : 'observe-composite'
      const value = cancel || attributes === undefined ? {} : { value: attributes }
      const draft = { kind, path: joined(paths), ...value, ...forceOf(options) } as const
      const operation = await outcomeOf(session, { endpoint: endpoint!, draft, patience: patienceOf(options) })
      const { id, path, finishedAt } = operation
      if (cancel && finishedAt !== undefined) {
        return session.output.done(operation, String(id), `${path} are no longer observed`)
      }
      await showResult(session, operation, `${path} are observed`)
    },
  )
}

/** Commander hands over the last argument, which repeats, as a list. */
function joined(paths: string | undefined): string {
  return (paths as unknown as readonly string[]).join(' ')
}

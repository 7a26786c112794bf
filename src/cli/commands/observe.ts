/** `coapstan observe`: have a device tell when something changes, and follow what it tells. */
import type { EventJson } from '../../api/contract/event.ts'
import type { OperationJson } from '../../api/contract/operation.ts'
import type { ObservationJson } from '../../api/contract/observation.ts'
import { does, withExamples, type AddCommand } from '../command.ts'
import { isContent, isNotification, leavesLine, leavesOf, samplesLine } from '../content.ts'
import { followEvents, newestEvent, type Following } from '../event-source.ts'
import { usageFailure } from '../failure.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf, type Patience } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { showResult } from '../result.ts'
import { askMany, targetOf, withSelection, type SelectOptions } from '../selection.ts'
import type { Session } from '../session.ts'
import { printable, relativeTime, type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { addObserveRules, addRule } from './observe-rules.ts'

interface ObserveOptions extends Forcible {
  readonly follow?: boolean
  readonly cancel?: boolean
  readonly attributes?: string
}

export const addObserve: AddCommand = (parent, frame) => {
  const observe = withExamples(
    parent.command('observe').description('have a device tell when something changes; show what is observed'),
    [
      'coapstan observe urn:dev:demo-1 /4/0/2 --follow',
      'coapstan observe --select product=demo /3/0/9     # every such device, those to come too',
      'coapstan observe status urn:dev:demo-1',
    ],
  )
  does<ObserveOptions & PatienceOptions & SelectOptions>(
    withSelection(
      withPatience(
        observe
          .command('begin', { isDefault: true })
          .argument('[endpoint]', 'its endpoint name; none with --select')
          .argument('[path]', 'an object, an instance or a resource')
          .description('have a device tell when something changes; it stays observed until cancelled')
          .option('--follow', 'show what it tells as it comes, until Ctrl-C')
          .option('--attributes <list>', 'when to tell: pmin=10,pmax=60,gt=…,lt=…,st=…')
          .option('--cancel', 'no longer observe it')
          .addOption(forceOption()),
      ),
    ),
    frame,
    [
      'coapstan observe urn:dev:demo-1 /4/0/2 --follow',
      'coapstan observe urn:dev:demo-1 /3303/0/5700 --attributes pmin=10,st=0.5',
      'coapstan observe urn:dev:demo-1 /4/0/2 --cancel',
    ],
    async (session, args, options) => {
      const { follow, cancel, attributes, dryRun } = options
      const target = targetOf(args, options, ['path'])
      const path = target.rest[0]!
      const patience = patienceOf(options)
      if (cancel && follow) throw usageFailure('an observation is cancelled or followed, not both')
      if ('filter' in target) {
        if (follow) throw usageFailure('--follow shows one device', 'coapstan events --kind notification shows all')
        if (cancel) throw usageFailure('a rule is ended by its number', 'see them with: coapstan observe rules')
        if (attributes !== undefined) throw usageFailure('a rule has no attributes', 'write them: coapstan attributes')
        if (dryRun) return askMany(session, target.filter, { draft: { kind: 'observe', path }, patience, dryRun })
        return addRule(session, target.filter, path)
      }
      const { endpoint } = target
      if (cancel) return endObservation(session, endpoint, path, patience)
      const after = follow ? await newestEvent(session.client) : 0
      const draft = {
        kind: 'observe',
        path,
        ...(attributes !== undefined && { value: attributes }),
        ...forceOf(options),
      } as const
      const operation = await outcomeOf(session, { endpoint, draft, patience })
      if (follow) {
        await showFirst(session, operation)
        await followNotifications(session, operation, after)
      } else {
        await showResult(session, operation, `${operation.path} is observed`)
        session.note(`it stays observed; end that with: coapstan observe ${endpoint} ${path} --cancel`)
      }
    },
  )
  addObserveRules(observe, frame)
  does(
    observe
      .command('status')
      .argument('<endpoint>', 'its endpoint name')
      .description('show what is to be observed on a device, and whether it is'),
    frame,
    ['coapstan observe status urn:dev:demo-1'],
    async ({ client, output, surroundings }, [endpoint]) => {
      const { observations } = await client.call('listObservations', { params: { endpoint: endpoint! } })
      await output.list({
        rows: observations,
        columns: columns(surroundings.now()),
        name: ({ path }) => path,
        empty: `nothing is observed on ${endpoint}`,
      })
    },
  )
}

const stateStyles: Readonly<Record<ObservationJson['state'], Style>> = {
  wanted: 'yellow',
  established: 'green',
  refused: 'red',
}

function columns(now: number): readonly Column<ObservationJson>[] {
  return [
    { title: 'PATH', text: ({ path }) => path, flexible: true },
    { title: 'STATE', text: ({ state }) => state, style: ({ state }) => stateStyles[state] },
    { title: 'WANTED BY', text: ({ origin }) => origin },
    { title: 'LAST TOLD', text: ({ lastNotification }) => relativeTime(lastNotification, now) },
    { title: 'REASON', text: ({ reason = '' }) => reason, flexible: true },
  ]
}

async function endObservation(session: Session, endpoint: string, path: string, patience: Patience): Promise<void> {
  const operation = await outcomeOf(session, { endpoint, draft: { kind: 'cancel-observe', path }, patience })
  if (operation.finishedAt === undefined) return showResult(session, operation)
  await session.output.done(operation, String(operation.id), `${operation.path} is no longer observed`)
}

/** What the device said when the observation was established (RFC 7641 §3.1). */
async function showFirst(session: Session, { result, finishedAt, createdAt, path }: OperationJson): Promise<void> {
  if (!isContent(result)) return
  const samples = leavesOf(result)
  await showTold(session, { at: finishedAt ?? createdAt, path, samples }, leavesLine(samples))
}

async function followNotifications(session: Session, observed: OperationJson, after: number): Promise<void> {
  const { client, surroundings, note } = session
  const { endpoint, path } = observed
  note(`following ${path} of ${endpoint}; Ctrl-C ends this, the observation stays`)
  const query: Following['query'] = { endpoint, kind: ['notification', 'observation.ended'] }
  for await (const event of followEvents(client, surroundings, { query, after })) {
    if (event.detail['path'] !== path) continue
    if (event.kind === 'notification') await showNotification(session, event)
    else note(`the observation ended: ${printable(event.cause)}`)
  }
}

async function showNotification(session: Session, { at, detail }: EventJson): Promise<void> {
  if (!isNotification(detail)) return
  const { path, samples = [], undecodable } = detail
  const text = undecodable === undefined ? samplesLine(samples) : `cannot be read: ${printable(undecodable)}`
  await showTold(session, { at, path, samples }, text)
}

interface Told {
  readonly at: string
  readonly path: string
  readonly samples: readonly unknown[]
}

async function showTold({ output, paint }: Session, told: Told, text: string): Promise<void> {
  await output.next(told, {
    columns: [
      { title: 'AT', text: ({ at }) => at },
      { title: 'PATH', text: ({ path }) => path },
      { title: 'VALUES', text: () => text },
    ],
    name: ({ path }) => path,
    line: `${paint('dim', told.at)}  ${text}`,
  })
}

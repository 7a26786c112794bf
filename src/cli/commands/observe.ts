/** `coapstan observe`: have a device tell when something changes, and follow what it tells. */
import type { EventJson } from '../../api/contract/event.ts'
import type { OperationJson } from '../../api/contract/operation.ts'
import type { ObservationJson } from '../../api/contract/observation.ts'
import { does, usualCommand, withExamples, type AddCommand } from '../command.ts'
import { attributeList, isContent, isNotification, leavesLine, leavesOf, samplesLine } from '../content.ts'
import { followEvents, newestEvent, type Following } from '../event-source.ts'
import { usageFailure } from '../failure.ts'
import { forceOf, forceOption, type Forcible } from '../force.ts'
import { outcomeOf, type Patience } from '../outcome.ts'
import { patienceOf, withPatience, type PatienceOptions } from '../patience.ts'
import { showResult } from '../result.ts'
import { askMany, targetOf, withSelection, type SelectOptions } from '../selection.ts'
import type { Session } from '../session.ts'
import { printable, type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { addObserveRules, addRule } from './observe-rules.ts'
import { timeColumn } from '../time-column.ts'

interface ObserveOptions extends Forcible {
  readonly follow?: boolean
  readonly cancel?: boolean
  readonly attributes?: string
  readonly each?: boolean
}

export const addObserve: AddCommand = (parent, frame) => {
  const observe = withExamples(
    parent.command('observe').description('have a device tell when something changes; show what is observed'),
    [
      'coapstan observe urn:dev:demo-1 /4/0/2 --follow',
      'coapstan observe --select product=demo /3/0/9 --attributes pmin=60   # a rule: those to come too',
      'coapstan observe status urn:dev:demo-1',
    ],
  )
  does<ObserveOptions & PatienceOptions & SelectOptions>(
    withSelection(
      withPatience(
        usualCommand(observe, 'begin')
          .argument('[endpoint]', 'its endpoint name; none with --select')
          .argument('[path]', 'an object, an instance or a resource')
          .description('have a device tell when something changes; it stays observed until cancelled')
          .option('--follow', 'show what it tells as it comes, until Ctrl-C')
          .option(
            '--attributes <list>',
            'when to tell: pmin=10,pmax=60,gt=…,lt=…,st=…; told again after every registration',
          )
          .option('--each', 'with --select: the devices there are now, one by one, instead of a rule')
          .option('--cancel', 'no longer observe it')
          .addOption(forceOption()),
      ),
    ),
    frame,
    [
      'coapstan observe urn:dev:demo-1 /4/0/2 --follow',
      'coapstan observe urn:dev:demo-1 /3303/0/5700 --attributes pmin=10,st=0.5',
      'coapstan observe urn:dev:demo-1 /4/0/2 --cancel',
      'coapstan observe --select product=meter,tag.site=berlin /3/0/9          # a rule',
      'coapstan observe --select product=meter /3/0/9 --each                   # those there are now',
      'coapstan observe --select status=awake /3/0/9                           # those there are now',
    ],
    async (session, args, options) => {
      const { follow, cancel, attributes, dryRun, each = false } = options
      const target = targetOf(args, options, ['path'])
      const path = target.rest[0]!
      const patience = patienceOf(options)
      if (cancel && follow) throw usageFailure('an observation is cancelled or followed, not both')
      if ('filter' in target) {
        const { filter } = target
        if (follow) throw usageFailure('--follow shows one device', 'coapstan events --kind notification shows all')
        // What selects by more than a product and tags holds for a moment only: nothing a rule could go by.
        const isRule = !each && filter.status === undefined && filter.prefix === undefined
        if (cancel && isRule) {
          throw usageFailure(
            'a rule is ended by its number',
            'coapstan observe rules lists them; --each ends one by one',
          )
        }
        if (isRule && !dryRun) return addRule(session, filter, path, attributes)
        const kind = cancel ? 'cancel-observe' : 'observe'
        const draft = {
          kind,
          path,
          ...(attributes !== undefined && { value: attributes }),
          ...forceOf(options),
        } as const
        return askMany(session, filter, { draft, patience, dryRun })
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
  does<{ readonly check?: boolean }>(
    observe
      .command('status')
      .argument('<endpoint>', 'its endpoint name')
      .description('show what is to be observed on a device, whether it is, and whether its attributes drifted')
      .option('--check', 'ask the device first what attributes it has (Discover)'),
    frame,
    ['coapstan observe status urn:dev:demo-1', 'coapstan observe status urn:dev:demo-1 --check'],
    async (session, [endpoint], { check }) => {
      const { client, output, surroundings } = session
      if (check) await discoverObserved(session, endpoint!)
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
    { title: 'WANTED BY', text: ({ wantedBy }) => wantedBy.join(', ') },
    { title: 'WHEN', text: attributesText, flexible: true },
    timeColumn('LAST TOLD', ({ lastNotification }) => lastNotification, now),
    { title: 'REASON', text: ({ reason = '' }) => reason, flexible: true },
  ]
}

/** `pmin=10 pmax=60`, and what is otherwise about it. */
function attributesText({ attributes }: ObservationJson): string {
  if (attributes === undefined) return ''
  const { wanted, state, reason, drift = [] } = attributes
  const drifted = drift.map(({ name, actual }) => `${name} was ${actual ?? 'not set'} on the device`)
  const notes = [state === 'due' ? 'to be told' : '', reason ?? '', ...drifted].filter((note) => note !== '')
  return `${attributeList(wanted)}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`
}

/** What each observed object instance says of its attributes; the server compares. */
async function discoverObserved(session: Session, endpoint: string): Promise<void> {
  const { observations } = await session.client.call('listObservations', { params: { endpoint } })
  const paths = observations
    .filter(({ attributes }) => attributes !== undefined)
    .flatMap(({ path }) => path.split(' ').map((each) => each.split('/').slice(0, 3).join('/')))
    .filter((path) => path !== '/')
  for (const path of new Set(paths)) await outcomeOf(session, { endpoint, draft: { kind: 'discover', path } })
}

async function endObservation(session: Session, endpoint: string, path: string, patience: Patience): Promise<void> {
  const operation = await outcomeOf(session, { endpoint, draft: { kind: 'cancel-observe', path }, patience })
  if (operation.finishedAt === undefined) return showResult(session, operation)
  const text = operation.detail ?? `${operation.path} is no longer observed`
  await session.output.done(operation, String(operation.id), text)
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

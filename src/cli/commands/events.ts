/** `coapstan events`: what happened, and what happens. */
import type { EventJson } from '../../api/contract/event.ts'
import { does, gathered, type AddCommand } from '../command.ts'
import { isContent, isNotification, leavesOf, samplesLine, shortLine } from '../content.ts'
import { followEvents, newestEvent, type Following } from '../event-source.ts'
import { countOf, type Session } from '../session.ts'
import { printable } from '../style.ts'
import type { Column } from '../table.ts'

interface EventsOptions {
  readonly follow?: boolean
  readonly kind?: readonly string[]
  readonly endpoint?: string
  readonly after?: string
  readonly limit: string
}

export const addEvents: AddCommand = (parent, frame) => {
  does<EventsOptions>(
    parent
      .command('events')
      .description('list what happened')
      .option('--follow', 'go on with what happens, until Ctrl-C')
      .option('--kind <kind>', 'only of this kind, for example notification; may be given more than once', gathered)
      .option('--endpoint <endpoint>', 'only of this device')
      .option('--after <id>', 'only what came after the event of this number')
      .option('--limit <count>', 'the newest so many', '20'),
    frame,
    ['coapstan events --follow', 'coapstan events --kind operation.finished --endpoint urn:dev:demo-1'],
    async (session, _args, { follow, kind, endpoint, after, limit }) => {
      const filter = {
        ...(kind !== undefined && { kind }),
        ...(endpoint !== undefined && { endpoint }),
      } as Following['query']
      const from = after === undefined ? undefined : countOf('--after', after)
      if (follow) return followAll(session, filter, from ?? (await newestEvent(session.client)))
      const query = { ...filter, limit: countOf('--limit', limit, 1), ...(from !== undefined && { after: from }) }
      const { events } = await session.client.call('events', { query })
      await session.output.list({ rows: events, columns, name: ({ id }) => String(id), empty: 'nothing happened' })
    },
  )
}

const columns: readonly Column<EventJson>[] = [
  { title: 'ID', text: ({ id }) => String(id), align: 'right' },
  { title: 'AT', text: ({ at }) => at },
  { title: 'KIND', text: ({ kind }) => kind },
  { title: 'ENDPOINT', text: ({ endpoint }) => endpoint ?? '', flexible: 'middle' },
  { title: 'CAUSE', text: ({ cause }) => cause, flexible: true },
  { title: 'DETAIL', text: detailText, flexible: 'wraps' },
]

async function followAll(
  { client, surroundings, output, paint }: Session,
  query: Following['query'],
  after: number,
): Promise<void> {
  for await (const event of followEvents(client, surroundings, { query, after })) {
    const { id, at, kind, endpoint = '', cause } = event
    await output.next(event, {
      columns,
      name: () => String(id),
      line: [
        paint('dim', at),
        paint('cyan', kind),
        ...[endpoint, cause, detailText(event)].filter((part) => part !== '').map(printable),
      ].join('  '),
    })
  }
}

/** Notifications as values, everything else as `name=value`. */
function detailText({ kind, detail }: EventJson): string {
  if (kind === 'notification' && isNotification(detail) && detail.samples !== undefined) {
    return samplesLine(detail.samples)
  }
  return Object.entries(detail)
    .map(([name, value]) => `${name}=${memberText(value)}`)
    .join(' ')
}

function memberText(value: unknown): string {
  if (isContent(value)) return shortLine(leavesOf(value))
  return typeof value === 'string' ? value : JSON.stringify(value)
}

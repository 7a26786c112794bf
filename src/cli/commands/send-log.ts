/** `coapstan send-log`: what devices handed over unasked (Send), value by value with the device's own times. */
import type { EventJson } from '../../api/contract/event.ts'
import { does, type AddCommand } from '../command.ts'
import { leavesLine, type Leaf } from '../content.ts'
import { followEvents, newestEvent, type Following } from '../event-source.ts'
import { countOf, type Session } from '../session.ts'
import { printable } from '../style.ts'
import type { Column } from '../table.ts'

interface SendLogOptions {
  readonly follow?: boolean
  readonly limit: string
}

/** One value of a Send. */
interface Sent extends Leaf {
  readonly endpoint: string
  /** When we got it. */
  readonly received: string
  /** When it was so, as the device says; absent where it does not. */
  readonly at?: string
}

export const addSendLog: AddCommand = (parent, frame) => {
  does<SendLogOptions>(
    parent
      .command('send-log')
      .argument('[endpoint]', 'of this device only')
      .description('list what devices sent unasked (LwM2M Send), each value with its time')
      .option('--follow', 'go on with what comes, until Ctrl-C')
      .option('--limit <count>', 'of the newest so many Sends', '20'),
    frame,
    ['coapstan send-log urn:dev:demo-1', 'coapstan send-log --follow', 'coapstan send-log --limit 500 -o csv'],
    async (session, [endpoint], { follow, limit }) => {
      const query = { kind: ['send'], ...(endpoint !== undefined && { endpoint }) } as Following['query']
      const after = follow ? await newestEvent(session.client) : 0
      const { events } = await session.client.call('events', {
        query: { ...query, limit: countOf('--limit', limit, 1) },
      })
      const rows = events.flatMap(valuesOf)
      await session.output.list({
        rows,
        columns: columnsFor(endpoint),
        name: ({ path }) => path,
        empty: 'nothing was sent',
      })
      if (follow) await followSends(session, query, after, endpoint)
    },
  )
}

/** The values of a Send; one that could not be read is a row that says so. */
function valuesOf({ at: received, endpoint = '', detail }: EventJson): readonly Sent[] {
  const { samples, undecodable, detail: why, payload } = detail
  if (Array.isArray(samples)) {
    return (samples as readonly Omit<Sent, 'endpoint' | 'received'>[]).map((sample) => ({
      endpoint,
      received,
      ...sample,
    }))
  }
  const reason = [why ?? undecodable, payload].filter((part) => typeof part === 'string').join(', octets ')
  return [{ endpoint, received, path: '', value: `cannot be read: ${reason}` }]
}

const columns: readonly Column<Sent>[] = [
  { title: 'RECEIVED', text: ({ received }) => received },
  { title: 'AT', text: ({ at = '' }) => at },
  { title: 'PATH', text: ({ path }) => path },
  { title: 'NAME', text: ({ name = '' }) => name, flexible: true },
  { title: 'VALUE', text: valueText, flexible: true },
]

function columnsFor(endpoint: string | undefined): readonly Column<Sent>[] {
  if (endpoint !== undefined) return columns
  return [{ title: 'ENDPOINT', text: (sent) => sent.endpoint, flexible: 'middle' }, ...columns]
}

function valueText({ value, unit }: Sent): string {
  return unit === undefined ? String(value) : `${String(value)} ${unit}`
}

async function followSends(
  { client, surroundings, output, paint }: Session,
  query: Following['query'],
  after: number,
  endpoint: string | undefined,
): Promise<void> {
  for await (const event of followEvents(client, surroundings, { query, after })) {
    for (const sent of valuesOf(event)) {
      const text = sent.path === '' ? printable(String(sent.value)) : leavesLine([sent])
      const line = [paint('dim', sent.received), endpoint === undefined ? sent.endpoint : '', sent.path, text]
      await output.next(sent, {
        columns: columnsFor(endpoint),
        name: ({ path }) => path,
        line: [...line, sent.at === undefined ? '' : paint('dim', `at ${sent.at}`)]
          .filter((part) => part !== '')
          .join('  '),
      })
    }
  }
}

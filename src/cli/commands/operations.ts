/** `coapstan operations`: what was asked of devices and what became of it. */
import type { OperationJson } from '../../api/contract/operation.ts'
import type { Call } from '../../api/contract/routes.ts'
import { does, usualCommand, withExamples, type AddCommand } from '../command.ts'
import { isContent, leavesLine, leavesOf, outcomeText } from '../content.ts'
import { followEvents, newestEvent, type Following } from '../event-source.ts'
import { countOf, type Session } from '../session.ts'
import { printable, type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { timeColumn } from '../time-column.ts'

interface ListOptions {
  readonly state?: string
  readonly limit: string
  readonly follow?: boolean
}

export const addOperations: AddCommand = (parent, frame) => {
  const operations = withExamples(
    parent
      .command('operations')
      .description('list what was asked of devices and what became of it; show or cancel one'),
    ['coapstan operations urn:dev:demo-1', 'coapstan operations --follow', 'coapstan operations show 17'],
  )
  does<ListOptions>(
    usualCommand(operations, 'list')
      .description('list what was asked of devices and what became of it')
      .argument('[endpoint]', 'of this device only')
      .option('--state <state>', 'queued, sent, acknowledged, failed, expired or cancelled')
      .option('--limit <count>', 'the newest so many', '50')
      .option('--follow', 'go on with what changes, until Ctrl-C'),
    frame,
    ['coapstan operations urn:dev:demo-1', 'coapstan operations --state queued', 'coapstan operations --follow'],
    async (session, [endpoint], options) => {
      const after = options.follow ? await newestEvent(session.client) : 0
      await list(session, endpoint, options)
      if (options.follow) await follow(session, endpoint, after)
    },
  )
  does(
    operations.command('show').argument('<id>', 'its number').description('show one operation and its result'),
    frame,
    ['coapstan operations show 17'],
    async (session, [id]) => {
      const operation = await session.client.call('readOperation', { params: { id: countOf('operation', id!, 1) } })
      await show(session, operation)
    },
  )
  does(
    operations
      .command('cancel')
      .argument('<id>', 'its number')
      .description('take back an operation that has not been sent'),
    frame,
    ['coapstan operations cancel 17'],
    async (session, [id]) => {
      const operation = await session.client.call('cancelOperation', { params: { id: countOf('operation', id!, 1) } })
      await session.output.done(operation, id!, `operation ${id} is ${operation.state}`)
    },
  )
}

const stateStyles: Readonly<Record<OperationJson['state'], Style>> = {
  queued: 'cyan',
  sent: 'cyan',
  acknowledged: 'green',
  failed: 'red',
  expired: 'yellow',
  cancelled: 'dim',
}

function columns(now: number, endpoint: string | undefined): readonly Column<OperationJson>[] {
  return [
    { title: 'ID', text: (operation) => String(operation.id), align: 'right' },
    ...(endpoint === undefined
      ? [{ title: 'ENDPOINT', text: (operation: OperationJson) => operation.endpoint, flexible: 'middle' as const }]
      : []),
    { title: 'KIND', text: (operation) => operation.kind },
    { title: 'PATH', text: (operation) => operation.path, flexible: true },
    { title: 'STATE', text: (operation) => operation.state, style: (operation) => stateStyles[operation.state] },
    timeColumn('ASKED', (operation) => operation.createdAt, now),
    { title: 'OUTCOME', text: outcomeText, flexible: true },
  ]
}

async function list(
  { client, output, surroundings }: Session,
  endpoint: string | undefined,
  { state, limit }: ListOptions,
): Promise<void> {
  const query = { limit: countOf('--limit', limit, 1), ...(state !== undefined && { state }) } as Pick<
    Call<'listOperations'>['query'],
    'limit' | 'state'
  >
  const { operations } =
    endpoint === undefined
      ? await client.call('listOperations', { query })
      : await client.call('listDeviceOperations', { params: { endpoint }, query })
  await output.list({
    rows: operations,
    columns: columns(surroundings.now(), endpoint),
    name: (operation) => String(operation.id),
    empty: endpoint === undefined ? 'nothing was asked of any device' : `nothing was asked of ${endpoint}`,
  })
}

async function follow(
  { client, output, surroundings }: Session,
  endpoint: string | undefined,
  after: number,
): Promise<void> {
  const query: Following['query'] = {
    kind: ['operation.queued', 'operation.sent', 'operation.finished'],
    ...(endpoint !== undefined && { endpoint }),
  }
  for await (const { detail } of followEvents(client, surroundings, { query, after })) {
    if (typeof detail['operation'] !== 'number') continue
    // The event says that something became of it; what that is, the operation itself says.
    const operation = await client.call('readOperation', { params: { id: detail['operation'] } })
    await output.next(operation, {
      columns: columns(surroundings.now(), endpoint),
      name: () => String(operation.id),
      line: lineOf(operation),
    })
  }
}

function lineOf(operation: OperationJson): string {
  const { id, endpoint, kind, path, state } = operation
  return printable([id, endpoint, kind, path, state, outcomeText(operation)].filter((part) => part !== '').join('  '))
}

async function show({ output }: Session, operation: OperationJson): Promise<void> {
  const { id, endpoint, kind, path, value, state, reason, detail, code, attempts } = operation
  await output.detail({
    whole: operation,
    name: String(id),
    fields: [
      ['Operation', String(id)],
      ['Endpoint', endpoint],
      ['Asked', [kind, path, value === undefined ? '' : JSON.stringify(value)].filter(Boolean).join(' ')],
      ['State', state],
      ['Code', code ?? ''],
      ['Reason', [reason, detail].filter(Boolean).join(': ')],
      ['Attempts', String(attempts)],
      ['Created', operation.createdAt],
      ['Sent', operation.sentAt ?? ''],
      ['Finished', operation.finishedAt ?? ''],
      ['Deadline', operation.deadline],
      ['Result', resultText(operation.result)],
    ],
  })
}

function resultText(result: unknown): string {
  if (result === undefined) return ''
  return isContent(result) ? leavesLine(leavesOf(result)) : JSON.stringify(result)
}

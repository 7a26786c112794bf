/**
 * `--select product=meter,tag.site=berlin`: one question to many devices. Those that listen are waited
 * for, the others are asked when they wake; what became of each is a row.
 */
import type { Command } from 'commander'
import type { DeviceJson } from '../api/contract/device.ts'
import type { OperationDraftJson, OperationJson } from '../api/contract/operation.ts'
import { outcomeText } from './content.ts'
import { ServerProblem, usageFailure } from './failure.ts'
import { devicesOf, type DeviceQuery } from './fleet.ts'
import { followed, type Patience } from './outcome.ts'
import { ProgressBar } from './progress.ts'
import type { Session } from './session.ts'
import { counted } from './style.ts'
import type { Column } from './table.ts'

export interface SelectOptions {
  readonly select?: string
  readonly dryRun?: boolean
}

export function withSelection(command: Command): Command {
  return command
    .option('--select <filter>', 'many devices instead of one: product=meter,tag.site=berlin,prefix=urn:,status=awake')
    .option('--dry-run', 'with --select: count the devices and ask none')
}

/** Whom a command asks, and its other arguments. */
export type Target =
  | { readonly endpoint: string; readonly rest: readonly string[] }
  | { readonly filter: DeviceQuery; readonly rest: readonly string[] }

/** The endpoint stands first, unless `--select` takes its place; `names` are the arguments that must follow. */
export function targetOf(
  args: readonly (string | undefined)[],
  { select, dryRun }: SelectOptions,
  names: readonly string[],
  optional = 0,
): Target {
  const given = args.filter((argument) => argument !== undefined)
  const wanted = select === undefined ? ['endpoint', ...names] : names
  const missing = wanted[given.length]
  if (missing !== undefined) throw usageFailure(`missing required argument '${missing}'`, '--help says how it goes')
  if (given.length > wanted.length + optional) {
    throw usageFailure('with --select there is no endpoint name', 'name one device, or select many')
  }
  if (select !== undefined) return { filter: filterOf(select), rest: given }
  if (dryRun) throw usageFailure('--dry-run counts what --select finds: it needs that')
  return { endpoint: given[0]!, rest: given.slice(1) }
}

function filterOf(text: string): DeviceQuery {
  const filter: Record<string, string> = {}
  const tag: string[] = []
  for (const part of text.split(',')) {
    const [, name = '', value = ''] = /^([^=]+)=(.+)$/.exec(part.trim()) ?? []
    if (name.startsWith('tag.') && name.length > 4) tag.push(`${name.slice(4)}=${value}`)
    else if (['product', 'status', 'prefix'].includes(name)) filter[name] = value
    else throw usageFailure(`--select '${part}' is no filter`, 'for example --select product=meter,tag.site=berlin')
  }
  return { ...filter, ...(tag.length > 0 && { tag }) }
}

interface Row {
  readonly endpoint: string
  /** Absent where the server refused to ask. */
  readonly operation?: OperationJson
  readonly refusal?: string
}

/** Devices asked at one time. */
const atOnce = 16

/** The exit code: 0 unless a device said no or could not be asked. */
export async function askMany(
  session: Session,
  filter: DeviceQuery,
  ask: { readonly draft: OperationDraftJson; readonly patience: Patience; readonly dryRun?: boolean | undefined },
): Promise<number> {
  const devices = await devicesOf(session, filter)
  if (ask.dryRun) return countOnly(session, devices)
  const bar = new ProgressBar(session.surroundings)
  const rows: Row[] = []
  const waiting = devices.values()
  const worker = async (): Promise<void> => {
    for (const device of waiting) {
      rows.push(await askOne(session, device, ask))
      bar.show({ label: `asking ${counted(devices.length, 'device')}`, fraction: rows.length / devices.length })
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  bar.clear()
  rows.sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
  await session.output.list({ rows, columns, name: ({ endpoint }) => endpoint, empty: 'no device is selected' })
  if (rows.length > 0) session.note(`${counted(rows.length, 'device')}: ${summary(rows.map(stateOf))}`)
  return rows.some((row) => !['acknowledged', 'queued', 'sent'].includes(stateOf(row))) ? 1 : 0
}

async function askOne(
  session: Session,
  { endpoint, status }: DeviceJson,
  { draft, patience }: { readonly draft: OperationDraftJson; readonly patience: Patience },
): Promise<Row> {
  const isWaitedFor = status === 'awake' || patience.patience === 'wait'
  try {
    const operation = await followed(session, {
      endpoint,
      draft,
      patience: isWaitedFor ? patience : { ...patience, patience: 'detached' },
    })
    return { endpoint, operation }
  } catch (error) {
    // What one device cannot do is its row; without a server, or after Ctrl-C, there is no use in going on.
    if (!(error instanceof ServerProblem)) throw error
    return { endpoint, refusal: error.message }
  }
}

async function countOnly({ output, note }: Session, devices: readonly DeviceJson[]): Promise<number> {
  const statuses = [...new Set(devices.map(({ status }) => status))].sort()
  const rows = statuses.map((status) => ({ status, devices: devices.filter((one) => one.status === status).length }))
  await output.list({
    rows,
    columns: [
      { title: 'STATUS', text: ({ status }) => status },
      { title: 'DEVICES', text: (row) => String(row.devices), align: 'right' },
    ],
    name: ({ status }) => status,
    empty: 'no device is selected',
  })
  if (rows.length > 0) note(`${counted(devices.length, 'device')} would be asked; none was`)
  return 0
}

function stateOf({ operation }: Row): string {
  return operation?.state ?? 'refused'
}

/** `8 acknowledged, 3 queued`. */
function summary(states: readonly string[]): string {
  const kinds = [...new Set(states)].sort()
  return kinds.map((kind) => `${states.filter((state) => state === kind).length} ${kind}`).join(', ')
}

const columns: readonly Column<Row>[] = [
  { title: 'ENDPOINT', text: ({ endpoint }) => endpoint, flexible: 'middle' },
  {
    title: 'OPERATION',
    text: ({ operation }) => (operation === undefined ? '' : String(operation.id)),
    align: 'right',
  },
  { title: 'STATE', text: stateOf },
  {
    title: 'OUTCOME',
    text: ({ operation, refusal = '' }) => (operation === undefined ? refusal : outcomeText(operation)),
    flexible: true,
  },
]

/** `coapstan devices`: the fleet at a glance, one device, and what the operator says of it. */
import type { DeviceJson, DevicePatchJson } from '../../api/contract/device.ts'
import { countOf, pairsOf, type Session } from '../session.ts'
import { does, gathered, usualCommand, withExamples, type AddCommand } from '../command.ts'
import { ServerProblem, usageFailure } from '../failure.ts'
import { devicesOf, type DeviceQuery } from '../fleet.ts'
import { onlyAt, revisionOption, type Conditional } from '../revision.ts'
import { type Style } from '../style.ts'
import type { Column } from '../table.ts'
import { addDeviceConfig } from './device-config.ts'
import { showDevice, tagsText } from './device-details.ts'
import { timeColumn } from '../time-column.ts'

interface ListOptions {
  readonly product?: string
  readonly status?: string
  readonly pending?: boolean
  readonly tag?: readonly string[]
  readonly prefix?: string
  readonly limit: string
}

interface SetOptions extends Conditional {
  readonly product?: string
  readonly profile?: string
  readonly tag?: readonly string[]
  readonly untag?: readonly string[]
  readonly retire?: boolean
  readonly restore?: boolean
  readonly create?: boolean
}

export const addDevices: AddCommand = (parent, frame) => {
  const devices = withExamples(parent.command('devices').description('list devices; show, set or delete one'), [
    'coapstan devices',
    'coapstan devices --status asleep',
    'coapstan devices show urn:dev:demo-1',
  ])
  does<ListOptions>(
    usualCommand(devices, 'list')
      .description('list devices')
      .option('--product <product>', 'of this product only')
      .option('--status <status>', 'never-seen, awake, asleep, overdue, offline, quarantined or retired')
      .option('--pending', 'those that wait to be accepted')
      .option('--tag <name=value>', 'with this tag; may be given more than once', gathered)
      .option('--prefix <text>', 'with an endpoint name that begins with this')
      .option('--limit <count>', 'at most so many; 0 for all', '1000'),
    frame,
    ['coapstan devices --status asleep', 'coapstan devices --tag site=berlin -o name'],
    (session, _args, options) => list(session, options),
  )
  does(
    devices.command('show').argument('<endpoint>', 'its endpoint name').description('show one device'),
    frame,
    ['coapstan devices show urn:dev:demo-1'],
    (session, [endpoint]) => showDevice(session, endpoint!),
  )
  does<SetOptions>(
    devices
      .command('set')
      .argument('<endpoint>', 'its endpoint name')
      .description('say what a device is; an empty value takes it away')
      .option('--product <product>', 'what it is')
      .option('--profile <profile>', 'its network: nbiot, lte-m, thread-sleepy, ip, …')
      .option('--tag <name=value>', 'set a tag; may be given more than once', gathered)
      .option('--untag <name>', 'take a tag away; may be given more than once', gathered)
      .option('--retire', 'it is out of service')
      .option('--restore', 'it is in service again')
      .option('--create', 'make it known where it is not yet')
      .addOption(revisionOption()),
    frame,
    [
      'coapstan devices set urn:dev:demo-1 --product demo --tag site=berlin',
      'coapstan devices set urn:dev:new --create',
    ],
    (session, [endpoint], options) => set(session, endpoint!, options),
  )
  does(
    devices
      .command('accept')
      .argument('<endpoint>', 'its endpoint name')
      .description('vouch for a device that registered unasked: from now on operations reach it'),
    frame,
    ['coapstan devices --pending', 'coapstan devices accept urn:dev:new'],
    async (session, [endpoint]) => {
      const body = { quarantined: false } as const
      const device = await session.client.call('patchDevice', { params: { endpoint: endpoint! }, body })
      await session.output.done(device, endpoint!, `${endpoint} is accepted`)
    },
  )
  does<Conditional>(
    devices
      .command('delete')
      .argument('<endpoint>', 'its endpoint name')
      .description('forget a device and all that hangs on it; its events stay')
      .addOption(revisionOption()),
    frame,
    ['coapstan devices delete urn:dev:demo-1'],
    async (session, [endpoint], options) => {
      await session.client.call('deleteDevice', { params: { endpoint: endpoint! }, ...onlyAt(options) })
      await session.output.done({ endpoint }, endpoint!, `${endpoint} is forgotten`)
    },
  )
  addDeviceConfig(devices, frame)
}

const statusStyles: Readonly<Record<DeviceJson['status'], Style>> = {
  'never-seen': 'dim',
  awake: 'green',
  asleep: 'cyan',
  overdue: 'yellow',
  offline: 'red',
  quarantined: 'yellow',
  retired: 'dim',
}

function columns(now: number): readonly Column<DeviceJson>[] {
  return [
    { title: 'ENDPOINT', text: (device) => device.endpoint, flexible: 'middle' },
    { title: 'STATUS', text: (device) => device.status, style: (device) => statusStyles[device.status] },
    { title: 'PRODUCT', text: (device) => device.product ?? '' },
    { title: 'PROFILE', text: ({ network: { profile, from } }) => (from === 'listener' ? '' : profile) },
    timeColumn('LAST SEEN', (device) => device.lastSeen, now),
    { ...timeColumn('NEXT EXPECTED', (device) => device.nextExpectedAt, now), flexible: true },
    { title: 'TAGS', text: tagsText, flexible: true },
  ]
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const { output, surroundings, note } = session
  const limit = countOf('--limit', options.limit) || Number.POSITIVE_INFINITY
  const { product, tag, prefix, pending } = options
  if (pending && options.status !== undefined) throw usageFailure('--pending is a status by itself: leave --status out')
  const status = pending ? 'quarantined' : options.status
  const filter = { product, status, tag, prefix } as DeviceQuery
  const found = await devicesOf(session, filter, limit)
  const rows = found.slice(0, limit)
  await output.list({
    rows,
    columns: columns(surroundings.now()),
    name: (device) => device.endpoint,
    empty: pending
      ? 'no device waits to be accepted'
      : 'no devices; try one with: coapstan device --endpoint urn:dev:demo-1',
  })
  if (found.length > rows.length) note(`there are more than ${rows.length}: --limit 0 shows all`)
}

async function set({ client, output }: Session, endpoint: string, options: SetOptions): Promise<void> {
  if (options.retire && options.restore) throw usageFailure('a device is retired or restored, not both')
  const patch = patchOf(options)
  if (Object.keys(patch).length === 0 && !options.create) {
    throw usageFailure('there is nothing to set', `what can be set: coapstan devices set --help`)
  }
  const params = { endpoint }
  let device: DeviceJson
  try {
    device = await client.call('patchDevice', { params, body: patch, ...onlyAt(options) })
  } catch (error) {
    if (!options.create || !(error instanceof ServerProblem) || error.problem.code !== 'device.unknown') throw error
    await created(client, params)
    device = await client.call('patchDevice', { params, body: patch })
  }
  await output.done(device, endpoint, `${endpoint} is set`)
}

/** Leaves it as it is where somebody else was faster. */
async function created(client: Session['client'], params: { endpoint: string }): Promise<void> {
  try {
    await client.call('putDevice', { params, body: {}, headers: { 'if-none-match': '*' } })
  } catch (error) {
    if (!(error instanceof ServerProblem) || error.problem.code !== 'precondition.failed') throw error
  }
}

function patchOf({ product, profile, tag = [], untag = [], retire, restore }: SetOptions): DevicePatchJson {
  const tags = { ...Object.fromEntries(untag.map((name) => [name, null])), ...pairsOf('--tag', tag) }
  return {
    ...(product !== undefined && { product: product || null }),
    ...(profile !== undefined && { profile: (profile || null) as DevicePatchJson['profile'] & {} }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...((retire || restore) && { retired: retire === true }),
  }
}

/**
 * What must hold of a world that has come to rest: nobody disturbs it, every device has spoken, the server
 * is up. Each check returns what is wrong with it, in words.
 */
import { instantOf } from '../base/time.ts'
import type { Settings } from '../config/tunables.ts'
import { openStates } from '../fleet/operations/types.ts'
import { formatPath } from '../lwm2m/path.ts'
import { reportedPath } from './devices/objects.ts'
import type { VirtualDevice } from './devices/device.ts'
import type { DeviceStack } from './devices/stack.ts'
import type { Ledger } from './ledger.ts'
import type { Operator } from './operator.ts'
import type { Timeline } from './timeline.ts'
import type { VirtualServer } from './virtual-server.ts'

/** What of a world is looked at. */
export interface Settled {
  readonly devices: readonly VirtualDevice[]
  readonly ledger: Ledger
  readonly operator: Operator
  readonly server: VirtualServer
  readonly settings: Settings
  readonly stack: DeviceStack
  readonly timeline: Timeline
}

const reported = formatPath(reportedPath)
/** Observe intents of one device looked at. */
const intentsLimit = 1000

/** Every operation that was accepted is in the store, and has ended. */
export function operationsEnded({ operator, server, timeline, settings }: Settled): readonly string[] {
  const { store } = server.disk
  const wrong: string[] = []
  const kept = new Map<number, number>()
  for (const [id, accepted] of operator.accepted) {
    const operation = store.operation(id)
    if (operation === undefined) {
      kept.set(accepted.deviceId, (kept.get(accepted.deviceId) ?? 0) + 1)
      if (
        store.operations({ deviceId: accepted.deviceId }, undefined, settings['operations.kept-per-device']).length <
        settings['operations.kept-per-device']
      ) {
        wrong.push(`operation ${id} of ${accepted.endpoint} was accepted and is gone`)
      }
    } else if (openStates.includes(operation.state)) {
      const overdue = timeline.now - operation.deadline
      if (overdue > 5000)
        wrong.push(`operation ${id} of ${accepted.endpoint} is ${operation.state} ${overdue} ms after its deadline`)
    }
  }
  return wrong
}

/** Device and server agree on the registration. */
export function registrationsAgree({ devices, server, timeline }: Settled): readonly string[] {
  return devices.flatMap(({ endpoint, life }) => {
    const stored = server.disk.store.device(endpoint)?.registration
    const held = life?.registration.id
    if (held !== undefined && stored?.id === held) return []
    if (held === undefined && life?.registration.isIdle === false) return []
    const expired = stored !== undefined && stored.expiresAt < timeline.now
    if (held === undefined && (stored === undefined || expired || life?.registration.gaveUp)) return []
    return [`${endpoint} holds registration ${held}, the store ${stored?.id}`]
  })
}

/**
 * Every intent is established, and the device notifies under its token, and under no other. What it notifies
 * nobody of shows with the first notification, which is met with RST: of reports there were some.
 */
export function intentsEstablished({ devices, server }: Settled): readonly string[] {
  const { store } = server.disk
  return devices.flatMap(({ endpoint, life }) => {
    const row = store.device(endpoint)
    if (row === undefined || life === undefined || life.registration.id === undefined) return []
    if (row.registration?.id !== life.registration.id) return []
    const intents = store.observations(row.device.id, intentsLimit)
    const held = life.reporter.relations
    return [
      ...intents
        .filter(
          ({ state, token }) =>
            state === 'wanted' || (state === 'established' && !held.some((relation) => relation.token === token)),
        )
        .map(
          ({ path, state }) => `${endpoint} was to be observed at ${path}: ${state}, and the device does not notify`,
        ),
      ...held
        .filter(({ path }) => `${reported}/`.startsWith(`${path}/`))
        .filter(({ token }) => !intents.some((intent) => intent.token === token))
        .map(({ path }) => `${endpoint} notifies of ${path}, which nobody wants observed`),
    ]
  })
}

/** Nothing is left in any table of the server or of the devices' stack, once every lifetime is over. */
export function tablesEmpty({ server, stack }: Settled): readonly string[] {
  const engine = server.process?.engine
  const tables = { ...prefixed('server', engine?.coap.sizes()), ...prefixed('devices', stack.coap.sizes()) }
  const left = Object.entries(tables).filter(([, size]) => size !== 0)
  const loading = engine?.actors.loadingCount ?? 0
  return [
    ...left.map(([table, size]) => `${size} left in ${table}`),
    ...(loading === 0 ? [] : [`${loading} devices being loaded`]),
  ]
}

/** The store says what was last committed. */
export function nothingLost({ devices, ledger, server }: Settled): readonly string[] {
  const { store } = server.disk
  const lost = devices.flatMap(({ endpoint }) => {
    const committed = ledger.registrationOf(endpoint)
    const stored = store.device(endpoint)?.registration
    if (committed?.id === stored?.id && (committed?.expiresAt ?? instantOf(0)) === (stored?.expiresAt ?? instantOf(0)))
      return []
    return [`${endpoint}: registration ${committed?.id} was committed, the store has ${stored?.id}`]
  })
  for (const operation of ledger.operations.values()) {
    const stored = store.operation(operation.id)
    if (stored !== undefined && stored.state !== operation.state) {
      lost.push(`operation ${operation.id} was committed as ${operation.state}, the store has ${stored.state}`)
    }
  }
  return lost
}

function prefixed(prefix: string, sizes: Readonly<Record<string, number>> | undefined): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes ?? {}).map(([name, size]) => [`${prefix}.${name}`, size]))
}

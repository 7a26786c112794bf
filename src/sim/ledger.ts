/**
 * The books of a simulated world: what was committed, what devices were promised, what they did. Every
 * entry is compared with the others when it is made; what does not fit is a violation.
 */
import { instantOf, minutes, type Instant } from '../base/time.ts'
import { derivedTimes, profiles, type Profile } from '../config/profiles.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { Operation, OperationId } from '../fleet/operations/types.ts'
import type { DeviceId, EndpointName, Registration } from '../fleet/registry/types.ts'
import type { StoreOp } from '../fleet/store.ts'
import type { Deed, Fact, Promised, Refusal, Witness, Witnessed } from './devices/witness.ts'

export interface Counts {
  registers: number
  updates: number
  deregisters: number
  notifications: number
  sends: number
  writes: number
  executes: number
  installs: number
  /** Of images, kept by devices. */
  firmwareOctets: number
  /** Notifications of what is not observed any more, met with RST. */
  spurned: number
  /** Notifications and Sends from an address the server does not know, refused. */
  strangers: number
  /** Requests of the server's in the middle of a device's fetch. */
  interrupted: number
  /** Datagrams that came while the radio was off, though the server could believe it on. */
  justMissed: number
}

/** What is known of one device by what was committed. */
interface Account {
  readonly endpoint: EndpointName
  registration: Registration | undefined
  /** When it was last committed that the device is there. */
  contactAt: number
  /** Numbers of the newest reports committed. */
  readonly notified: Set<number>
  readonly sent: Set<number>
}

/** What came of one wish of the operator. */
interface Errand {
  readonly endpoint: EndpointName
  /** Times it was begun, as committed. */
  attempts: number
  firstDone: Instant | undefined
  /** The device's restarts when it did it first. */
  restarts: number
  times: number
}

/** An address is remembered for so long at least, whatever the traffic of others. */
const remembersFor = minutes(60)
/** Reports of one device and kind: an acknowledgement that takes longer than this many of them is no more. */
const numbersKept = 64

export class Ledger implements Witness {
  readonly counts: Counts = {
    registers: 0,
    updates: 0,
    deregisters: 0,
    notifications: 0,
    sends: 0,
    writes: 0,
    executes: 0,
    installs: 0,
    firmwareOctets: 0,
    spurned: 0,
    strangers: 0,
    interrupted: 0,
    justMissed: 0,
  }
  serverStartedAt: Instant = instantOf(0)
  /** As last committed, of every operation that is still kept. */
  readonly operations = new Map<OperationId, Operation>()
  readonly #violate: (text: string, device?: Witnessed) => void
  readonly #accounts = new Map<DeviceId, Account>()
  readonly #byEndpoint = new Map<EndpointName, Account>()
  readonly #registrations = new Map<string, EndpointName>()
  readonly #ended = new Set<string>()
  readonly #errands = new Map<string, Errand>()
  /** Tokens of what somebody wants observed, by path. */
  readonly #wanted = new Map<EndpointName, Map<string, string>>()
  readonly #images = new Map<EndpointName, string>()

  constructor(violate: (text: string, device?: Witnessed) => void) {
    this.#violate = violate
  }

  /** The registration of a device, as last committed. */
  registrationOf(endpoint: EndpointName): Registration | undefined {
    return this.#byEndpoint.get(endpoint)?.registration
  }

  // ——— what was committed ———

  committed(ops: readonly StoreOp[]): void {
    for (const op of ops) this.#enter(op)
  }

  #enter(op: StoreOp): void {
    switch (op.op) {
      case 'device.add':
      case 'device.put':
        this.#open(op.device.id, op.device.endpoint)
        return
      case 'registration.put': {
        const account = this.#accounts.get(op.deviceId)!
        account.registration = op.registration
        account.contactAt = op.registration.updatedAt
        this.#registrations.set(op.registration.id, account.endpoint)
        return
      }
      case 'registration.touch': {
        const account = this.#accounts.get(op.deviceId)!
        account.contactAt = op.updatedAt
        if (account.registration === undefined) return
        const { op: _, deviceId: __, ...contact } = op
        account.registration = { ...account.registration, ...contact }
        return
      }
      case 'registration.delete': {
        const account = this.#accounts.get(op.deviceId)!
        if (account.registration !== undefined) this.#ended.add(account.registration.id)
        account.registration = undefined
        return
      }
      case 'operation.put':
        this.#enterOperation(op.operation)
        return
      case 'observation.put': {
        const { deviceId, path, token } = op.observation
        const { endpoint } = this.#accounts.get(deviceId)!
        const tokens = this.#wanted.get(endpoint) ?? new Map<string, string>()
        this.#wanted.set(endpoint, tokens.set(path, token))
        return
      }
      case 'observation.delete':
        this.#wanted.get(this.#accounts.get(op.deviceId)!.endpoint)?.delete(op.path)
        return
      case 'event.append':
        this.#enterEvent(op.event)
        return
      default:
        return
    }
  }

  #open(id: DeviceId, endpoint: EndpointName): void {
    if (this.#accounts.has(id)) return
    const account: Account = { endpoint, registration: undefined, contactAt: 0, notified: new Set(), sent: new Set() }
    this.#accounts.set(id, account)
    this.#byEndpoint.set(endpoint, account)
  }

  #enterOperation(operation: Operation): void {
    const before = this.operations.get(operation.id)
    if (before?.finishedAt !== undefined) this.#violate(`operation ${operation.id} changed after it had ended`)
    this.operations.set(operation.id, operation)
    const tag = tagOf(operation)
    if (tag === undefined) return
    const errand = this.#errands.get(tag)
    if (errand === undefined) {
      this.#errands.set(tag, {
        endpoint: operation.endpoint,
        attempts: operation.attempts,
        firstDone: undefined,
        restarts: 0,
        times: 0,
      })
      return
    }
    errand.attempts = Math.max(errand.attempts, operation.attempts)
    if (operation.state === 'acknowledged' && errand.times === 0) {
      this.#violate(`operation ${operation.id} is acknowledged and was never carried out`)
    }
  }

  #enterEvent({ detail, endpoint, kind }: FleetEvent): void {
    const account = endpoint === undefined ? undefined : this.#byEndpoint.get(endpoint)
    if (account === undefined) return
    if (kind === 'send') keep(account.sent, reportsIn(detail['samples']))
    // The first notification may overtake the answer that says yes to the observation, and stand for it.
    if (kind === 'notification') keep(account.notified, reportsIn(detail['samples']))
    if (kind === 'observation.established') keep(account.notified, reportsIn([detail['result']]))
  }

  // ——— what devices saw ———

  promised(_now: Instant, device: Witnessed, promise: Promised): void {
    const account = this.#byEndpoint.get(device.endpoint)
    switch (promise.what) {
      case 'register':
        this.counts.registers++
        if (this.#registrations.get(promise.registrationId) === device.endpoint) return
        return this.#violate(`was told 2.01 for registration '${promise.registrationId}' nobody committed`, device)
      case 'update':
        this.counts.updates++
        if ((account?.contactAt ?? 0) >= promise.askedAt) return
        return this.#violate(`was told 2.04 for an Update nobody committed`, device)
      case 'deregister':
        this.counts.deregisters++
        if (this.#ended.has(promise.registrationId)) return
        return this.#violate(`was told 2.02 for a De-register nobody committed`, device)
      case 'notification':
        this.counts.notifications++
        if (account?.notified.has(promise.number) === true) return
        return this.#violate(`notification ${promise.number} was acknowledged and is lost`, device)
      case 'send':
        this.counts.sends++
        if (account?.sent.has(promise.number) === true) return
        return this.#violate(`Send ${promise.number} was answered 2.04 and is lost`, device)
    }
  }

  did(now: Instant, device: Witnessed, deed: Deed): void {
    if (deed.kind === 'write') this.counts.writes++
    else this.counts.executes++
    const errand = this.#errands.get(deed.tag)
    const what = `${deed.kind} ${deed.path} '${deed.tag}'`
    if (errand === undefined || errand.attempts === 0) {
      return this.#violate(`${what} was carried out before it was committed that it is sent`, device)
    }
    if (errand.endpoint !== device.endpoint) return this.#violate(`${what} was meant for ${errand.endpoint}`, device)
    errand.times++
    if (errand.firstDone === undefined) {
      errand.firstDone = now
      errand.restarts = device.restarts
      return
    }
    const meanwhile = device.restarts > errand.restarts ? ', before its restart' : ''
    this.#violate(
      `${what} was carried out ${errand.times} times, first ${now - errand.firstDone} ms ago${meanwhile}`,
      device,
    )
  }

  refused(now: Instant, device: Witnessed, { message, code, askedAt }: Refusal): void {
    const registration = this.registrationOf(device.endpoint)
    // A Send may overtake the Update that would have told the new address.
    const wasKnown = this.#isWhereItRegistered(now, device) && (registration?.updatedAt ?? now) <= askedAt
    if (message === 'Send' && !wasKnown) this.counts.strangers++
    else this.#violate(`${message} was answered ${code} (registration ${registration?.id})`, device)
  }

  missed(_now: Instant, device: Witnessed, silence: number): void {
    if (silence <= awakeWindowOf(profiles[device.personality.profile])) this.counts.justMissed++
    else this.#violate(`something was sent to its sleeping radio, ${silence} ms after it was last heard`, device)
  }

  spurned(now: Instant, device: Witnessed, path: string, token: string): void {
    if (!this.#isWhereItRegistered(now, device)) this.counts.strangers++
    else if (this.#wanted.get(device.endpoint)?.get(path) !== token) this.counts.spurned++
    else this.#violate(`the notification of ${path} was met with RST`, device)
  }

  /** Without a security association its address is all the server can know a device by; with one it knows it anywhere. */
  #isWhereItRegistered(now: Instant, { endpoint, link }: Witnessed): boolean {
    const registration = this.registrationOf(endpoint)
    if (registration === undefined || registration.expiresAt <= now) return false
    if (registration.secured) return true
    // A server that has started again, or has heard many others since, knows an address by the first message
    // that names its registration.
    if (registration.updatedAt < Math.max(this.serverStartedAt, now - remembersFor)) return false
    return registration.address === link.remote.address && registration.port === link.remote.port
  }

  interrupted(): void {
    this.counts.interrupted++
  }

  installed(_now: Instant, device: Witnessed, version: string): void {
    this.counts.installs++
    if (this.#images.get(device.endpoint) === version) this.#violate(`installed ${version} twice`, device)
    this.#images.set(device.endpoint, version)
  }

  /** Breaks no promise, hence is only counted. */
  noted(_now: Instant, _device: Witnessed, fact: Fact): void {
    if (fact.fact === 'block') this.counts.firmwareOctets += fact.octets
  }
}

/** Adds numbers and lets go of those too old to be asked for. */
function keep(numbers: Set<number>, more: readonly number[]): void {
  for (const number of more) {
    // What comes again is the newest again.
    numbers.delete(number)
    numbers.add(number)
  }
  for (const oldest of numbers) {
    if (numbers.size <= numbersKept) return
    numbers.delete(oldest)
  }
}

/** Numbers of reports among samples, or in an instance that was read. */
function reportsIn(samples: unknown): readonly number[] {
  const flat = (samples as readonly (Sample | undefined)[]).flatMap((sample) =>
    sample?.resources === undefined ? [sample] : Object.values(sample.resources),
  )
  return flat.flatMap((sample) => (sample?.path === '/3303/0/5700' ? [Number(sample.value)] : []))
}

interface Sample {
  readonly path: string
  readonly value?: unknown
  readonly resources?: Readonly<Record<string, Sample>>
}

/** What tells the effect of an operation from every other; undefined where it has none. */
function tagOf({ kind, origin, value }: Operation): string | undefined {
  if (origin !== 'operator' || typeof value !== 'string') return undefined
  if (kind === 'write') return value
  return kind === 'execute' ? /^0='(.*)'$/.exec(value)?.[1] : undefined
}

function awakeWindowOf(profile: Profile): number {
  return profile.awakeWindow === 'always' ? derivedTimes(profile).maxTransmitWait : profile.awakeWindow
}

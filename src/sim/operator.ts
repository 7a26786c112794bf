/**
 * Who asks things of the fleet: provisions it, observes, reads, writes, executes at random moments, and
 * asks again under the same key when no answer came. Counts on what was accepted, and on nothing else.
 */
import { EnvironmentError, UsageError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import { after, hours, milliseconds, minutes, seconds, type Duration, type Instant } from '../base/time.ts'
import { wishOfWay } from '../fleet/firmware/journey.ts'
import type { Image } from '../fleet/images/types.ts'
import type { Operation, OperationDraft, OperationId } from '../fleet/operations/types.ts'
import { between, exponential, happens, pick, weighted } from './chance.ts'
import type { VirtualDevice } from './devices/device.ts'
import { Timer, type Timeline } from './timeline.ts'
import type { VirtualServer } from './virtual-server.ts'

export interface OperatorOptions {
  readonly timeline: Timeline
  readonly server: VirtualServer
  readonly devices: readonly VirtualDevice[]
  readonly chance: Random
  /** Operations asked of one device in a day. */
  readonly operationsPerDay: number
  readonly violate: (text: string, device?: VirtualDevice) => void
}

interface Answer {
  resolve(): void
  reject(error: Error): void
}

type Wish = Pick<OperationDraft, 'kind' | 'path'> & { readonly value?: string }

/** What every device of a simulated fleet is. */
export const fleetProduct = 'simulated'

/** No answer for so long: the asker asks again. */
const patience: Duration = seconds(15)
const observedPaths = ['/3303/0/5700', '/3303/0', '/4/0/2', '/5/0/3', '/3/0/9'] as const
/** What is observed for reports or for firmware is not given up. */
const cancelledPaths = ['/3303/0', '/4/0/2', '/3/0/9'] as const

export class Operator {
  readonly #options: OperatorOptions
  readonly #accepted = new Map<OperationId, Operation>()
  readonly #next: Timer
  #wishes = 0
  #refused = 0
  #stopped = false

  constructor(options: OperatorOptions) {
    this.#options = options
    this.#next = new Timer((now) => {
      this.#wish(now, pick(options.chance, options.devices))
      this.#schedule(now)
    })
  }

  /** Operations the server took, as it took them. */
  get accepted(): ReadonlyMap<OperationId, Operation> {
    return this.#accepted
  }

  /** Wishes the server said no to. */
  get refused(): number {
    return this.#refused
  }

  /** Names every device, its product and its network to the server, and observes its reports. */
  begin(now: Instant): void {
    for (const device of this.#options.devices) {
      this.#provision(now, device)
      const { chance } = this.#options
      this.#later(now, between(chance, 0, hours(1)), (at) => {
        this.#ask(at, device, { kind: 'observe', path: '/3303/0/5700' })
      })
    }
    this.#schedule(now)
  }

  /** Asks nothing more. */
  stop(): void {
    this.#stopped = true
    this.#options.timeline.clear(this.#next)
  }

  /** The last of `images` is to run on `device`, which goes there over the others. */
  update(now: Instant, device: VirtualDevice, ...images: readonly [Image, ...Image[]]): void {
    const [first, ...others] = images.map(({ sha256, product, version, size }) => ({ sha256, product, version, size }))
    const wish = wishOfWay([first!, ...others], undefined, {})
    this.#persist(now, (at, answer) =>
      this.#options.server.submit(at, { command: 'firmware.start', endpoint: device.endpoint, ...wish }, answer),
    )
  }

  #provision(now: Instant, device: VirtualDevice): void {
    const { name, profile } = device.personality
    const patch = { product: fleetProduct, profile, tags: { personality: name } }
    const command = { command: 'device.put', endpoint: device.endpoint, patch, mustExist: false } as const
    this.#persist(now, (at, answer) => this.#options.server.submit(at, command, answer))
  }

  #schedule(now: Instant): void {
    const { chance, devices, operationsPerDay, timeline } = this.#options
    if (this.#stopped || operationsPerDay === 0) return
    const wait = exponential(chance, hours(24) / (operationsPerDay * devices.length))
    timeline.set(this.#next, after(now, milliseconds(wait)))
  }

  #wish(now: Instant, device: VirtualDevice): void {
    const { chance } = this.#options
    const tag = `w${++this.#wishes}`
    const wish = weighted<Wish>(chance, [
      [{ kind: 'read', path: pick(chance, ['/3/0', '/3303/0/5700', '/4/0/2', '/1/0', '/3']) }, 30],
      [{ kind: 'write', path: pick(chance, ['/3303/0/5750', '/3/0/15']), value: tag }, 30],
      [{ kind: 'execute', path: pick(chance, ['/3303/0/5605', '/3/0/12']), value: `0='${tag}'` }, 20],
      [{ kind: 'execute', path: '/3/0/4', value: `0='${tag}'` }, 1],
      [{ kind: 'execute', path: '/1/0/8', value: `0='${tag}'` }, 1],
      [{ kind: 'discover', path: '/3' }, 5],
      [{ kind: 'observe', path: pick(chance, observedPaths) }, 8],
      [{ kind: 'cancel-observe', path: pick(chance, cancelledPaths) }, 5],
    ])
    this.#ask(now, device, wish)
  }

  #ask(now: Instant, device: VirtualDevice, wish: Wish): void {
    const { chance, server } = this.#options
    const draft: OperationDraft = {
      ...wish,
      idempotencyKey: `${device.endpoint}-${++this.#wishes}`,
      ...(happens(chance, 0.2) ? { priority: Math.floor(between(chance, 0, 10)) } : {}),
      ...(happens(chance, 0.5) ? { deadline: after(now, milliseconds(between(chance, minutes(10), hours(20)))) } : {}),
    }
    const command = { command: 'operation.submit', endpoint: device.endpoint, draft } as const
    this.#persist(now, (at, answer) => {
      // As the API does: what is known under the key is not asked again.
      const row = server.disk.store.device(device.endpoint)
      const known = row && server.disk.store.byIdempotencyKey(row.device.id, draft.idempotencyKey!)
      const taken = (operation: Operation): void => {
        this.#accepted.set(operation.id, operation)
        answer.resolve()
      }
      if (known === undefined) server.submit(at, command, { resolve: taken, reject: (error) => answer.reject(error) })
      else taken(known)
    })
  }

  /** Tries until it is answered; a server that died meanwhile answers nothing. */
  #persist(now: Instant, attempt: (now: Instant, answer: Answer) => void): void {
    const { server } = this.#options
    const life = server.starts
    let answered = false
    attempt(now, {
      resolve: () => {
        answered = true
      },
      reject: (error) => {
        answered = true
        if (error instanceof UsageError) {
          this.#refused++
          return
        }
        if (!(error instanceof EnvironmentError)) throw error
        this.#later(this.#options.timeline.now, patience, (at) => this.#persist(at, attempt))
      },
    })
    if (answered) return
    this.#later(now, patience, (at) => {
      if (answered) return
      if (server.starts !== life || !server.isUp) this.#persist(at, attempt)
      else this.#options.violate('a command was not answered within 15 s by a server that is up')
    })
  }

  #later(now: Instant, wait: number, action: (now: Instant) => void): void {
    this.#options.timeline.set(new Timer(action), after(now, milliseconds(wait)))
  }
}

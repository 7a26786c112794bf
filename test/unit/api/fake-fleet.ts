/**
 * A fleet in memory, for tests of what stands in front of it: devices, operations a test answers when it
 * likes, images, updates, events. Keeps the contract of `api/services.ts` and nothing else.
 */
import type { Services, TracedDatagram } from '../../../src/api/services.ts'
import { fakeObjects } from './fake-objects.ts'
import { UsageError } from '../../../src/base/errors.ts'
import { instantOf, type Instant } from '../../../src/base/time.ts'
import { demandConfiguration } from '../../../src/fleet/configuration/revision.ts'
import type { Configuration } from '../../../src/fleet/configuration/types.ts'
import type { CredentialsService } from '../../../src/fleet/credentials/service.ts'
import { isWanted } from '../../../src/fleet/events/rules.ts'
import type { FleetEvent } from '../../../src/fleet/events/types.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import type { Image } from '../../../src/fleet/images/types.ts'
import { imageLost } from '../../../src/fleet/images/service.ts'
import { Ways } from '../../../src/fleet/images/ways.ts'
import { HandshakesService } from '../../../src/fleet/handshakes/service.ts'
import type { ObservationRule } from '../../../src/fleet/observation-rules/types.ts'
import type { Observation } from '../../../src/fleet/observations/types.ts'
import type { Operation } from '../../../src/fleet/operations/types.ts'
import { demandDevice } from '../../../src/fleet/registry/revision.ts'
import { replacing } from '../../../src/fleet/registry/rules.ts'
import type { DeviceWithStatus } from '../../../src/fleet/registry/types.ts'
import { credentialsOver } from '../fleet/credentials/fixtures.ts'
import { campaignsInMemory } from './fake-campaigns.ts'
import { bootstrapOver, type FakeBootstrap } from './fake-bootstrap.ts'
import { deltasOver, imagesKeptIn, signingKeysOver } from './fake-images.ts'

export const start = instantOf(Date.UTC(2026, 0, 2, 3, 4, 5))

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class FakeFleet implements Services {
  now: Instant = start
  readonly known = new Map<string, Mutable<DeviceWithStatus>>()
  readonly asked: Mutable<Operation>[] = []
  readonly kept: Image[] = []
  readonly started: Mutable<FirmwareUpdate>[] = []
  readonly happened: FleetEvent[] = []
  readonly listeners = new Set<(event: FleetEvent) => void>()
  readonly traced = new Map<string, TracedDatagram[]>()
  readonly traceListeners = new Set<(datagram: TracedDatagram) => void>()
  /** What the next call of anything throws. */
  failure: Error | undefined
  reasons: string[] = []
  /** How the device answers an operation; nothing: it stays queued. */
  answer: ((operation: Operation) => Partial<Operation> | undefined) | undefined

  addDevice(endpoint: string, more: Partial<DeviceWithStatus> = {}): DeviceWithStatus {
    const device = {
      id: this.known.size + 1,
      endpoint,
      tags: {},
      createdAt: start,
      status: 'awake' as const,
      network: {
        profile: more.profile ?? 'nbiot',
        from: more.profile === undefined ? 'listener' : 'operator',
      } as const,
      ...more,
    }
    this.known.set(endpoint, device)
    return device
  }

  emit(kind: FleetEvent['kind'], endpoint: string | undefined, detail: FleetEvent['detail'] = {}): FleetEvent {
    const device = endpoint === undefined ? undefined : this.known.get(endpoint)
    const event: FleetEvent = {
      id: this.happened.length + 1,
      at: this.now,
      kind,
      ...(device && { deviceId: device.id }),
      ...(endpoint !== undefined && { endpoint }),
      cause: 'test',
      detail,
    }
    this.happened.push(event)
    for (const listener of this.listeners) listener(event)
    return event
  }

  /** The device answers operation `id`. */
  finish(id: number, outcome: Partial<Operation>): void {
    const operation = this.asked.find((one) => one.id === id)!
    Object.assign(operation, { attempts: 1, sentAt: this.now, finishedAt: this.now, ...outcome })
    this.emit('operation.finished', operation.endpoint, { operation: id, state: operation.state })
  }

  /** The octets of images are gone. */
  isLost = false

  readonly registry: Services['registry'] = {
    list: (filter, { cursor, limit }) => {
      this.#mayFail()
      const rows = [...this.known.values()]
        .toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1))
        .filter((device) => cursor === undefined || device.endpoint > cursor)
        .filter((device) => filter.status === undefined || device.status === filter.status)
        .filter((device) => filter.product === undefined || device.product === filter.product)
        .filter((device) => device.endpoint.startsWith(filter.prefix ?? ''))
        .filter((device) => Object.entries(filter.tags ?? {}).every(([name, value]) => device.tags[name] === value))
      const devices = rows.slice(0, limit)
      return { devices, ...(rows.length > limit && { next: devices.at(-1)!.endpoint }) }
    },
    device: (endpoint) => {
      this.#mayFail()
      return this.#device(endpoint)
    },
    find: (endpoint) => {
      this.#mayFail()
      return this.known.get(endpoint)
    },
    put: async (endpoint, said, { mustExist, replaces, ...wish }) => {
      this.#mayFail()
      demandDevice({ endpoint, ...wish }, this.known.get(endpoint))
      const patch = replaces === true ? replacing(this.known.get(endpoint), said) : said
      const device = mustExist || this.known.has(endpoint) ? this.#device(endpoint) : this.addDevice(endpoint)
      const tags = { ...device.tags, ...patch.tags }
      const { product, profile, ...rest } = { ...device, ...patch } as Record<string, unknown>
      const next = {
        ...rest,
        tags: Object.fromEntries(Object.entries(tags).filter(([, value]) => value !== null)),
        ...(typeof product === 'string' && { product }),
        ...(typeof profile === 'string' && { profile }),
      } as unknown as Mutable<DeviceWithStatus> & { retired?: boolean; quarantined?: false }
      if (patch.retired === true) Object.assign(next, { status: 'retired', retiredAt: this.now })
      delete next.retired
      if (patch.quarantined === false) {
        Object.assign(next, { status: 'awake' })
        delete next.quarantinedAt
        delete next.quarantined
      }
      this.known.set(endpoint, next)
      return next
    },
    delete: async (endpoint, precondition) => {
      demandDevice({ endpoint, precondition }, this.#device(endpoint))
      this.emit('device.deleted', endpoint)
      this.known.delete(endpoint)
    },
  }

  readonly configurations = new Map<string, Configuration>()
  configurationObservers = { count: 0, told: 0 }

  readonly configuration: Services['configuration'] = {
    read: (endpoint) => {
      this.#mayFail()
      this.#device(endpoint)
      const configuration = this.configurations.get(endpoint)
      if (configuration === undefined) {
        throw new UsageError('configuration.unset', `'${endpoint}' has no configuration`, { status: 404 })
      }
      return { ...configuration, observers: this.configurationObservers }
    },
    set: async (endpoint, document, precondition) => {
      const { id: deviceId } = this.#device(endpoint)
      demandConfiguration({ endpoint, precondition }, this.configurations.get(endpoint))
      this.configurations.set(endpoint, { deviceId, document, changedAt: this.now })
      return this.configuration.read(endpoint)
    },
    remove: async (endpoint, precondition) => {
      this.#device(endpoint)
      demandConfiguration({ endpoint, precondition }, this.configurations.get(endpoint))
      this.configurations.delete(endpoint)
    },
  }

  readonly operations: Services['operations'] = {
    submit: async (endpoint, draft) => {
      this.#mayFail()
      const device = this.#device(endpoint)
      const same = this.asked.find(
        (one) => one.idempotencyKey !== undefined && one.idempotencyKey === draft.idempotencyKey,
      )
      if (same) return same
      const operation: Operation = {
        id: this.asked.length + 1,
        deviceId: device.id,
        endpoint,
        kind: draft.kind,
        path: draft.path,
        ...(draft.value !== undefined && { value: draft.value }),
        priority: draft.priority ?? 5,
        state: 'queued',
        attempts: 0,
        createdAt: this.now,
        deadline: draft.deadline ?? instantOf(this.now + 86_400_000),
        ...(draft.idempotencyKey !== undefined && { idempotencyKey: draft.idempotencyKey }),
        origin: draft.origin ?? 'operator',
        messageId: 4711,
        token: 'secret',
        ...(device.status === 'asleep' && { reason: 'device-asleep' as const }),
        ...(device.status === 'offline' && { reason: 'device-offline' as const }),
      }
      this.asked.push(operation)
      const outcome = this.answer?.(operation)
      if (outcome) this.finish(operation.id, outcome)
      return operation
    },
    operation: (id) => {
      const operation = this.asked.find((one) => one.id === id)
      if (operation) return operation
      throw new UsageError('operation.unknown', `there is no operation ${id}`, { status: 404 })
    },
    list: ({ endpoint, state }, before, limit) =>
      this.asked
        .toReversed()
        .filter((one) => endpoint === undefined || one.endpoint === endpoint)
        .filter((one) => state === undefined || one.state === state)
        .filter((one) => before === undefined || one.id < before)
        .slice(0, limit),
    cancel: async (id) => {
      const operation = this.operations.operation(id)
      if (operation.state !== 'queued') {
        throw new UsageError('operation.not-open', `operation ${id} is ${operation.state}`, { status: 409 })
      }
      this.finish(id, { state: 'cancelled', reason: 'cancelled-by-operator' })
      return operation
    },
  }

  readonly images: Services['images'] = imagesKeptIn(
    this.kept,
    () => this.now,
    () => this.#mayFail(),
  )

  readonly signingKeys = signingKeysOver(() => this.now)
  readonly deltas = deltasOver(this.images, () => this.now)
  readonly inCampaigns = campaignsInMemory({
    images: {
      list: (product) => this.images.list(product),
      image: (reference) => this.images.image(reference),
      waysTo: (target) => new Ways(target, this.kept, []),
      ready: async ({ product, version }) => {
        if (this.isLost) throw imageLost(product, version)
      },
    },
    registry: {
      list: (filter, page) => this.registry.list(filter, page),
      device: (endpoint) => this.registry.device(endpoint),
      knows: (endpoint) => this.known.has(endpoint),
    },
    now: () => this.now,
  })
  readonly campaigns: Services['campaigns'] = this.inCampaigns.service

  readonly firmware: Services['firmware'] = {
    start: async (endpoint, reference) => {
      const device = this.#device(endpoint)
      const { sha256, version, size } = this.images.image(reference)
      const update: FirmwareUpdate = {
        id: this.started.length + 1,
        deviceId: device.id,
        endpoint,
        sha256,
        version,
        size,
        target: '/5/0',
        state: 'pending',
        fetched: 0,
        resumes: 0,
        createdAt: this.now,
        changedAt: this.now,
      }
      this.started.push(update)
      return update
    },
    cancel: async (endpoint) => {
      const update = this.started.findLast((one) => one.endpoint === endpoint)
      if (!update) throw new UsageError('update.none', 'no update is open', { status: 404 })
      Object.assign(update, { state: 'cancelled', finishedAt: this.now })
      return update
    },
    update: (id) => {
      const update = this.started.find((one) => one.id === id)
      if (update) return update
      throw new UsageError('update.unknown', `there is no update ${id}`, { status: 404 })
    },
    updates: (endpoint, limit) =>
      this.started
        .toReversed()
        .filter((one) => endpoint === undefined || one.endpoint === endpoint)
        .slice(0, limit),
  }

  /** The real one: it needs no engine, only a place to write. */
  readonly credentials: CredentialsService = credentialsOver(() => this.now)
  readonly bootstrapping: FakeBootstrap = bootstrapOver(() => this.now, this.credentials, {
    registry: { device: (endpoint) => this.registry.device(endpoint) },
    operations: { submit: (endpoint, draft) => this.operations.submit(endpoint, draft) },
  })
  readonly bootstrap: Services['bootstrap'] = this.bootstrapping.service
  readonly handshakes: HandshakesService = new HandshakesService({ 'handshakes.kept': 100 })

  /** By endpoint name. */
  readonly intents = new Map<string, readonly Observation[]>()
  readonly observations: Services['observations'] = {
    list: (endpoint) => {
      this.#device(endpoint)
      return this.intents.get(endpoint) ?? []
    },
  }

  readonly rules: ObservationRule[] = []
  readonly observationRules: Services['observationRules'] = {
    list: () => this.rules,
    add: async ({ attributes, ...draft }) => {
      this.#mayFail()
      const wanted =
        attributes === undefined ? {} : { attributes: attributes as NonNullable<ObservationRule['attributes']> }
      const rule = { ...draft, ...wanted, id: this.rules.length + 1, createdAt: this.now }
      this.rules.push(rule)
      return rule
    },
    remove: async (id) => {
      const at = this.rules.findIndex((rule) => rule.id === id)
      if (at < 0) throw new UsageError('rule.unknown', `there is no rule ${id}`, { status: 404 })
      this.rules.splice(at, 1)
    },
  }

  readonly objects = fakeObjects

  readonly events: Services['events'] = {
    list: (filter, after, limit) => {
      this.#mayFail()
      return this.#passing(filter)
        .filter(({ id }) => id > after)
        .slice(0, limit)
    },
    latest: (filter, limit) => this.#passing(filter).slice(-limit),
    subscribe: (listener) => {
      this.listeners.add(listener)
      return () => this.listeners.delete(listener)
    },
  }

  /** A datagram of a device passes. */
  pass(endpoint: string, datagram: Partial<TracedDatagram> = {}): TracedDatagram {
    const before = this.traced.get(endpoint) ?? []
    const traced: TracedDatagram = {
      id: this.now * 1000 + before.length,
      at: this.now,
      direction: 'received',
      remote: { address: '192.0.2.7', port: 40_000 },
      size: 4,
      head: Uint8Array.of(0x40, 0, 0, before.length + 1),
      retransmission: false,
      ...datagram,
    }
    this.traced.set(endpoint, [...before, traced])
    for (const listener of this.traceListeners) listener(traced)
    return traced
  }

  readonly trace: Services['trace'] = {
    datagrams: (endpoint) => this.traced.get(endpoint) ?? [],
    follow: (_endpoint, listener) => {
      this.traceListeners.add(listener)
      return () => this.traceListeners.delete(listener)
    },
    localAddress: () => '192.0.2.1',
  }

  report = () => ({
    samples: [],
    counts: { devices: this.known.size },
    listeners: [{ protocol: 'coap', address: '127.0.0.1', port: 5683 }],
  })

  obstacles = () => this.reasons

  #passing(filter: Parameters<Services['events']['list']>[0]): FleetEvent[] {
    return this.happened.filter((event) => isWanted(event, filter))
  }

  #device(endpoint: string): DeviceWithStatus {
    const device = this.known.get(endpoint)
    if (device) return device
    const similar = [...this.known.keys()].slice(0, 3)
    throw new UsageError('device.unknown', `no device is called '${endpoint}'`, {
      status: 404,
      hint: "'coapstan devices' lists the known ones",
      members: { similar },
    })
  }

  #mayFail(): void {
    const failure = this.failure
    this.failure = undefined
    if (failure) throw failure
  }
}

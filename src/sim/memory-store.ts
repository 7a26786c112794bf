/**
 * A store without a disk, for worlds too large to write one: the same answers as `storage/sqlite` (a test
 * asks both), nothing durable beyond its own life. What a commit is asked to do, it does whole.
 */
import { DeadlineQueue } from '../base/deadline-queue.ts'
import { invariant } from '../base/errors.ts'
import { milliseconds, never, type Duration, type Instant } from '../base/time.ts'
import type { Configuration, ConfigurationObserver } from '../fleet/configuration/types.ts'
import { needsOctets } from '../fleet/firmware/journey.ts'
import { isFinished } from '../fleet/firmware/rules.ts'
import type { FirmwareUpdate } from '../fleet/firmware/types.ts'
import type { Observation } from '../fleet/observations/types.ts'
import { openStates, type Operation, type OperationFilter, type OperationId } from '../fleet/operations/types.ts'
import type { DeviceRow } from '../fleet/registry/store.ts'
import type { Device, DeviceFilter, DeviceId, EndpointName, Registration } from '../fleet/registry/types.ts'
import type { DeviceKey, DeviceSnapshot, Store, StoreOp } from '../fleet/store.ts'
import type { StoredAssociation } from '../fleet/associations/types.ts'
import { commonLength, pageOf } from './device-matching.ts'
import { MemoryAssociations } from './memory-associations.ts'
import { isOfAssociations } from '../fleet/associations/store.ts'
import { isOfCampaigns, MemoryCampaigns } from './memory-campaigns.ts'
import { isBootstrapOp } from './memory-bootstrap.ts'
import { MemoryObservationRules } from './memory-observation-rules.ts'
import { MemoryEvents } from './memory-events.ts'
import { MemoryUpdates } from './memory-updates.ts'
import { byPath, dueOf, inSendingOrder, isToRecover, Row, rowOf, rowOrNothing } from './memory-rows.ts'

export interface MemoryStoreLimits {
  readonly eventsKept: number
  readonly operationsKept: number
}

export class MemoryStore extends MemoryCampaigns implements Store {
  readonly #limits: MemoryStoreLimits
  readonly #rows = new Map<DeviceId, Row>()
  readonly #byEndpoint = new Map<EndpointName, Row>()
  /** Endpoint names in order, until one comes or goes. */
  #inOrder: readonly EndpointName[] | undefined
  readonly #byRegistration = new Map<string, Row>()
  readonly #byToken = new Map<string, Row>()
  readonly #operations = new Map<OperationId, Operation>()
  readonly #updates = new MemoryUpdates()
  readonly #events: MemoryEvents
  readonly #due = new DeadlineQueue<Row>()
  #lastDeviceId = 0
  #lastOperationId = 0
  readonly #associations = new MemoryAssociations()
  readonly #rules = new MemoryObservationRules()
  readonly observationRules: Store['observationRules'] = () => this.#rules.list()
  readonly lastObservationRuleId: Store['lastObservationRuleId'] = () => this.#rules.lastId

  constructor(limits: MemoryStoreLimits = { eventsKept: 100_000, operationsKept: 200 }) {
    super()
    this.#limits = limits
    this.#events = new MemoryEvents(limits.eventsKept)
  }

  commit(ops: readonly StoreOp[]): void {
    for (const op of ops) this.#apply(op)
  }

  together(reads: () => void): void {
    reads()
  }

  close(): void {
    this.#due.takeDue(never)
  }

  // ——— reads ———

  associationByCid(cid: string): StoredAssociation | undefined {
    return this.#associations.byCid(cid)
  }

  associationByAddress(address: string, port: number): StoredAssociation | undefined {
    return this.#associations.byAddress(address, port)
  }

  associationByEndpoint(endpoint: EndpointName): StoredAssociation | undefined {
    return this.#associations.byEndpoint(endpoint)
  }

  lastAssociationId(): number {
    return this.#associations.lastId
  }

  associationMark(): number | undefined {
    return this.#associations.mark
  }

  snapshot(key: DeviceKey, openOperationsLimit: number): DeviceSnapshot | undefined {
    const row = this.#find(key)
    if (row === undefined) return undefined
    return {
      ...rowOf(row),
      operations: inSendingOrder(row, openOperationsLimit),
      observations: byPath(row),
      ...(row.update === undefined ? {} : { update: row.update }),
      ...(row.configuration === undefined ? {} : { configuration: row.configuration }),
      configurationObservers: [...row.configurationObservers.values()],
    }
  }

  configuration(deviceId: DeviceId): Configuration | undefined {
    return this.#rows.get(deviceId)?.configuration
  }

  configurationObservers(deviceId: DeviceId): readonly ConfigurationObserver[] {
    return [...(this.#rows.get(deviceId)?.configurationObservers.values() ?? [])]
  }

  devicesDue(at: Instant, limit: number, grace: Duration = milliseconds(0)): readonly DeviceId[] {
    const rows: Row[] = []
    for (let row; rows.length < limit && (row = this.#due.takeDue(at)) !== undefined;) rows.push(row)
    for (const row of rows) this.#schedule(row)
    const isDue = ({ registration, deadline }: Row): boolean =>
      registration === undefined || deadline < registration.expiresAt || registration.expiresAt <= at - grace
    return rows.filter(isDue).map(({ device }) => device.id)
  }

  device(endpoint: EndpointName): DeviceRow | undefined {
    return rowOrNothing(this.#byEndpoint.get(endpoint))
  }

  deviceById(id: DeviceId): DeviceRow | undefined {
    return rowOrNothing(this.#rows.get(id))
  }

  deviceByRegistration(registrationId: string): DeviceRow | undefined {
    return rowOrNothing(this.#byRegistration.get(registrationId))
  }

  devices(filter: Omit<DeviceFilter, 'status'>, cursor: EndpointName | undefined, limit: number): DeviceRow[] {
    this.#inOrder ??= [...this.#byEndpoint.keys()].sort((a, b) => (a < b ? -1 : 1))
    return pageOf(this.#inOrder, (endpoint) => rowOf(this.#byEndpoint.get(endpoint)!), filter, cursor, limit)
  }

  /** Those with the longest beginning in common. */
  similarEndpoints(endpoint: EndpointName, limit: number): readonly EndpointName[] {
    return [...this.#byEndpoint.keys()]
      .sort((a, b) => commonLength(b, endpoint) - commonLength(a, endpoint))
      .slice(0, limit)
  }

  countDevices(): number {
    return this.#rows.size
  }

  operation(id: OperationId): Operation | undefined {
    return this.#operations.get(id)
  }

  operations(filter: OperationFilter, before: OperationId | undefined, limit: number): readonly Operation[] {
    const all = filter.deviceId === undefined ? this.#operations : this.#rows.get(filter.deviceId)?.operations
    return [...(all?.values() ?? [])]
      .filter((operation) => filter.state === undefined || operation.state === filter.state)
      .filter(({ id }) => before === undefined || id < before)
      .sort((a, b) => b.id - a.id)
      .slice(0, limit)
  }

  openOperations(deviceId: DeviceId, limit: number): readonly Operation[] {
    const row = this.#rows.get(deviceId)
    return row === undefined ? [] : inSendingOrder(row, limit)
  }

  byIdempotencyKey(deviceId: DeviceId, key: string): Operation | undefined {
    return [...(this.#rows.get(deviceId)?.operations.values() ?? [])].findLast(
      ({ idempotencyKey }) => idempotencyKey === key,
    )
  }

  devicesToRecover(after: DeviceId, limit: number): readonly DeviceId[] {
    return [...this.#rows.values()]
      .filter((row) => row.device.id > after && isToRecover(row))
      .map(({ device }) => device.id)
      .sort((a, b) => a - b)
      .slice(0, limit)
  }

  observations(deviceId: DeviceId, limit: number): readonly Observation[] {
    const row = this.#rows.get(deviceId)
    return row === undefined ? [] : byPath(row).slice(0, limit)
  }

  update(id: number): FirmwareUpdate | undefined {
    return this.#updates.find(id)
  }

  updates(deviceId: DeviceId | undefined, limit: number): readonly FirmwareUpdate[] {
    return this.#updates.list(deviceId, limit)
  }

  openUpdate(deviceId: DeviceId): FirmwareUpdate | undefined {
    return this.#rows.get(deviceId)?.update
  }

  openUpdatesNeeding(sha256: string, limit: number): readonly FirmwareUpdate[] {
    return [...this.#rows.values()]
      .flatMap(({ update }) => (update !== undefined && needsOctets(update, sha256) ? [update] : []))
      .slice(0, limit)
  }

  updatesBegunBefore(before: Instant, after: number, limit: number): number | undefined {
    return this.#updates.begunBefore(before, after, limit)
  }

  readonly events: Store['events'] = (filter, after, limit) => this.#events.list(filter, after, limit)
  readonly latestEvents: Store['latestEvents'] = (filter, limit) => this.#events.latest(filter, limit)
  readonly lastEventId: Store['lastEventId'] = () => this.#events.lastId
  readonly lastDeviceId: Store['lastDeviceId'] = () => this.#lastDeviceId
  readonly lastOperationId: Store['lastOperationId'] = () => this.#lastOperationId
  readonly lastUpdateId: Store['lastUpdateId'] = () => this.#updates.lastId

  // ——— ops ———

  #apply(op: StoreOp): void {
    if (isOfAssociations(op)) return this.#associations.apply(op)
    if (isOfCampaigns(op)) return this.applyCampaigns(op)
    if (isBootstrapOp(op)) return this.applyBootstrap(op)
    switch (op.op) {
      case 'credential.put':
      case 'credential.used':
      case 'credential.trim':
      case 'store-key.put':
        return this.applyCredentials(op)
      case 'device.add':
      case 'device.put':
        return this.#putDevice(op.device)
      case 'device.delete':
        return this.#deleteDevice(op.deviceId)
      case 'registration.put':
        return this.#putRegistration(this.#row(op.deviceId), op.registration)
      case 'registration.touch': {
        const row = this.#row(op.deviceId)
        const { op: _, deviceId: __, ...contact } = op
        row.device = { ...row.device, lastSeen: op.updatedAt }
        if (row.registration !== undefined) row.registration = { ...row.registration, ...contact }
        return this.#schedule(row)
      }
      case 'registration.delete':
        return this.#putRegistration(this.#row(op.deviceId), undefined)
      case 'device.learned': {
        const row = this.#row(op.deviceId)
        row.device = { ...row.device, learned: op.learned }
        return
      }
      case 'device.seen': {
        const row = this.#row(op.deviceId)
        row.device = { ...row.device, lastSeen: op.at }
        return
      }
      case 'device.config':
      case 'config-observer.delete':
        return this.#row(op.deviceId).configure(op)
      case 'config-observer.put':
        return this.#row(op.observer.deviceId).configure(op)
      case 'operation.put':
        return this.#putOperation(op.operation)
      case 'observation.put':
        this.#forgetToken(op.observation.deviceId, op.observation.path)
        this.#row(op.observation.deviceId).observations.set(op.observation.path, op.observation)
        this.#byToken.set(op.observation.token, this.#row(op.observation.deviceId))
        return
      case 'observation.heard': {
        const { observations } = this.#row(op.deviceId)
        const { lastSequence: _, lastMessageId: __, ...rest } = observations.get(op.path)!
        const sequence = op.sequence === undefined ? {} : { lastSequence: op.sequence }
        const messageId = op.messageId === undefined ? {} : { lastMessageId: op.messageId }
        observations.set(op.path, { ...rest, lastNotification: op.at, ...sequence, ...messageId })
        return
      }
      case 'observation.delete':
        this.#forgetToken(op.deviceId, op.path)
        this.#rows.get(op.deviceId)?.observations.delete(op.path)
        return
      case 'observation-rule.put':
      case 'observation-rule.delete':
        return this.#rules.apply(op)
      case 'image.put':
      case 'image.delete':
      case 'delta.put':
      case 'delta.delete':
      case 'signing-key.put':
      case 'signing-key.delete':
        return this.applyToImages(op)
      case 'update.put':
        return this.#putUpdate(op.update)
      case 'update.trim':
        return this.#updates.trim(op)
      case 'update.forget':
        return this.#updates.forget(op, (id) => this.#rows.has(id))
      case 'update.reverted':
        return this.#updates.revert(op)
      case 'event.append':
        return this.#events.append(op.event)
    }
  }

  #putDevice(device: Device): void {
    const row = this.#rows.get(device.id)
    this.#lastDeviceId = Math.max(this.#lastDeviceId, device.id)
    if (row === undefined) {
      invariant(!this.#byEndpoint.has(device.endpoint), `one device is called '${device.endpoint}'`)
      const added = new Row(device)
      this.#rows.set(device.id, added)
      this.#byEndpoint.set(device.endpoint, added)
      this.#inOrder = undefined
    } else {
      row.device = { ...device, createdAt: row.device.createdAt }
    }
  }

  #deleteDevice(deviceId: DeviceId): void {
    const row = this.#rows.get(deviceId)
    this.campaignsLose(deviceId)
    if (row === undefined) return
    this.#putRegistration(row, undefined)
    for (const id of row.operations.keys()) this.#operations.delete(id)
    for (const { token } of row.observations.values()) this.#byToken.delete(token)
    this.#due.clear(row)
    this.#rows.delete(deviceId)
    this.#byEndpoint.delete(row.device.endpoint)
    this.#inOrder = undefined
  }

  #putRegistration(row: Row, registration: Registration | undefined): void {
    if (row.registration !== undefined) this.#byRegistration.delete(row.registration.id)
    row.registration = registration
    if (registration !== undefined) {
      this.#byRegistration.set(registration.id, row)
      row.device = { ...row.device, lastSeen: registration.updatedAt }
    }
    this.#schedule(row)
  }

  #putOperation(operation: Operation): void {
    const row = this.#row(operation.deviceId)
    const isOpen = openStates.includes(operation.state)
    this.#lastOperationId = Math.max(this.#lastOperationId, operation.id)
    this.#operations.set(operation.id, operation)
    row.operations.set(operation.id, operation)
    if (isOpen) row.open.set(operation.id, operation)
    else row.open.delete(operation.id)
    this.#schedule(row)
    if (isOpen || row.operations.size - row.open.size <= this.#limits.operationsKept) return
    for (const id of row.operations.keys()) {
      if (row.open.has(id)) continue
      row.operations.delete(id)
      this.#operations.delete(id)
      return
    }
  }

  #putUpdate(update: FirmwareUpdate): void {
    const row = this.#row(update.deviceId)
    this.#updates.put(update)
    if (!isFinished(update)) row.update = update
    else if (row.update?.id === update.id) row.update = undefined
    this.#schedule(row)
  }

  #forgetToken(deviceId: DeviceId, path: string): void {
    const before = this.#rows.get(deviceId)?.observations.get(path)
    if (before !== undefined) this.#byToken.delete(before.token)
  }

  #schedule(row: Row): void {
    const due = dueOf(row)
    if (due === never) this.#due.clear(row)
    else this.#due.set(row, due)
  }

  #row(deviceId: DeviceId): Row {
    const row = this.#rows.get(deviceId)
    invariant(row !== undefined, `device ${deviceId} is in the store before anything hangs on it`)
    return row
  }

  #find(key: DeviceKey): Row | undefined {
    switch (key.by) {
      case 'endpoint':
        return this.#byEndpoint.get(key.endpoint)
      case 'registration':
        return this.#byRegistration.get(key.registrationId)
      case 'id':
        return this.#rows.get(key.deviceId)
      case 'observation':
        return this.#byToken.get(key.token)
      case 'address':
        return [...this.#rows.values()].find(
          ({ registration: of }) => of?.secured === false && of.address === key.address && of.port === key.port,
        )
    }
  }
}

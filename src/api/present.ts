/** From the fleet's types to the JSON of the contract; what devices and we agreed on in secret stays out. */
import { hexOf } from '../base/bytes.ts'
import type { Duration, Instant } from '../base/time.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import { retryOf } from '../fleet/firmware/results.ts'
import type { FirmwareUpdate, Journey } from '../fleet/firmware/types.ts'
import type { ObservationRule } from '../fleet/observation-rules/types.ts'
import type { IntendedAttributes, Observation } from '../fleet/observations/types.ts'
import type { Operation } from '../fleet/operations/types.ts'
import { explainedQuirk, type SeenQuirk } from '../fleet/registry/quirks.ts'
import { deviceRevision } from '../fleet/registry/revision.ts'
import type { DeviceWithStatus, Registration } from '../fleet/registry/types.ts'
import type { Learned } from '../fleet/registry/learned.ts'
import type { DeviceJson } from './contract/device.ts'
import type { EventJson } from './contract/event.ts'
import type { UpdateJson } from './contract/firmware.ts'
import type { ObjectDefinitionJson, ResourceDefinitionJson } from './contract/object.ts'
import type { ObservationJson, ObservationRuleJson } from './contract/observation.ts'
import type { OperationJson } from './contract/operation.ts'
import type { TracedDatagramJson } from './contract/trace.ts'
import type { ObjectDefinition, ResourceDefinition, TracedDatagram } from './services.ts'

export function presentDevice(device: DeviceWithStatus): DeviceJson {
  const { id, endpoint, status, product, productFrom, tags, profile, network, registration } = device
  const { awakeWindow, wakeInterval, learned } = device
  return {
    id,
    endpoint,
    revision: deviceRevision(device),
    status,
    ...instants({ nextExpectedAt: device.nextExpectedAt }),
    ...present({ product, productFrom }),
    tags: { ...tags },
    ...present({ profile }),
    network: { ...network },
    ...secondsOf({ awakeWindowSeconds: awakeWindow, wakeIntervalSeconds: wakeInterval }),
    ...(learned?.powerSaving && { powerSaving: presentPowerSaving(learned.powerSaving) }),
    createdAt: isoOf(device.createdAt),
    ...instants({ firstSeen: device.firstSeen, lastSeen: device.lastSeen }),
    ...instants({ retiredAt: device.retiredAt, quarantinedAt: device.quarantinedAt }),
    ...(device.quirks && { quirks: device.quirks.map(presentQuirk) }),
    ...(registration && { registration: presentRegistration(registration) }),
  }
}

function presentQuirk(quirk: SeenQuirk): NonNullable<DeviceJson['quirks']>[number] {
  const { name, deviation, assumption, at, example } = explainedQuirk(quirk)
  return { name, deviation, assumption, ...instants({ at }), ...present({ example }) }
}

function presentPowerSaving({
  trackingUpdate,
  activeTime,
  pagingCycle,
}: NonNullable<Learned['powerSaving']>): NonNullable<DeviceJson['powerSaving']> {
  return secondsOf({
    trackingUpdateSeconds: trackingUpdate,
    activeTimeSeconds: activeTime,
    pagingCycleSeconds: pagingCycle,
  })
}

function presentRegistration(registration: Registration): NonNullable<DeviceJson['registration']> {
  const { id, lwm2mVersion, lifetime, binding, queueMode, smsNumber, profileId, links, address, port } = registration
  return {
    id,
    lwm2mVersion,
    lifetimeSeconds: lifetime,
    binding,
    queueMode,
    ...present({ smsNumber, profileId }),
    links,
    registeredAt: isoOf(registration.registeredAt),
    updatedAt: isoOf(registration.updatedAt),
    expiresAt: isoOf(registration.expiresAt),
    address,
    port,
  }
}

export function presentOperation(operation: Operation): OperationJson {
  const { id, deviceId, endpoint, kind, path, value, priority, state, attempts, origin } = operation
  const { reason, detail, code, result, idempotencyKey, retries } = operation
  return {
    id,
    deviceId,
    endpoint,
    kind,
    path,
    ...present({ value }),
    priority,
    state,
    attempts,
    ...present({ retries }),
    ...instants({ notBefore: operation.notBefore }),
    ...present({ reason, detail, code, result }),
    createdAt: isoOf(operation.createdAt),
    ...instants({ sentAt: operation.sentAt, finishedAt: operation.finishedAt }),
    deadline: isoOf(operation.deadline),
    ...present({ idempotencyKey }),
    origin,
  }
}

export function presentObservation(observation: Observation): ObservationJson {
  const { path, state, reason, origins, attributes, createdAt, lastNotification } = observation
  return {
    path,
    state,
    ...present({ reason }),
    wantedBy: [...origins],
    ...(attributes && { attributes: presentAttributes(attributes) }),
    createdAt: isoOf(createdAt),
    ...instants({ lastNotification }),
  }
}

function presentAttributes(intended: IntendedAttributes): NonNullable<ObservationJson['attributes']> {
  const { wanted, state, reason, drift, seenAt } = intended
  return {
    wanted: { ...wanted },
    state,
    ...present({ reason }),
    ...(drift && { drift: drift.map((each) => ({ ...each })) }),
    ...instants({ seenAt }),
  }
}

export function presentObservationRule(rule: ObservationRule): ObservationRuleJson {
  const { id, product, tags, path, attributes, createdAt } = rule
  return {
    id,
    ...present({ product }),
    tags: { ...tags },
    path,
    ...(attributes && { attributes: { ...attributes } }),
    createdAt: isoOf(createdAt),
  }
}

export function presentUpdate(update: FirmwareUpdate): UpdateJson {
  const { id, deviceId, endpoint, sha256, version, size, state, fetched, resumes } = update
  const { target, delivery, blockSize, fromVersion, result, failure, reason, uplinks } = update
  return {
    id,
    deviceId,
    endpoint,
    sha256,
    version,
    size,
    target,
    state,
    ...present({ delivery }),
    fetched,
    resumes,
    attempts: update.attempts ?? 0,
    package: update.options?.delta === undefined ? 'whole' : 'delta',
    ...(update.journey !== undefined && { way: presentWay(update.journey) }),
    ...present({ blockSize, fromVersion, result, failure, reason, uplinks }),
    ...(failure === undefined ? {} : { retry: retryOf(failure) }),
    createdAt: isoOf(update.createdAt),
    changedAt: isoOf(update.changedAt),
    ...instants({ finishedAt: update.finishedAt, dueAt: update.dueAt, provingSince: update.provingSince }),
  }
}

function presentWay({ goal, hop, hops, onward, follows }: Journey): NonNullable<UpdateJson['way']> {
  return { goal, hop, hops, onward: onward.map(({ version }) => version), ...present({ follows }) }
}

export function presentEvent(event: FleetEvent): EventJson {
  const { id, at, kind, deviceId, endpoint, cause, detail } = event
  return { id, at: isoOf(at), kind, ...present({ deviceId, endpoint }), cause, detail: { ...detail } }
}

export function presentTraced(datagram: TracedDatagram): TracedDatagramJson {
  const { id, at, direction, remote, size, head, type, code, codeName, messageId, token, options } = datagram
  const { payloadSize, fault, retransmission, outcome, answer, roundTrip, after } = datagram
  return {
    id,
    at: isoOf(at),
    direction,
    address: remote.address,
    port: remote.port,
    size,
    head: hexOf(head),
    ...present({ type, code, codeName, messageId, token }),
    ...(options && { options: options.map(({ number, name, value }) => ({ number, name, value })) }),
    ...present({ payloadSize, fault }),
    retransmission,
    ...present({ outcome, answer, roundTripMilliseconds: roundTrip, afterMilliseconds: after }),
  }
}

export function presentObject(object: ObjectDefinition): ObjectDefinitionJson {
  const { id, name, version, lwm2mVersion, urn, multiple, mandatory, description } = object
  const resources = [...object.resources.values()].sort((a, b) => a.id - b.id).map(presentResource)
  return { id, name, version, lwm2mVersion, urn, multiple, mandatory, description, resources }
}

function presentResource(resource: ResourceDefinition): ResourceDefinitionJson {
  const { id, name, operations, multiple, mandatory, type, range, unit, description } = resource
  return { id, name, operations, multiple, mandatory, type, range, unit, description }
}

/** Milliseconds are as fine as ISO 8601 gets here; an instant's fraction of one is dropped. */
export function isoOf(instant: Instant): string {
  return new Date(instant).toISOString()
}

/** JSON text in which 64-bit integers are strings. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** The members that are there. */
export function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>
}

export function instants<K extends string>(members: Readonly<Record<K, Instant | undefined>>): { [P in K]?: string } {
  const known = Object.entries<Instant | undefined>(members).flatMap(([name, at]) =>
    at === undefined ? [] : [[name, isoOf(at)]],
  )
  return Object.fromEntries(known) as { [P in K]?: string }
}

function secondsOf<K extends string>(members: Readonly<Record<K, Duration | undefined>>): { [P in K]?: number } {
  const known = Object.entries<Duration | undefined>(members).flatMap(([name, duration]) =>
    duration === undefined ? [] : [[name, duration / 1000]],
  )
  return Object.fromEntries(known) as { [P in K]?: number }
}

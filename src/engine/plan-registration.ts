/**
 * Register, Update, De-register and the end of a lifetime (LwM2M Core 1.2 §6.2).
 */
import { after, between, hours, instantOf, seconds, type Duration, type Instant } from '../base/time.ts'
import { response as codes } from '../coap/codes.ts'
import type { OutboundResponse } from '../coap/types.ts'
import type { FleetEvent } from '../fleet/events/types.ts'
import type { Device, Registration } from '../fleet/registry/types.ts'
import { reactionTo } from '../lwm2m/reactions.ts'
import { admissionOf } from './admission.ts'
import type { Sender, UplinkInput } from './inputs.ts'
import { mayChange, mayRegister } from './ownership.ts'
import { renew } from './intents.ts'
import type { PlanContext } from './plan-context.ts'
import { forgetObservers } from './plan-config-observers.ts'
import { planRecovery } from './plan-operations.ts'
import type { Draft } from './state.ts'

type Of<K extends UplinkInput['input']> = Extract<UplinkInput, { input: K }>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** How far back a repetition of a Register may reach: no device known repeats itself for longer. */
const longestExchange = seconds(1030)

/** Hex digits of a token of eight octets. */
const longToken = 16

/** 'repeated' where the device has had this very answer, or should have; 'refused' where the name is another's. */
export function planRegister(
  draft: Draft,
  input: Of<'register'>,
  settings: PlanContext['settings'],
): 'new' | 'repeated' | 'refused' {
  const admission = admissionOf(draft.next.device, input.from, settings)
  if (admission === 'refused' || !mayRegister(draft.next, input.from)) {
    draft.effects.push({ effect: 'respond', exchange: input.exchange, response: refused })
    noteRefusal(draft, input.from, admission === 'refused' ? 'policy' : 'another-credential')
    return 'refused'
  }
  const before = draft.next.registration
  if (before !== undefined && repeats(input, before, draft.now)) {
    // The answer to this very message was lost, with our memory of it (ARCHITECTURE §4).
    draft.effects.push({ effect: 'heard', peer: input.from.peer }, created(input, before.id))
    return 'repeated'
  }
  const { request } = input
  const { remote, secured } = input.from
  const known = draft.next.device
  const isNew = known === undefined
  const heard: Device = isNew
    ? newDevice(draft)
    : { ...known, firstSeen: known.firstSeen ?? draft.now, lastSeen: draft.now }
  const seen = admission === 'quarantined' ? quarantined(heard, draft.now) : admitted(heard)
  // Made with what every one has, the rest is added: a part spread into it would cost twice its memory.
  const registration: Mutable<Registration> = {
    id: input.newId,
    lwm2mVersion: request.version,
    lifetime: request.lifetime,
    binding: request.binding,
    queueMode: request.queueMode,
    links: request.links,
    registeredAt: draft.now,
    updatedAt: draft.now,
    expiresAt: after(draft.now, seconds(request.lifetime)),
    address: remote.address,
    port: remote.port,
    messageId: input.messageId,
    token: input.token,
    secured,
  }
  if (request.smsNumber !== undefined) registration.smsNumber = request.smsNumber
  if (request.profileId !== undefined) registration.profileId = request.profileId
  draft.change({ device: seen, registration, vouched: undefined })
  if (isNew) draft.ops.push({ op: 'device.add', device: seen })
  else if (seen.firstSeen !== known.firstSeen) draft.ops.push({ op: 'device.put', device: seen })
  draft.ops.push({ op: 'registration.put', deviceId: seen.id, registration })
  if (speaksDifferently(before, registration) && seen.learned?.formats !== undefined) draft.learn({ formats: {} })
  if (isNew) draft.event('device.created')
  if (isNew && admission === 'quarantined') draft.event('registration.quarantined', { address: remote.address })
  const detail: Mutable<FleetEvent['detail']> = {
    registrationId: registration.id,
    address: `${remote.address}:${remote.port}`,
    lifetime: registration.lifetime,
    version: registration.lwm2mVersion,
    queueMode: registration.queueMode,
  }
  if (before !== undefined) detail['replaces'] = before.id
  draft.event('registration.registered', detail)
  draft.quirks(request.quirks, request.links)
  // The device has forgotten every observation (LwM2M Core 1.2 §6.2.1); the intents stay.
  renew(draft, draft.next.observations)
  draft.effects.push({ effect: 'heard', peer: input.from.peer }, created(input, registration.id))
  return 'new'
}

const quarantined = (device: Device, now: Instant): Device => ({
  ...device,
  quarantinedAt: device.quarantinedAt ?? now,
})

function admitted(device: Device): Device {
  if (device.quarantinedAt === undefined) return device
  const { quarantinedAt: _, ...rest } = device
  return rest
}

const noTags: Device['tags'] = {}

/** What is known of a name that is heard for the first time. */
function newDevice(draft: Draft): Device {
  const { next, now } = draft
  const { endpoint, vouched } = next
  const device: Mutable<Device> = {
    id: draft.nextId('deviceId'),
    endpoint,
    tags: vouched?.tags ?? noTags,
    createdAt: now,
    firstSeen: now,
    lastSeen: now,
  }
  if (vouched?.product !== undefined) {
    device.product = vouched.product
    device.productFrom = 'credential'
  }
  return device
}

/** Other objects or another version: what it learned to accept or to answer in may be another now, too. */
function speaksDifferently(before: Registration | undefined, now: Registration): boolean {
  return before !== undefined && (before.links !== now.links || before.lwm2mVersion !== now.lwm2mVersion)
}

/** Between two alarms about one name. */
const refusalInterval = hours(1)

/** Somebody is turned away: an operator wants to know, but not once a datagram. */
function noteRefusal(draft: Draft, { remote, secured, ...from }: Sender, why: 'policy' | 'another-credential'): void {
  const { rivalAt, device } = draft.next
  // Of names nobody knows anyone could make up as many as the log of events has room for.
  if (device === undefined || (rivalAt !== undefined && draft.now < after(rivalAt, refusalInterval))) return
  draft.change({ rivalAt: draft.now })
  const who = 'endpoint' in from ? { credentialOf: from.endpoint ?? null } : {}
  const detail = { reason: why, address: `${remote.address}:${remote.port}`, secured, ...who }
  draft.event('registration.refused', detail)
  if (why === 'another-credential') draft.event('alarm.raised', { alarm: 'endpoint-claimed-twice', ...detail })
}

export function planUpdate(draft: Draft, input: Of<'update'>): void {
  const { device, registration } = draft.next
  if (device === undefined || registration?.id !== input.registrationId || !mayChange(draft.next, input.from)) {
    draft.effects.push({ effect: 'respond', exchange: input.exchange, response: unknownLocation })
    return
  }
  const { request } = input
  const { remote } = input.from
  const lifetime = request.lifetime ?? registration.lifetime
  const next: Registration = {
    ...registration,
    lifetime,
    binding: request.binding ?? registration.binding,
    queueMode: request.queueMode ?? registration.queueMode,
    ...(request.smsNumber === undefined ? {} : { smsNumber: request.smsNumber }),
    links: request.links ?? registration.links,
    updatedAt: draft.now,
    expiresAt: after(draft.now, seconds(lifetime)),
    address: remote.address,
    port: remote.port,
  }
  draft.change({ registration: next, device: { ...device, lastSeen: draft.now } })
  if (
    next.lifetime === registration.lifetime &&
    next.links === registration.links &&
    next.binding === registration.binding &&
    next.queueMode === registration.queueMode &&
    next.smsNumber === registration.smsNumber
  ) {
    draft.ops.push({
      op: 'registration.touch',
      deviceId: device.id,
      updatedAt: next.updatedAt,
      expiresAt: next.expiresAt,
      address: next.address,
      port: next.port,
    })
  } else {
    draft.ops.push(
      { op: 'registration.put', deviceId: device.id, registration: next },
      { op: 'device.seen', deviceId: device.id, at: draft.now },
    )
    draft.event('registration.updated', {
      lifetime: next.lifetime,
      queueMode: next.queueMode,
      objectsChanged: next.links !== registration.links,
    })
  }
  draft.quirks(request.quirks, request.links)
  draft.effects.push(
    { effect: 'heard', peer: input.from.peer },
    { effect: 'respond', exchange: input.exchange, response: { code: codes.changed } },
  )
}

export function planDeregister(draft: Draft, input: Of<'deregister'>): void {
  const { device, registration } = draft.next
  if (device === undefined || registration?.id !== input.registrationId || !mayChange(draft.next, input.from)) {
    draft.effects.push({ effect: 'respond', exchange: input.exchange, response: unknownLocation })
    return
  }
  draft.ops.push(
    { op: 'registration.delete', deviceId: device.id },
    { op: 'device.seen', deviceId: device.id, at: draft.now },
  )
  draft.change({ registration: undefined, device: { ...device, lastSeen: draft.now } })
  planRecovery(draft)
  forgetObservers(draft, draft.next.configurationObservers)
  draft.event('registration.deregistered', { registrationId: registration.id })
  draft.effects.push({ effect: 'respond', exchange: input.exchange, response: { code: codes.deleted } })
}

/** The lifetime and its grace have passed: the registration ends, the device stays (LwM2M Core 1.2 §6.2.2). */
export function planExpiry(draft: Draft, grace: Duration): void {
  const { device, registration } = draft.next
  if (device === undefined || registration === undefined) return
  if (draft.now < after(registration.expiresAt, grace)) return
  draft.ops.push({ op: 'registration.delete', deviceId: device.id })
  draft.change({ registration: undefined })
  planRecovery(draft)
  draft.event('registration.expired', {
    registrationId: registration.id,
    lifetime: registration.lifetime,
    lastUpdate: new Date(registration.updatedAt).toISOString(),
  })
}

const refused: OutboundResponse = reactionTo({ fault: 'registration.refused' })
const unknownLocation: OutboundResponse = { code: codes.notFound }

function repeats(input: Of<'register'>, before: Registration, now: Instant): boolean {
  return (
    before.messageId === input.messageId &&
    before.token === input.token &&
    // The address may move between two repetitions; a long token is nobody else's (RFC 7252 §5.3.1).
    (before.secured || input.token.length === longToken || isFrom(input, before)) &&
    between(instantOf(before.registeredAt), now) < longestExchange
  )
}

function isFrom(input: Of<'register'>, before: Registration): boolean {
  return before.address === input.from.remote.address && before.port === input.from.remote.port
}

function created(input: Of<'register'>, id: string) {
  return {
    effect: 'respond',
    exchange: input.exchange,
    response: { code: codes.created, location: ['rd', id] },
  } as const
}

/** What a plain CoAP device tells and asks (`/data`, `/config`), and the operator's change of its configuration. */
import { utf8 } from '../base/bytes.ts'
import { UsageError } from '../base/errors.ts'
import { isFault } from '../base/fault.ts'
import { instantOf } from '../base/time.ts'
import { response as codes } from '../coap/codes.ts'
import type { Configuration, ObserverWay } from '../fleet/configuration/types.ts'
import type { Device } from '../fleet/registry/types.ts'
import { reactionTo } from '../lwm2m/reactions.ts'
import { admissionOf } from './admission.ts'
import type { UplinkInput } from './inputs.ts'
import { mayChange } from './ownership.ts'
import { associationOfPeer } from './peers.ts'
import { forgetObservers, observeConfiguration } from './plan-config-observers.ts'
import type { PlanContext } from './plan-context.ts'
import { configurationResponse } from './resources/configuration.ts'
import { decodeTelemetry } from './resources/telemetry.ts'
import type { Draft } from './state.ts'

type Of<K extends UplinkInput['input']> = Extract<UplinkInput, { input: K }>

export function planData(draft: Draft, input: Of<'data'>, { settings }: PlanContext): void {
  if (!isAdmitted(draft, input, settings)) return refuse(draft, input)
  spoke(draft, input)
  const telemetry = decodeTelemetry(input.contentFormat, input.payload, draft.now)
  if (isFault(telemetry)) {
    draft.effects.push({ effect: 'respond', exchange: input.exchange, response: reactionTo(telemetry) })
    return
  }
  seen(draft)
  draft.quirks(telemetry.quirks, input.payload)
  draft.event('data', telemetry.detail)
  draft.effects.push({ effect: 'respond', exchange: input.exchange, response: { code: codes.changed } })
}

/** Its first word makes a device known, as its first registration would. */
function seen(draft: Draft): void {
  const { device } = draft.next
  if (device !== undefined) {
    draft.see()
    return
  }
  const { now } = draft
  const created: Device = {
    id: draft.nextId('deviceId'),
    endpoint: draft.next.endpoint,
    tags: {},
    createdAt: now,
    firstSeen: now,
    lastSeen: now,
  }
  draft.change({ device: created })
  draft.ops.push({ op: 'device.put', device: created })
  draft.event('device.created')
}

export function planConfiguration(draft: Draft, input: Of<'configuration'>, { settings }: PlanContext): void {
  if (!isAdmitted(draft, input, settings)) return refuse(draft, input)
  const { exchange, format, token } = input
  spoke(draft, input)
  if (input.observe === 'cancel') {
    forgetObservers(
      draft,
      draft.next.configurationObservers.filter((observer) => observer.token === token),
    )
  }
  const { configuration, device } = draft.next
  const isObserver = input.observe instanceof Uint8Array && configuration !== undefined && device !== undefined
  if (isObserver) {
    const [deviceId, toldAt, registration] = [device.id, configuration.changedAt, input.observe]
    const observer = { deviceId, token, way: wayOf(input), registration, format, toldAt }
    observeConfiguration(draft, observer, settings['devices.config-observers'])
  }
  const response = configurationResponse(configuration, format, isObserver ? draft.now : undefined)
  draft.effects.push({ effect: 'respond', exchange, response })
}

function wayOf({ from, claimed }: Of<'configuration'>): ObserverWay {
  return from.secured ? { association: associationOfPeer(from.peer) } : { ...from.remote, claimed }
}

function spoke(draft: Draft, { claimed, from: { peer } }: Of<'data' | 'configuration'>): void {
  draft.effects.push({ effect: claimed ? 'claimed' : 'heard', peer })
}

/** Neither another's name nor one that waits to be accepted. Quarantine is entered by registering only. */
function isAdmitted(
  { next }: Draft,
  { from }: Of<'data' | 'configuration'>,
  settings: PlanContext['settings'],
): boolean {
  return mayChange(next, from) && admissionOf(next.device, from, settings) === 'admitted'
}

function refuse(draft: Draft, { exchange }: { readonly exchange: number }): void {
  draft.effects.push({ effect: 'respond', exchange, response: { code: codes.forbidden } })
}

/** The operator's. Throws UsageError 'configuration.too-large' (413). */
export function setConfiguration(
  draft: Draft,
  device: Device,
  document: string | undefined,
  { settings }: PlanContext,
): undefined {
  const before = draft.next.configuration
  if (document === before?.document) return undefined
  const octets = document === undefined ? 0 : utf8(document).length
  const limit = settings['devices.config-limit']
  if (octets > limit) {
    throw new UsageError('configuration.too-large', `the configuration has ${octets} octets, more than ${limit}`, {
      status: 413,
      hint: 'devices.config-limit is the knob; a device fetches all of it with every change',
    })
  }
  const changedAt = instantOf(Math.max(Math.ceil(draft.now), draft.next.configuredAt + 1))
  const configuration: Configuration | undefined =
    document === undefined ? undefined : { deviceId: device.id, document, changedAt }
  draft.change({ configuration, configuredAt: changedAt })
  draft.ops.push({ op: 'device.config', deviceId: device.id, configuration })
  draft.event('device.changed', { configuration: document === undefined ? 'removed' : 'set', octets })
  return undefined
}

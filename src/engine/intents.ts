/** A device's observe intents: wanted, changed, forgotten, each with its row. */
import type { NotificationAttributes } from '../lwm2m/attributes.ts'
import { withAttributes, wantAgain } from '../fleet/observations/rules.ts'
import type { Observation, ObservationOrigin } from '../fleet/observations/types.ts'
import type { DeviceId } from '../fleet/registry/types.ts'
import type { Draft } from './state.ts'

/** `origin` wants it from now on, with these attributes where it names any. */
export function wantObserved(
  draft: Draft,
  deviceId: DeviceId,
  path: string,
  origin: ObservationOrigin,
  attributes?: NotificationAttributes,
): void {
  const known = intentAt(draft, path)
  if (known !== undefined) {
    const origins = known.origins.includes(origin) ? known.origins : [...known.origins, origin]
    const intended = withAttributes(known.attributes, attributes)
    if (origins === known.origins && intended === known.attributes) return
    const isRetold = intended !== known.attributes && known.attributes?.withObserve === true
    const told = isRetold ? toldAnew(intended!.wanted) : intended === undefined ? {} : { attributes: intended }
    change(draft, known, { origins, ...told })
    return
  }
  const token = draft.newToken()
  const intended = withAttributes(undefined, attributes)
  const observation: Observation = {
    deviceId,
    path,
    token,
    createdAt: draft.now,
    origins: [origin],
    state: 'wanted',
    ...(intended === undefined ? {} : { attributes: intended }),
  }
  draft.ops.push({ op: 'observation.put', observation })
  draft.change({ observations: [...draft.next.observations, observation] })
}

export function intentAt(draft: Draft, path: string): Observation | undefined {
  return draft.next.observations.find((observation) => observation.path === path)
}

export function change(draft: Draft, observation: Observation, part: Partial<Observation>): void {
  const { reason: _, ...rest } = observation
  const next: Observation = { ...rest, ...part }
  draft.ops.push({ op: 'observation.put', observation: next })
  draft.change({ observations: draft.next.observations.map((other) => (other === observation ? next : other)) })
}

/** The device holds its attributes with the observation, so others come with it again, under the token it has. */
export function toldAnew(wanted: NotificationAttributes): Pick<Observation, 'state' | 'attributes'> {
  return { state: 'wanted', attributes: { wanted, state: 'due' } }
}

/** A notification of an established one: only its time and numbers are written. */
export function noteHeard(
  draft: Draft,
  observation: Observation,
  numbers: Pick<Observation, 'lastSequence' | 'lastMessageId'>,
): void {
  const { deviceId, path } = observation
  const { lastSequence: _, lastMessageId: __, ...rest } = observation
  const { lastSequence: sequence, lastMessageId: messageId } = numbers
  const next: Observation = { ...rest, lastNotification: draft.now, ...numbers }
  draft.ops.push({
    op: 'observation.heard',
    deviceId,
    path,
    at: draft.now,
    ...(sequence === undefined ? {} : { sequence }),
    ...(messageId === undefined ? {} : { messageId }),
  })
  draft.change({ observations: draft.next.observations.map((other) => (other === observation ? next : other)) })
}

/** The device has forgotten these observations: they are to be asked for again. */
export function renew(draft: Draft, forgotten: readonly Observation[]): void {
  if (forgotten.length === 0) return
  const renewed = new Map(
    wantAgain(forgotten, () => draft.newToken()).map((observation) => [observation.path, observation]),
  )
  for (const observation of renewed.values()) draft.ops.push({ op: 'observation.put', observation })
  draft.change({ observations: draft.next.observations.map((other) => renewed.get(other.path) ?? other) })
}

/** `origin` wants it no longer; it goes where nobody else does. True where it is gone. */
export function release(draft: Draft, observation: Observation, origin: ObservationOrigin): boolean {
  const origins = observation.origins.filter((other) => other !== origin)
  if (origins.length === 0) {
    forget(draft, observation)
    return true
  }
  if (origins.length < observation.origins.length) change(draft, observation, { origins })
  return false
}

export function forget(draft: Draft, observation: Observation): void {
  draft.ops.push({ op: 'observation.delete', deviceId: observation.deviceId, path: observation.path })
  draft.change({ observations: draft.next.observations.filter((other) => other !== observation) })
  draft.event('observation.ended', { path: observation.path })
}

/** A device's observe intents: wanted, changed, forgotten, each with its row. */
import { wantAgain } from '../fleet/observations/rules.ts'
import type { Observation } from '../fleet/observations/types.ts'
import type { DeviceId } from '../fleet/registry/types.ts'
import type { Draft } from './state.ts'

/** The intent exists from now on. */
export function wantObserved(draft: Draft, deviceId: DeviceId, path: string, origin: Observation['origin']): void {
  if (draft.next.observations.some((observation) => observation.path === path)) return
  const token = draft.newToken()
  const observation: Observation = { deviceId, path, token, createdAt: draft.now, origin, state: 'wanted' }
  draft.ops.push({ op: 'observation.put', observation })
  draft.change({ observations: [...draft.next.observations, observation] })
}

export function change(draft: Draft, observation: Observation, part: Partial<Observation>): void {
  const { reason: _, ...rest } = observation
  const next: Observation = { ...rest, ...part }
  draft.ops.push({ op: 'observation.put', observation: next })
  draft.change({ observations: draft.next.observations.map((other) => (other === observation ? next : other)) })
}

/** The device has forgotten these observations: they are to be asked for again. */
export function renew(draft: Draft, forgotten: readonly Observation[]): void {
  const renewed = new Map(
    wantAgain(forgotten, () => draft.newToken()).map((observation) => [observation.path, observation]),
  )
  for (const observation of renewed.values()) draft.ops.push({ op: 'observation.put', observation })
  draft.change({ observations: draft.next.observations.map((other) => renewed.get(other.path) ?? other) })
}

export function forget(draft: Draft, observation: Observation): void {
  draft.ops.push({ op: 'observation.delete', deviceId: observation.deviceId, path: observation.path })
  draft.change({ observations: draft.next.observations.filter((other) => other !== observation) })
  draft.event('observation.ended', { path: observation.path })
}

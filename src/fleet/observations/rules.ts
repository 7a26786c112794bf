/**
 * What becomes of observe intents when a device registers: it has forgotten all observations and what it
 * was told of them, we have forgotten no intent. The order of notifications is CoAP's affair (coap/observe.ts).
 */
import { attributeNames, type NotificationAttributes } from '../../lwm2m/attributes.ts'
import { attributeDrift } from '../../lwm2m/observation.ts'
import type { Instant } from '../../base/time.ts'
import type { IntendedAttributes, Observation } from './types.ts'

/**
 * The intents after a registration (LwM2M Core 1.2 §6.4.1, devices.md §0.10): all are wanted again, those
 * the device refused before too, since it may run other firmware now. Each under a fresh token, so that a
 * notification still under way cannot pass for the new observation (RFC 9175 §4). Sequence and time of the
 * last notification go, because a new observation counts from anywhere (RFC 7641 §3.4).
 */
export function wantAgain(observations: readonly Observation[], newToken: () => string): readonly Observation[] {
  return observations.map((observation) => {
    const { reason: _, lastSequence: __, lastMessageId: ___, attributes, ...kept } = observation
    const again = attributes === undefined ? {} : { attributes: due(attributes) }
    return { ...kept, ...again, state: 'wanted', token: newToken() }
  })
}

function due({ wanted, byWrite }: IntendedAttributes): IntendedAttributes {
  return { wanted, state: 'due', ...(byWrite === undefined ? {} : { byWrite }) }
}

/** What is intended once `asked` is asked for, too: what it does not name stays. The same value where nothing changes. */
export function withAttributes(
  known: IntendedAttributes | undefined,
  asked: NotificationAttributes | undefined,
): IntendedAttributes | undefined {
  if (asked === undefined || attributeNames.every((name) => asked[name] === undefined)) return known
  const isKnown = attributeNames.every((name) => asked[name] === undefined || asked[name] === known?.wanted[name])
  if (known !== undefined && isKnown) return known
  const wanted = { ...known?.wanted, ...asked }
  return { ...(known?.byWrite === undefined ? {} : { byWrite: known.byWrite }), wanted, state: 'due' }
}

/** The paths of an intent: several of a composite. */
export function pathsOf(path: string): readonly string[] {
  return path.split(' ')
}

/** How far the device is with its attributes once it took those of one more path. */
export function oneMoreWritten(path: string, { written = 0, ...rest }: IntendedAttributes): IntendedAttributes {
  return written + 1 < pathsOf(path).length ? { ...rest, written: written + 1 } : { ...rest, state: 'set' }
}

/** What a Discover showed of a path: attributes that are not as wanted are to be told to the device again. */
export function compared(
  intended: IntendedAttributes,
  actual: NotificationAttributes,
  seenAt: Instant,
): IntendedAttributes {
  const { drift: _, ...rest } = intended
  const drift = attributeDrift(intended.wanted, actual)
  if (drift.length === 0) return { ...rest, seenAt }
  return { ...rest, state: intended.state === 'refused' ? 'refused' : 'due', drift, seenAt }
}

/**
 * How the attributes of an intent reach the device: with the observation itself from LwM2M 1.2 on (Core 1.2
 * §5.1.2), else, and where it runs already, written beforehand. Undefined where there is nothing to tell.
 */
export function wayOfAttributes(observation: Observation, lwm2mVersion: string): 'query' | 'write' | undefined {
  const { attributes, state } = observation
  if (attributes?.state !== 'due') return undefined
  return lwm2mVersion >= '1.2' && state === 'wanted' && attributes.byWrite !== true ? 'query' : 'write'
}

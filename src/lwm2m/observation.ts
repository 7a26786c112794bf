/**
 * Rules of observations as pure functions: what a notification means for the intent behind it, and how
 * far the attributes on a device are from the wanted ones. Keeps nothing and sends nothing.
 */
import { between, type Duration, type Instant } from '../base/time.ts'
import { codeText, isSuccess } from '../coap/codes.ts'
import { isNewer } from '../coap/observe.ts'
import { attributeNames, attributesOfLink, type AttributeName, type NotificationAttributes } from './attributes.ts'
import { comparePaths, isWithin, type Path } from './path.ts'
import type { DiscoveredPath } from './payload/discover.ts'

export interface LastNotification {
  /** Observe option. */
  readonly sequence: number
  readonly at: Instant
}

export type NotificationMeaning =
  /** The newest there is. */
  | { readonly meaning: 'current' }
  /** Overtaken on its way: its values are history, what is known as current stays (RFC 7641 §3.4). */
  | { readonly meaning: 'overtaken' }
  /** The device ended the observation with this message (RFC 7641 §4.2); the intent stays. */
  | { readonly meaning: 'ended'; readonly reason: string }

/** What a message with the token of an observation means for it. */
export function meaningOf(
  notification: { readonly code: number; readonly sequence: number | undefined },
  last: LastNotification | undefined,
  now: Instant,
): NotificationMeaning {
  const { code, sequence } = notification
  if (!isSuccess(code)) return { meaning: 'ended', reason: `the device ended the observation with ${codeText(code)}` }
  if (sequence === undefined) {
    return { meaning: 'ended', reason: 'the device answered without Observe: it sends no notifications of this' }
  }
  return last === undefined || isNewer(last, now, sequence) ? { meaning: 'current' } : { meaning: 'overtaken' }
}

/** Whether a device that promised a notification by pmax has let it pass, `slack` allowed. */
export function isSilent(
  attributes: NotificationAttributes,
  lastHeard: Instant,
  now: Instant,
  slack: Duration,
): boolean {
  const { pmax } = attributes
  return typeof pmax === 'number' && pmax > 0 && between(lastHeard, now) > pmax * 1000 + slack
}

/**
 * The attributes in force at `path`: those of the object, then of the instance, the resource and the
 * resource instance over them (LwM2M Core 1.2 §5.1.2), as a Discover showed them.
 */
export function effectiveAttributes(path: Path, discovered: readonly DiscoveredPath[]): NotificationAttributes {
  const above = discovered.filter((each) => isWithin(each.path, path)).sort((a, b) => comparePaths(a.path, b.path))
  return Object.assign({}, ...above.map((each) => attributesOfLink(each.attributes))) as NotificationAttributes
}

export interface AttributeDrift {
  readonly name: AttributeName
  /** null: none. */
  readonly wanted: number | null
  readonly actual: number | null
}

/** Attributes that are not as wanted; those nobody asked for do not count. */
export function attributeDrift(
  wanted: NotificationAttributes,
  actual: NotificationAttributes,
): readonly AttributeDrift[] {
  return attributeNames.flatMap((name) => {
    const [want, have] = [wanted[name], actual[name] ?? null]
    return want === undefined || want === have ? [] : [{ name, wanted: want, actual: have }]
  })
}

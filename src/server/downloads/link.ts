/**
 * Links that one device may use for one update: `/d/<artifact>/<update>/<end>/<mac>`, short and without a query.
 * The MAC is over what the link is for; nothing is kept of a link, it ends with its time or with its update.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { instantOf, type Instant } from '../../base/time.ts'

/** What a link is for: an artifact by its key, an update by its number and its device by its name. */
export interface LinkSubject {
  readonly key: string
  readonly update: number
  readonly endpoint: string
  readonly end: Instant
}

export type LinkClaim = Omit<LinkSubject, 'endpoint'> & { readonly mac: string }

/** Of HMAC-SHA-256; as many as nobody guesses. */
const macOctets = 16
const radix = 36

export function pathOf(subject: LinkSubject, secret: Uint8Array): string {
  const { key, update, end } = subject
  const mac = macOf(subject, secret).toString('base64url')
  return `/d/${key}/${update.toString(radix)}/${secondsOf(end).toString(radix)}/${mac}`
}

/** What a path claims to be; undefined where it is no link at all. */
export function claimOf(path: string): LinkClaim | undefined {
  const [, key, update, end, mac] =
    /^\/d\/([0-9a-f]{12})\/([0-9a-z]{1,10})\/([0-9a-z]{1,8})\/([\w-]{22})$/.exec(path) ?? []
  if (key === undefined || update === undefined || end === undefined || mac === undefined) return undefined
  return { key, update: Number.parseInt(update, radix), end: instantOf(Number.parseInt(end, radix) * 1000), mac }
}

/** Takes as long for a wrong MAC as for the right one. */
export function isSigned({ mac, ...claim }: LinkClaim, endpoint: string, secret: Uint8Array): boolean {
  const given = Buffer.from(mac, 'base64url')
  return given.length === macOctets && timingSafeEqual(given, macOf({ ...claim, endpoint }, secret))
}

function macOf({ key, update, endpoint, end }: LinkSubject, secret: Uint8Array): Buffer {
  const text = JSON.stringify([key, update, endpoint, secondsOf(end)])
  return createHmac('sha256', secret).update(text).digest().subarray(0, macOctets)
}

/** A link says no more than whole seconds. */
function secondsOf(end: Instant): number {
  return Math.floor(end / 1000)
}

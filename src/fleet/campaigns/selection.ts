/**
 * Which devices a campaign is for, and in which order they are begun. The same judgement when it starts, when
 * a device joins late, and when it is only planned.
 */
import semver from 'semver'
import { between, type Instant } from '../../base/time.ts'
import type { Running } from '../images/service.ts'
import type { Misfit, Way } from '../images/types.ts'
import {
  mayBe,
  type DeviceId,
  type DeviceStatus,
  type DeviceWithStatus,
  type EndpointName,
  type ProductSource,
  type Vitals,
} from '../registry/types.ts'
import type { CampaignId, CampaignImage, Selector } from './types.ts'

/** What is known of a device. */
export interface DeviceFacts {
  readonly deviceId: DeviceId
  readonly endpoint: EndpointName
  readonly product?: string
  readonly productFrom?: ProductSource
  readonly tags: Readonly<Record<string, string>>
  readonly status: DeviceStatus
  readonly lastSeen?: Instant
  /** Where it was last heard from. */
  readonly address?: string
  readonly vitals: Vitals
}

export function factsOf({
  id,
  endpoint,
  product,
  productFrom,
  tags,
  status,
  lastSeen,
  learned,
  registration,
}: DeviceWithStatus): DeviceFacts {
  return {
    deviceId: id,
    endpoint,
    tags,
    status,
    vitals: learned?.vitals ?? {},
    ...(product === undefined ? {} : { product }),
    ...(productFrom === undefined ? {} : { productFrom }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
    ...(registration === undefined ? {} : { address: registration.address }),
  }
}

/** What its way begins at: the image of the version it tells is one of ours, or made of the same octets elsewhere. */
export function runningOf({ vitals: { version, hardware } }: Pick<DeviceFacts, 'vitals'>): Running {
  return { ...(version !== undefined && { version }), ...(hardware !== undefined && { hardware }) }
}

/** Unfit for every campaign. */
export const retired = 'retired'
/** Unfit to be taken back: nothing was done to it. */
export const untouched = 'was not made to install'

/** Why the campaign is not for this device, in words that are the same for all alike; undefined where it is. */
export function unfitnessOf(
  facts: DeviceFacts,
  selector: Selector,
  image: Pick<CampaignImage, 'product' | 'version'>,
  now: Instant,
): string | undefined {
  if (facts.status === 'retired') return retired
  if (facts.status === 'quarantined') return 'waits to be accepted'
  if (!mayBe(facts, image.product)) return `is no ${image.product}`
  if (selector.product !== undefined && facts.product !== selector.product && selector.endpoints === undefined) {
    return `is no ${selector.product}`
  }
  if (!Object.entries(selector.tags).every(([name, value]) => facts.tags[name] === value)) return 'has other tags'
  const { version } = facts.vitals
  const ofVersion = version === undefined ? undefined : unfitnessOfVersion(version, selector, image)
  if (ofVersion !== undefined) return ofVersion
  if (selector.seenWithin !== undefined) {
    if (facts.lastSeen === undefined) return 'was never seen'
    if (between(facts.lastSeen, now) > selector.seenWithin) return 'was not seen lately'
  }
  return undefined
}

/** The one unfitness that is no shortcoming: the campaign's end is reached without it. */
export function runsAlready({ version }: Pick<CampaignImage, 'version'>): string {
  return `runs ${version} already`
}

/** Unfit by now: to take it to the image would undo what another has brought it since. */
export const overtaken = 'runs a newer version by now'

/** Whether it ran something older than the image when it joined, and runs something newer. */
export function isOvertaken(
  joined: string | undefined,
  running: string | undefined,
  image: Pick<CampaignImage, 'version'>,
): boolean {
  return isNewer(image.version, joined) && isNewer(running, image.version)
}

/** By semantic versioning; of texts that are none nothing is known. */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  const [a, b] = [semver.parse(version, { loose: true }), semver.parse(than, { loose: true })]
  return a !== null && b !== null && a.compare(b) > 0
}

/**
 * The same of what it runs alone. Of a device that is to be taken back nothing is known for certain: what it
 * told last may be older than what it was made to install, so its update asks it first.
 */
export function unfitnessOfVersion(
  version: string,
  { touchedBy, version: range }: Pick<Selector, 'touchedBy' | 'version'>,
  image: Pick<CampaignImage, 'version'>,
): string | undefined {
  if (touchedBy !== undefined) return undefined
  if (version === image.version) return runsAlready(image)
  return range === undefined || isWithin(version, range) ? undefined : `runs no version ${range}`
}

const misfitWords: Readonly<Record<Misfit['field'], (version: string) => string>> = {
  version: () => 'has no image to go back to',
  product: () => 'is another product',
  fromVersions: (version) => `runs a version from which no way leads to ${version}`,
  hardware: (version) => `has hardware that ${version} does not run on`,
  securityCounter: (version) => `has a higher security counter than ${version}`,
}

/** The same of the way to the image from what it runs: why there is none. */
export function unfitnessOfWay(
  way: Way | undefined,
  { version }: Pick<CampaignImage, 'version'>,
): { readonly reason: string; readonly detail: string } | undefined {
  if (way === undefined || 'legs' in way) return undefined
  const { field, reason } = way.misfit
  return { reason: misfitWords[field](version), detail: reason }
}

/** A range of semver, or the text itself; versions that are none are compared as texts. */
export function isWithin(version: string, range: string): boolean {
  if (version === range) return true
  const parsed = semver.parse(version, { loose: true }) ?? semver.coerce(version)
  return (
    parsed !== null && semver.validRange(range) !== null && semver.satisfies(parsed, range, { includePrerelease: true })
  )
}

/**
 * Scattered and repeatable: 32 bits of a hash of campaign and device. A canary is so a sample of the whole
 * fleet, another one in each campaign.
 */
export function rankOf(campaignId: CampaignId, deviceId: DeviceId): number {
  let z = (Math.imul(campaignId, 0x9e3779b1) ^ Math.imul(deviceId, 0x85ebca77)) >>> 0
  z = Math.imul(z ^ (z >>> 16), 0x7feb352d)
  z = Math.imul(z ^ (z >>> 15), 0x846ca68b)
  return (z ^ (z >>> 16)) >>> 0
}

/** The first bits of an address as text: devices behind one border router share them. */
export function prefixOf(address: string | undefined, bits: number): string | undefined {
  if (address === undefined || address === '') return undefined
  const octets = address.split('.')
  // An IPv4 address says little of routers; its /24 is what there is.
  if (octets.length === 4) return `${octets.slice(0, 3).join('.').replace(/^.*:/, '')}.0/24`
  const groups = groupsOf(address)
  if (groups === undefined) return undefined
  const kept = groups.map((group, i) => {
    const left = Math.min(16, Math.max(0, bits - 16 * i))
    return group & (0xffff << (16 - left)) & 0xffff
  })
  return `${kept.map((group) => group.toString(16)).join(':')}/${bits}`
}

/** The eight groups of an IPv6 address; undefined where it is none. */
function groupsOf(address: string): readonly number[] | undefined {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const read = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [left, right] = [read(head), read(tail ?? '')]
  const missing = 8 - left.length - right.length
  if (missing < 0 || (tail === undefined && missing !== 0)) return undefined
  const groups = [...left, ...Array.from({ length: missing }, () => 0), ...right]
  return groups.every((group) => group >= 0 && group <= 0xffff) ? groups : undefined
}

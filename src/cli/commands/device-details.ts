/** All that is known of one device, as `coapstan devices show` prints it. */
import { durationText } from '../../base/duration-text.ts'
import type { DeviceJson } from '../../api/contract/device.ts'
import type { ObservationJson } from '../../api/contract/observation.ts'
import type { Session } from '../session.ts'
import { counted, relativeTime } from '../style.ts'

export async function showDevice({ client, output, surroundings }: Session, endpoint: string): Promise<void> {
  const device = await client.call('readDevice', { params: { endpoint } })
  const { observations } = await client.call('listObservations', { params: { endpoint } })
  const { registration } = device
  const when = (instant: string | undefined): string =>
    instant === undefined ? '' : `${instant} (${relativeTime(instant, surroundings.now())})`
  await output.detail({
    whole: { ...device, observations },
    name: device.endpoint,
    fields: [
      ['Endpoint', device.endpoint],
      ['Status', device.status],
      ['Product', productText(device)],
      ['Profile', profileText(device)],
      ['Tags', tagsText(device)],
      ['Created', when(device.createdAt)],
      ['First seen', when(device.firstSeen)],
      ['Last seen', when(device.lastSeen)],
      ['Quarantined', when(device.quarantinedAt)],
      ['Next expected', when(device.nextExpectedAt)],
      ['Retired', when(device.retiredAt)],
      ...(registration === undefined
        ? []
        : ([
            ['Registered', when(registration.registeredAt)],
            ['Expires', when(registration.expiresAt)],
            ['Lifetime', durationText(registration.lifetimeSeconds * 1000)],
            ['LwM2M', registration.lwm2mVersion],
            ['Binding', `${registration.binding}${registration.queueMode ? ', sleeps between uplinks' : ''}`],
            ['Address', `${registration.address} port ${registration.port}`],
            ['SMS number', registration.smsNumber ?? ''],
            ['Profile ID', registration.profileId ?? ''],
            ['Objects', objectsText(registration.links)],
          ] as const)),
      ['Listens', listensText(device)],
      [
        'Wakes',
        device.wakeIntervalSeconds === undefined ? '' : `every ${durationOfSeconds(device.wakeIntervalSeconds)}`,
      ],
      ['Power saving', powerSavingText(device)],
      ['Observed', observedText(observations)],
      ['Quirks', quirksText(device)],
      ['Revision', device.revision],
    ],
  })
}

const saidBy: Readonly<Record<NonNullable<DeviceJson['productFrom']>, string>> = {
  operator: 'set by an operator',
  credential: 'as its credential says',
  model: 'its Model Number, /3/0/1',
}

function productText({ product = '', productFrom }: DeviceJson): string {
  return productFrom === undefined ? product : `${product} (${saidBy[productFrom]})`
}

const chosenBy: Readonly<Record<DeviceJson['network']['from'], string>> = {
  operator: 'set by an operator',
  product: 'by its product',
  prefix: 'by where it comes from',
  network: 'as /4 reports',
  listener: 'the default',
}

function profileText({ network: { profile, from } }: DeviceJson): string {
  return `${profile} (${chosenBy[from]})`
}

function durationOfSeconds(count: number): string {
  return durationText(count * 1000)
}

function listensText({ awakeWindowSeconds, registration }: DeviceJson): string {
  if (registration === undefined) return ''
  if (!registration.queueMode || awakeWindowSeconds === undefined) return 'always'
  return `${durationOfSeconds(awakeWindowSeconds)} after an uplink`
}

function powerSavingText({ powerSaving = {} }: DeviceJson): string {
  const { trackingUpdateSeconds, activeTimeSeconds, pagingCycleSeconds } = powerSaving
  const parts = [
    trackingUpdateSeconds === undefined ? '' : `tracking update ${durationOfSeconds(trackingUpdateSeconds)}`,
    activeTimeSeconds === undefined ? '' : `active ${durationOfSeconds(activeTimeSeconds)}`,
    pagingCycleSeconds === undefined ? '' : `paging cycle ${durationOfSeconds(pagingCycleSeconds)}`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

/** `3 paths, 1 of them refused, 1 with attributes that drifted`. */
function observedText(observations: readonly ObservationJson[]): string {
  if (observations.length === 0) return ''
  const count = (isSo: (observation: ObservationJson) => boolean): number => observations.filter(isSo).length
  const wanted = count(({ state }) => state === 'wanted')
  const refused = count(({ state, attributes }) => state === 'refused' || attributes?.state === 'refused')
  const drifted = count(({ attributes }) => attributes?.drift !== undefined)
  const notes = [
    wanted === 0 ? '' : `${wanted} not asked for yet`,
    refused === 0 ? '' : `${refused} refused`,
    drifted === 0 ? '' : `${drifted} with attributes that drifted`,
  ].filter((note) => note !== '')
  return [counted(observations.length, 'path'), ...notes].join(', ')
}

function quirksText({ quirks = [] }: DeviceJson): string {
  return quirks.map(({ name }) => name).join(' ')
}

/** `/1/0 /3/0 /5/0` of link format (RFC 6690 §2). */
function objectsText(links: string): string {
  return [...links.matchAll(/<([^>]+)>/g)]
    .map(([, target]) => target!)
    .filter((target) => /\/\d+/.test(target))
    .join(' ')
}

export function tagsText({ tags }: DeviceJson): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

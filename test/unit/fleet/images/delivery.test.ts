/** Which way an image reaches a device. */
import { describe, expect, it } from 'vitest'
import { deliveryFor, type DeliveryDevice, type DeliveryPreferences } from '../../../../src/fleet/images/delivery.ts'
import type { PullWay } from '../../../../src/fleet/images/types.ts'
import { imageOf } from './fixtures.ts'

const { key } = imageOf('1.1.0')
const servers = {
  coap: 'coap://192.0.2.1',
  coaps: 'coaps://192.0.2.1',
  http: 'http://192.0.2.1',
  https: 'https://192.0.2.1',
}
const link = (): string => '/d/signed'

function choose(device: Partial<DeliveryDevice>, preferences: Partial<DeliveryPreferences> = {}): string {
  const whole = { deviceId: 71, endpoint: 'dev', secured: true, ...device }
  const delivery = deliveryFor(whole, key, { servers, link, ...preferences })
  return delivery.by === 'pull' ? delivery.uri : delivery.by === 'push' ? 'push' : delivery.reason
}

const coaps = `coaps://192.0.2.1/fw/${key}/1z`
const coap = `coap://192.0.2.1/fw/${key}/1z`
const http = 'http://192.0.2.1/d/signed'
const https = 'https://192.0.2.1/d/signed'

describe('without a wish of the operator', () => {
  it.each<[string, Partial<DeliveryDevice>, string]>([
    ['tells nothing: its own association', {}, coaps],
    ['tells nothing and is not secured', { secured: false }, coap],
    ['tells an empty list', { protocols: [] }, coaps],
    ['lists everything', { protocols: [0, 1, 2, 3, 4, 5] }, coaps],
    ['lists http and https', { protocols: [2, 3] }, https],
    ['lists http only', { protocols: [2] }, http],
    ['lists plain coap only though it is secured', { protocols: [0] }, 'the device does not fetch over coaps'],
    ['is not secured and lists https before coap', { secured: false, protocols: [3, 0] }, coap],
    ['takes push only', { delivery: 1, protocols: [0, 1] }, 'push'],
    ['takes both, and fetches', { delivery: 2 }, coaps],
    [
      'takes both, and fetches over nothing we serve',
      { delivery: 2, protocols: [4] },
      'the device does not fetch over coaps',
    ],
    ['fetches over nothing we serve', { delivery: 0, protocols: [4, 5] }, 'the device does not fetch over coaps'],
  ])('a device that %s', (_what, device, expected) => expect(choose(device)).toBe(expected))

  it('a way the server does not serve is left out', () => {
    expect(choose({ protocols: [3, 0], secured: false }, { servers: { coap: servers.coap } })).toBe(coap)
    expect(choose({ protocols: [3] }, { servers: {} })).toBe('the device does not fetch over coaps')
  })

  it('a URI too long to keep is no way', () => {
    const long = `https://${'x'.repeat(120)}`
    expect(choose({ protocols: [1, 2, 3] }, { servers: { ...servers, https: long, coaps: long } })).toBe(http)
    expect(choose({}, { servers: { coaps: `coaps://${'x'.repeat(120)}` } })).toBe(
      'its URI has 147 characters, and devices keep 127',
    )
  })
})

describe('the wish of the operator', () => {
  it.each<[PullWay | 'push', Partial<DeliveryDevice>, string]>([
    ['https', { protocols: [1, 3] }, https],
    ['https', { protocols: [1] }, 'the device does not fetch over https'],
    ['coap', { protocols: [0, 1] }, coap],
    ['push', {}, 'push'],
    ['push', { delivery: 2 }, 'push'],
    ['push', { delivery: 0 }, 'the device fetches images itself and takes none by push'],
    ['coaps', { delivery: 1 }, 'the device takes images by push only, not over coaps'],
    ['coap', {}, 'the device does not fetch over coap'],
  ])('%s for %j', (via, device, expected) =>
    expect(choose(device, via === 'push' ? { push: true } : { via })).toBe(expected),
  )

  it('is not replaced by another way', () => {
    expect(choose({ protocols: [3], delivery: 2 }, { via: 'https', servers: {} })).toBe(
      'this server does not serve images over https',
    )
  })
})

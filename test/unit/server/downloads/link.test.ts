/** Links hold for one artifact, one update, one device and a time. */
import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../../src/base/time.ts'
import { DeviceReach } from '../../../../src/server/device-reach.ts'
import { claimOf, isSigned, pathOf, type LinkSubject } from '../../../../src/server/downloads/link.ts'
import { update } from '../../storage/fixtures.ts'

const secret = Buffer.alloc(32, 7)
const subject: LinkSubject = {
  key: '0123456789ab',
  update: 71,
  endpoint: 'urn:dev:a',
  end: instantOf(1_790_000_000_000),
}

describe('a link', () => {
  it('is short, without a query, and says what it is for', () => {
    const path = pathOf(subject, secret)
    expect(path).toMatch(/^\/d\/0123456789ab\/1z\/[0-9a-z]{6}\/[\w-]{22}$/)
    expect(claimOf(path)).toMatchObject({ key: subject.key, update: 71, end: subject.end })
    expect(isSigned(claimOf(path)!, 'urn:dev:a', secret)).toBe(true)
  })

  it.each<[string, Partial<LinkSubject>]>([
    ['another artifact', { key: 'ffffffffffff' }],
    ['another update', { update: 72 }],
    ['another device', { endpoint: 'urn:dev:b' }],
    ['another end', { end: instantOf(1_790_000_001_000) }],
  ])('is not one for %s', (_what, other) => {
    const { mac } = claimOf(pathOf(subject, secret))!
    const wanted = { ...subject, ...other }
    expect(isSigned({ ...wanted, mac }, wanted.endpoint, secret)).toBe(false)
  })

  it('is not one by another secret, or with octets changed', () => {
    const claim = claimOf(pathOf(subject, secret))!
    expect(isSigned(claim, 'urn:dev:a', Buffer.alloc(32, 8))).toBe(false)
    expect(isSigned({ ...claim, mac: `A${claim.mac.slice(1)}` }, 'urn:dev:a', secret)).toBe(claim.mac.startsWith('A'))
  })

  it.each([
    '/',
    '/d/x',
    '/fw/0123456789ab',
    '/d/0123456789ab/1z/abc/short',
    '/d/0123456789ab/1z/abc/AAAAAAAAAAAAAAAAAAAAAA/',
  ])('%s is none', (path) => expect(claimOf(path)).toBeUndefined())
})

describe('the reach of devices', () => {
  const hour = 3_600_000
  let now = 0
  const begun = update(71, 1)
  const reach = new DeviceReach({
    storeKey: secret,
    settings: { 'downloads.link-lifetime': hour },
    now: () => instantOf(begun.createdAt + now),
  })

  it('tells the same link for a lifetime, which holds for one at least', () => {
    const first = reach.downloadPath('0123456789ab', begun)
    now = hour - 1
    expect(reach.downloadPath('0123456789ab', begun)).toBe(first)
    expect(claimOf(first)!.end - (begun.createdAt + now)).toBeGreaterThanOrEqual(hour)
    now = hour
    expect(reach.downloadPath('0123456789ab', begun)).not.toBe(first)
  })

  it('is told apart by scheme', () => {
    reach.serve('coap://192.0.2.1:5683', '', 'coaps://iot.example.net', 'https://fw.example.net')
    expect(reach.servers()).toEqual({
      coap: 'coap://192.0.2.1:5683',
      coaps: 'coaps://iot.example.net',
      https: 'https://fw.example.net',
    })
  })
})

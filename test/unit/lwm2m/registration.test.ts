/** Register and Update as devices in the field send them. */
import { describe, expect, it } from 'vitest'
import { isFault } from '../../../src/base/fault.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { instantOf } from '../../../src/base/time.ts'
import type { QuirkName } from '../../../src/lwm2m/quirks.ts'
import {
  parseRegister,
  parseUpdate,
  registrationIdOctets,
  registrationIdOf,
  type RegisterRequest,
  type UpdateRequest,
} from '../../../src/lwm2m/registration.ts'
import { optionsWith, post } from './requests.ts'

describe('Register', () => {
  it('reads everything LwM2M defines and keeps the rest', () => {
    const request = post('ep=urn:imei:1&lt=300&lwm2m=1.2&b=UT&Q&sms=+49123&pid=ab&model=x&fw', '</1/0>,</3/0>')
    expect(parseRegister(request)).toEqual({
      endpoint: 'urn:imei:1',
      version: '1.2',
      lifetime: 300,
      binding: 'UT',
      queueMode: true,
      smsNumber: '+49123',
      profileId: 'ab',
      links: '</1/0>,</3/0>',
      attributes: { model: 'x', fw: '' },
      quirks: [],
    })
  })

  it('fills in what may be missing', () => {
    expect(parseRegister(post('ep=a'))).toMatchObject({
      version: '1.0',
      lifetime: 86_400,
      binding: 'U',
      queueMode: false,
      attributes: {},
      quirks: [],
    })
    expect(parseRegister(post('lwm2m=1.1'), 'from-the-credential')).toMatchObject({ endpoint: 'from-the-credential' })
  })

  it.each<[query: string, expected: Partial<RegisterRequest>, quirks: readonly QuirkName[]]>([
    ['ep=a&lwm2m=1.0&b=UQ', { queueMode: true, binding: 'UQ' }, []],
    ['ep=a&lwm2m=1.1&b=UQ', { queueMode: true }, ['registration.queue-in-binding']],
    ['ep=a&lwm2m=1.1&Q=', { queueMode: true }, []],
    ['ep=a&lwm2m=1.1&Q=1', { queueMode: true }, ['registration.queue-with-value']],
    ['ep=a&lwm2m=1.1&Q=false', { queueMode: false }, ['registration.queue-with-value']],
    ['ep=a&lwm2m=1.0.2', { version: '1.0' }, ['registration.version-spelling']],
    ['ep=a&lwm2m=1.1.1', { version: '1.1' }, ['registration.version-spelling']],
    ['ep=a&lwm2m=1', { version: '1.0' }, ['registration.version-spelling']],
    ['ep=a&lwm2m="1.1"', { version: '1.1' }, ['registration.version-spelling']],
    ['ep=a&lt=', { lifetime: 86_400 }, ['registration.lifetime-unusable']],
    ['ep=a&lt=-5', { lifetime: 86_400 }, ['registration.lifetime-unusable']],
    ['ep=a&lt=1e3', { lifetime: 86_400 }, ['registration.lifetime-unusable']],
    ['ep=a&lt=0', { lifetime: 2 ** 31 - 1 }, []],
    ['ep=a&lt=99999999999', { lifetime: 2 ** 31 - 1 }, []],
    ['ep=a&b=X', { binding: 'X' }, ['registration.binding-unknown']],
    ['ep=a&b=', { binding: 'U' }, []],
    ['ep=a&ep=b', { endpoint: 'a' }, ['registration.parameter-twice']],
    ['ep=a&ep=a', { endpoint: 'a' }, []],
    ['ep=urn%3Aimei%3A1', { endpoint: 'urn:imei:1' }, ['registration.parameter-escaped']],
    ['ep=100%', { endpoint: '100%' }, []],
    ['ep=100%zz', { endpoint: '100%zz' }, []],
    ['ep=a=b', { endpoint: 'a=b' }, []],
    ['ep=Ünïcode ☂', { endpoint: 'Ünïcode ☂' }, []],
  ])('%s', (query, expected, quirks) => {
    const register = parseRegister(post(query))
    expect(register).toMatchObject(expected)
    expect(isFault(register) ? register : register.quirks).toEqual(quirks)
  })

  it.each<
    [what: string, payload: string | Uint8Array, contentFormat: number | undefined, quirks: readonly QuirkName[]]
  >([
    ['no Content-Format (Wakaama)', '</3/0>', undefined, ['registration.format-missing']],
    ['another Content-Format', '</3/0>', 0, ['registration.format-other']],
    ['no object list', '', 40, ['registration.links-missing']],
    ['Latin-1 in its links', Uint8Array.of(0x3c, 0x2f, 0x33, 0x3e, 0x3b, 0x78, 0x3d, 0xfc), 40, ['links.not-utf8']],
    ['versions on instances', '</3/0>;ver=1.1', 40, ['links.version-on-instance']],
  ])('accepts %s', (_what, payload, contentFormat, quirks) => {
    const request = { ...post('ep=a', payload), options: optionsWith(contentFormat) }
    expect(parseRegister(request)).toMatchObject({ endpoint: 'a', quirks })
  })

  it.each<[query: string, fault: string]>([
    ['ep=a&lwm2m=2.0', 'registration.version'],
    ['ep=a&lwm2m=1.3', 'registration.version'],
    ['ep=a&lwm2m=', 'registration.version'],
    ['lwm2m=1.1', 'registration.endpoint-missing'],
    ['ep=', 'registration.endpoint-missing'],
    [`ep=${'x'.repeat(256)}`, 'registration.endpoint'],
    ['ep=a\u0000b', 'registration.endpoint'],
    ['ep=a\nb', 'registration.endpoint'],
  ])('refuses %s', (query, fault) => {
    expect(parseRegister(post(query))).toMatchObject({ fault })
  })

  it.each(['<3/0', '3/0', '</3/0>;a="b', '{"a":1}', '</3/0>,x'])('refuses the links %s', (links) => {
    expect(parseRegister(post('ep=a', links))).toMatchObject({ fault: 'links.syntax' })
  })

  it('keeps no more unknown parameters than its limit', () => {
    const many = Array.from({ length: 100 }, (_, index) => `p${index}=1`).join('&')
    const register = parseRegister(post(`ep=a&${many}`))
    expect(isFault(register) ? 0 : Object.keys(register.attributes).length).toBe(16)
  })
})

describe('Update', () => {
  it.each<[query: string, payload: string, expected: UpdateRequest]>([
    ['', '', { quirks: [] }],
    ['lt=60', '', { lifetime: 60, quirks: [] }],
    ['lt=x', '', { quirks: ['registration.lifetime-unusable'] }],
    ['b=U', '', { binding: 'U', queueMode: false, quirks: [] }],
    ['b=UQ', '', { binding: 'UQ', queueMode: true, quirks: [] }],
    ['b=U&Q', '', { binding: 'U', queueMode: true, quirks: [] }],
    ['Q', '', { queueMode: true, quirks: [] }],
    ['sms=', '', { smsNumber: '', quirks: [] }],
    ['', '</3/0>', { links: '</3/0>', quirks: [] }],
    ['ep=a', '', { quirks: ['registration.endpoint-in-update'] }],
  ])('%s with payload %s', (query, payload, expected) => {
    expect(parseUpdate(post(query, payload))).toEqual(expected)
  })

  it('by PUT is odd, not wrong', () => {
    expect(parseUpdate({ ...post('', ''), code: 3 })).toEqual({ quirks: ['registration.update-by-put'] })
  })

  it('with broken links is a fault', () => {
    expect(parseUpdate(post('', '<'))).toMatchObject({ fault: 'links.syntax' })
  })
})

describe('registration ids', () => {
  const random = new SeededRandom(1)
  const idAt = (now: number): string => registrationIdOf(instantOf(now), random.bytes(registrationIdOctets))

  it('are eleven characters that need no escaping, and differ', () => {
    const ids = Array.from({ length: 1000 }, () => idAt(1_700_000_000_000))
    expect(new Set(ids).size).toBe(1000)
    expect(ids.every((id) => /^[0-9a-z]{11}$/.test(id))).toBe(true)
  })

  it('of one moment begin alike, of others they do not', () => {
    const start = Math.ceil(1_700_000_000_000 / 4096) * 4096
    const beginnings = [0, 4095, 4096, 1024 * 4096].map((later) => idAt(start + later).slice(0, 2))
    expect(beginnings[1]).toBe(beginnings[0])
    expect(beginnings[2]).not.toBe(beginnings[0])
    expect(beginnings[3]).toBe(beginnings[0])
  })
})

/** Which network profile holds for a device, and where prefixes of addresses end. */
import { describe, expect, test } from 'vitest'
import { isWithinPrefix, prefixOfText } from '../../../../src/base/address.ts'
import { defaultSettings } from '../../../../src/config/tunables.ts'
import { chosenProfile, profileRulesOf } from '../../../../src/fleet/registry/profile-choice.ts'
import { device, registration } from '../fixtures.ts'

const rules = profileRulesOf({
  ...defaultSettings,
  'profiles.by-product': 'meter=nbiot, tracker = lte-m',
  'profiles.by-prefix': '10.0.0.0/8=ntn,10.1.0.0/16=lte-m,2001:db8::/32=thread-sleepy',
  'coaps.profile': 'ip',
})
const at = (address: string, more: object = {}) => ({ ...registration, address, secured: false, ...more })
const learned = (bearer: number, coverageLevel?: number) => ({
  ...device,
  learned: { network: { bearer, ...(coverageLevel !== undefined && { coverageLevel }) } },
})

test.each([
  ['an operator said so', { ...device, profile: 'ntn', product: 'meter' }, at('10.1.2.3'), 'ntn', 'operator'],
  ['its product has one', { ...device, product: 'tracker' }, at('10.9.2.3'), 'lte-m', 'product'],
  ['the longest prefix counts', learned(7), at('10.1.2.3'), 'lte-m', 'prefix'],
  ['a shorter prefix', device, at('10.2.2.3'), 'ntn', 'prefix'],
  ['an IPv4 address within IPv6', device, at('::ffff:10.1.2.3'), 'lte-m', 'prefix'],
  ['an IPv6 prefix', device, at('2001:db8:1::7'), 'thread-sleepy', 'prefix'],
  ['/4 says NB-IoT', learned(7, 1), at('192.0.2.1'), 'nbiot', 'network'],
  ['/4 says NB-IoT, deep', learned(7, 3), at('192.0.2.1'), 'nbiot-deep', 'network'],
  ['/4 says LTE', learned(6), at('192.0.2.1'), 'lte-m', 'network'],
  ['/4 says 802.15.4, and it sleeps', learned(23), at('192.0.2.1', { queueMode: true }), 'thread-sleepy', 'network'],
  ['/4 says 802.15.4', learned(23), at('192.0.2.1', { queueMode: false }), 'thread-router', 'network'],
  ['/4 says nothing we know', learned(99), at('192.0.2.1'), 'nbiot', 'listener'],
  ['nothing is known', device, at('192.0.2.1', { secured: true }), 'ip', 'listener'],
] as const)('%s', (_, of, registered, profile, from) => {
  expect(chosenProfile(of, registered, rules)).toEqual({ profile, from })
})

test.each([
  [{ 'profiles.by-product': 'meter' }, "'meter' is not name=profile"],
  [{ 'profiles.by-product': 'meter=lora' }, "'meter=lora' is not name=profile"],
  [{ 'profiles.by-prefix': '10.1/16=ip' }, "'10.1/16' is no address prefix"],
])('%j is refused', (knobs, sentence) => {
  expect(() => profileRulesOf({ ...defaultSettings, ...knobs })).toThrow(sentence)
})

describe('a prefix of addresses', () => {
  test.each([
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.1.0.0/15', '10.0.0.1', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
  ])('%s and %s: %s', (text, address, isWithin) => {
    expect(isWithinPrefix(prefixOfText(text)!, address)).toBe(isWithin)
  })

  test.each(['10.1.0.0/33', '10.1.0.0/', '300.1.0.0/8', 'meter', '::/129', '10.0.0.0/8/8'])('%s is none', (text) => {
    expect(prefixOfText(text)).toBeUndefined()
  })
})

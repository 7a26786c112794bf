import { describe, expect, test } from 'vitest'
import { defaultSettings } from '../../../../src/config/tunables.ts'
import {
  awakeWindowOf,
  endpointProblem,
  statusOf,
  statusRulesOf,
  validatePatch,
} from '../../../../src/fleet/registry/rules.ts'
import type { Device, Registration } from '../../../../src/fleet/registry/types.ts'
import { at, device, registration, start } from '../fixtures.ts'

const rules = statusRulesOf({ ...defaultSettings, 'registration.grace': 60_000 })
const graceOf = (grace: number) => statusRulesOf({ ...defaultSettings, 'registration.grace': grace })
const seen: Device = { ...device, firstSeen: start, lastSeen: start }
const queued: Registration = { ...registration, queueMode: true }

describe('the status of a device', () => {
  test.each([
    ['nobody has heard of', device, undefined, 0, 'never-seen'],
    ['that was seen and is gone', seen, undefined, 0, 'offline'],
    ['that listens all the time', seen, registration, 299.999, 'awake'],
    ['whose lifetime ends now', seen, registration, 300, 'overdue'],
    ['whose grace has not ended', seen, registration, 359.999, 'overdue'],
    ['whose grace ends now', seen, registration, 360, 'offline'],
    ['that just spoke and may sleep (nbiot until told: 20 s)', seen, queued, 19.999, 'awake'],
    ['whose awake window ends now', seen, queued, 20, 'asleep'],
    ['that sent something since its Update', { ...seen, lastSeen: at(100) }, queued, 119, 'awake'],
    ['whose profile has a shorter window', { ...seen, profile: 'thread-sleepy' }, queued, 5, 'asleep'],
    ['whose receiver is never off by its profile', { ...seen, profile: 'ip' }, queued, 299, 'awake'],
    ['that sleeps and is overdue', seen, queued, 301, 'overdue'],
    ['that waits to be accepted', { ...seen, quarantinedAt: start }, registration, 1, 'quarantined'],
    ['that was retired, whatever it does', { ...seen, retiredAt: start }, registration, 1, 'retired'],
  ] as const)('%s', (_, of, registered, s, status) => {
    expect(statusOf(of, registered, at(s), rules).status).toBe(status)
  })

  test('follows a learned awake window', () => {
    const answers = Array.from({ length: 8 }, () => 31_000)
    const learned = { wake: { lateAnswers: answers, misses: [], intervals: [] } }
    expect(statusOf({ ...seen, learned }, queued, at(30), rules).status).toBe('awake')
    expect(statusOf({ ...seen, learned }, queued, at(31), rules).status).toBe('asleep')
  })

  test('says when a sleeping device is expected: by its rhythm, else by the end of its lifetime', () => {
    const rhythm = { wake: { lateAnswers: [], misses: [], intervals: [100_000, 100_000, 100_000] } }
    expect(statusOf(seen, queued, at(30), rules)).toEqual({ status: 'asleep', nextExpectedAt: at(300) })
    expect(statusOf({ ...seen, learned: rhythm }, queued, at(30), rules)).toEqual({
      status: 'asleep',
      nextExpectedAt: at(100),
    })
    expect(statusOf({ ...seen, learned: rhythm }, queued, at(161), rules)).toEqual({
      status: 'overdue',
      nextExpectedAt: at(100),
    })
  })

  test('takes its grace from the settings', () => {
    expect(statusOf(seen, registration, at(301), graceOf(0)).status).toBe('offline')
    expect(statusOf(seen, registration, at(301), graceOf(2000)).status).toBe('overdue')
  })

  test('knows how long a radio listens', () => {
    expect(awakeWindowOf('lte-m')).toBe(10_000)
    expect(awakeWindowOf('nbiot')).toBe(20_000)
    expect(awakeWindowOf('thread-router')).toBe('always')
  })
})

test.each([
  ['urn:imei:490154203237518', undefined],
  ['é'.repeat(127), undefined],
  ['', 'at least one character'],
  ['é'.repeat(128), 'at most 255 octets, this one has 256'],
  ['a\nb', 'control characters'],
  ['a\u0085b', 'control characters'],
  ['\ud800', 'valid Unicode'],
])('endpoint name %j', (name, problem) => {
  if (problem === undefined) expect(endpointProblem(name)).toBeUndefined()
  else expect(endpointProblem(name)).toContain(problem)
})

describe('a change to a device', () => {
  const full = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`t${i}`, 'x']))
  test.each([
    ['tags and product', { product: 'meter', tags: { t3: 'Berlin Mitte' }, profile: 'nbiot' }, undefined],
    ['nulls take away', { product: null, tags: { a: null }, profile: null }, undefined],
    ['one of 32 tags exchanged', { tags: { t1: null, new: 'x' } }, undefined],
    ['a 33rd tag', { tags: { new: 'x' } }, 'device.tags'],
    ['a tag without a name', { tags: { '': 'x' } }, 'device.tags'],
    ['a tag name that could not be typed in a filter', { tags: { 'a=b': 'x' } }, 'device.tags'],
    ['a tag name of 65 characters', { tags: { ['n'.repeat(65)]: 'x' } }, 'device.tags'],
    ['a tag value of 257 characters', { tags: { t1: 'v'.repeat(257) } }, 'device.tags'],
    ['an empty tag value', { tags: { t1: '' } }, 'device.tags'],
    ['an empty product', { product: '' }, 'device.product'],
    ['an unknown profile', { profile: 'lora' as 'ip' }, 'device.profile'],
  ] as const)('%s', (_, patch, code) => {
    const change = (): void => validatePatch('urn:dev:a', patch, { ...device, tags: full })
    if (code === undefined) expect(change).not.toThrow()
    else expect(change).toThrow(expect.objectContaining({ code, status: 422 }))
  })

  test('gives a new device a name that can be one', () => {
    expect(() => validatePatch('a\u0000', {}, undefined)).toThrow(expect.objectContaining({ code: 'device.endpoint' }))
    expect(() => validatePatch('a', {}, undefined)).not.toThrow()
  })
})

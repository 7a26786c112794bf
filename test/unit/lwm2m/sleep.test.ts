/** When a device can be reached: windows, rhythms, modems' timers, and the rule over them all. */
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { after, hours, instantOf, minutes, seconds, type Duration, type Instant } from '../../../src/base/time.ts'
import { powerSavingOf, type PowerSaving } from '../../../src/lwm2m/power-saving.ts'
import {
  awakeWindow,
  intervalLimit,
  lateAnswerLimit,
  missLimit,
  noteAnswer,
  noteMiss,
  noteWake,
  noWakeSamples,
  wakeInterval,
  type WakeSamples,
} from '../../../src/lwm2m/queue-mode.ts'
import { reachability, type Reachability, type ReachabilityFacts } from '../../../src/lwm2m/reachability.ts'
import type { Entry } from '../../../src/lwm2m/value.ts'

const answersAt = (list: readonly number[], usual: Duration): WakeSamples =>
  list.reduce((samples, at) => noteAnswer(samples, seconds(at), usual), noWakeSamples)

describe('the awake window', () => {
  it('is the profile’s until eight late answers were seen', () => {
    const usual = seconds(20)
    expect(awakeWindow(noWakeSamples, usual)).toBe(usual)
    expect(awakeWindow(answersAt([25, 25, 25, 25, 25, 25, 25], usual), usual)).toBe(usual)
    expect(awakeWindow(answersAt([25, 25, 25, 25, 25, 25, 25, 25], usual), usual)).toBe(seconds(25))
  })

  it('is where one in ten late answers would have been too early', () => {
    const usual = seconds(20)
    const answers = Array.from({ length: 20 }, (_, index) => 11 + index)
    expect(awakeWindow(answersAt(answers, usual), usual)).toBe(seconds(12))
  })

  it('does not shrink because we are quick', () => {
    const usual = seconds(20)
    expect(
      awakeWindow(
        answersAt(
          Array.from({ length: 50 }, () => 0.3),
          usual,
        ),
        usual,
      ),
    ).toBe(usual)
  })

  it('shrinks to where three requests in a row were lost, and recovers', () => {
    const usual = seconds(20)
    const lost = [6, 5, 7].reduce((samples, at) => noteMiss(samples, seconds(at)), noWakeSamples)
    expect(awakeWindow(lost, usual)).toBe(seconds(6))
    expect(awakeWindow(noteAnswer(lost, seconds(12), usual), usual)).toBe(usual)
  })

  it('stays within bounds, and its samples within their limits', () => {
    const usual = seconds(20)
    const slow = answersAt(
      Array.from({ length: 100 }, () => 4000),
      usual,
    )
    expect(awakeWindow(slow, usual)).toBe(minutes(5))
    expect(slow.lateAnswers).toHaveLength(lateAnswerLimit)
    let lost = noWakeSamples
    for (let i = 0; i < 100; i++) lost = noteMiss(lost, seconds(0.001))
    expect(awakeWindow(lost, usual)).toBe(seconds(1))
    expect(lost.misses).toHaveLength(missLimit)
  })

  it('converges to a device’s own window', () => {
    const random = new SeededRandom(7)
    const usual = seconds(20)
    const own = 30
    let samples = noWakeSamples
    for (let wake = 0; wake < 200; wake++) {
      const sentAfter = (random.fraction() * awakeWindow(samples, usual)) / 1000
      const answeredAfter = sentAfter + 1 + 4 * random.fraction()
      const answers = answeredAfter < own
      samples = answers ? noteAnswer(samples, seconds(answeredAfter), usual) : noteMiss(samples, seconds(sentAfter))
    }
    const learned = awakeWindow(samples, usual) / 1000
    expect(learned).toBeGreaterThan(8)
    expect(learned).toBeLessThan(own)
  })
})

describe('the wake interval', () => {
  it('is the median once three wakes were seen; one wake’s uplinks do not count', () => {
    let samples = noWakeSamples
    for (const interval of [hours(1), hours(2), seconds(5), hours(1)]) samples = noteWake(samples, interval) ?? samples
    expect(samples.intervals).toHaveLength(3)
    expect(wakeInterval(samples)).toBe(hours(1))
    expect(wakeInterval(noWakeSamples)).toBeUndefined()
    for (let i = 0; i < 50; i++) samples = noteWake(samples, hours(3)) ?? samples
    expect(samples.intervals).toHaveLength(intervalLimit)
  })
})

describe('object 10', () => {
  const whole = (resource: number, value: bigint): Entry => ({
    path: [10, 0, resource],
    value: { type: 'integer', value },
  })
  const octet = (resource: number, value: number): Entry => ({
    path: [10, 0, resource],
    value: { type: 'opaque', value: Uint8Array.of(value) },
  })

  it.each<[what: string, entries: readonly Entry[], expected: PowerSaving]>([
    ['nothing', [], {}],
    ['PSM timers', [whole(4, 86_400n), whole(5, 30n)], { trackingUpdate: hours(24), activeTime: seconds(30) }],
    ['zero as none', [whole(4, 0n)], {}],
    ['eDRX on LTE', [octet(8, 0x15)], { pagingCycle: seconds(81.92) }],
    ['eDRX on NB-IoT before LTE', [octet(8, 0x15), octet(9, 0x3d)], { pagingCycle: seconds(2621.44) }],
    ['an empty octet string', [{ path: [10, 0, 9], value: { type: 'opaque', value: Uint8Array.of() } }], {}],
    ['the wrong type', [{ path: [10, 0, 4], value: { type: 'string', value: '5' } }], {}],
  ])('says %s', (_what, entries, expected) => {
    expect(powerSavingOf(entries)).toEqual(expected)
  })
})

describe('reachability', () => {
  const start = instantOf(1_780_000_000_000)
  const at = (wait: Duration): Instant => after(start, wait)
  const queue: ReachabilityFacts = {
    registration: { expiresAt: at(hours(24)), lifetime: hours(24), queueMode: true },
    grace: minutes(5),
    lastUplink: start,
    awakeWindow: seconds(20),
  }
  const always: ReachabilityFacts = { ...queue, registration: { ...queue.registration!, queueMode: false } }
  const rhythmic: ReachabilityFacts = { ...queue, wakeInterval: hours(1) }

  it.each<[what: string, facts: ReachabilityFacts, now: Instant, expected: Reachability]>([
    ['never registered', { grace: minutes(0), awakeWindow: seconds(20) }, start, { state: 'offline' }],
    [
      'deregistered',
      { grace: minutes(0), awakeWindow: seconds(20), lastUplink: start },
      at(hours(1)),
      { state: 'offline', since: start },
    ],
    ['just heard', queue, at(seconds(1)), { state: 'awake', until: at(seconds(20)) }],
    ['at the very end of its window', queue, at(seconds(20)), { state: 'asleep', nextExpected: at(hours(24)) }],
    ['asleep with a rhythm', rhythmic, at(minutes(10)), { state: 'asleep', nextExpected: at(hours(1)) }],
    ['a little late', rhythmic, at(minutes(80)), { state: 'asleep', nextExpected: at(hours(1)) }],
    ['too late', rhythmic, at(minutes(90)), { state: 'overdue', expectedAt: at(hours(1)) }],
    ['past its lifetime, within the grace', queue, at(hours(24)), { state: 'overdue', expectedAt: at(hours(24)) }],
    ['past the grace', queue, at(hours(25)), { state: 'offline', since: after(at(hours(24)), minutes(5)) }],
    ['without queue mode', always, at(hours(20)), { state: 'awake', until: after(at(hours(24)), minutes(5)) }],
    ['without queue mode, lifetime over', always, at(hours(24)), { state: 'overdue', expectedAt: at(hours(24)) }],
    [
      'in queue mode though always on',
      { ...queue, awakeWindow: 'always' },
      at(hours(2)),
      { state: 'awake', until: after(at(hours(24)), minutes(5)) },
    ],
    [
      'with a short active time',
      { ...queue, awakeWindow: seconds(93), powerSaving: { trackingUpdate: hours(6), activeTime: seconds(10) } },
      at(seconds(5)),
      { state: 'awake', until: at(seconds(30)) },
    ],
    [
      'with a tracking area update to come',
      { ...queue, powerSaving: { trackingUpdate: hours(6) } },
      at(hours(1)),
      { state: 'asleep', nextExpected: at(hours(6)) },
    ],
    [
      'with a rhythm slower than its lifetime',
      { ...queue, wakeInterval: hours(100) },
      at(hours(1)),
      { state: 'asleep', nextExpected: at(hours(24)) },
    ],
  ])('of a device %s', (_what, facts, now, expected) => {
    expect(reachability(facts, now)).toEqual(expected)
  })
})

/** Notification attributes: what may be written, how it is inherited, when a value is news. */
import { describe, expect, it } from 'vitest'
import { after, instantOf, seconds } from '../../../src/base/time.ts'
import { AttributeStore, notificationDue, type Attributes } from '../../../src/device/attributes.ts'
import type { Leaf, LeafValue } from '../../../src/device/payload/leaf.ts'

describe('attributes written', () => {
  it.each([
    [['pmin=10', 'pmax=60'], true],
    [['pmin=60', 'pmax=10'], false],
    [['gt=10', 'lt=5', 'st=2'], true],
    [['gt=10', 'lt=6', 'st=2'], false],
    [['pmin=-1'], false],
    [['pmin=soon'], false],
    [['depth=3'], false],
  ])('%j are taken: %s', (queries, taken) => {
    expect(new AttributeStore().write([3, 0, 9], queries)).toBe(taken)
  })

  it('are inherited from object and instance, removed by an empty value, and shown by Discover', () => {
    const store = new AttributeStore()
    store.write([3], ['pmin=5', 'pmax=100'])
    store.write([3, 0], ['pmax=50'])
    store.write([3, 0, 9], ['pmin=1', 'gt=20'])
    expect(store.effective([3, 0, 9], { pmin: 2, pmax: 0 })).toEqual({ pmin: 1, pmax: 50, gt: 20 })
    expect(store.effective([3, 0, 7], { pmin: 2 })).toEqual({ pmin: 5, pmax: 50 })
    expect(store.linkAttributes([3, 0, 9])).toBe(';pmin=1;gt=20')
    store.write([3, 0, 9], ['pmin=', 'gt'])
    expect(store.linkAttributes([3, 0, 9])).toBe('')
  })

  it('are refused for one path too many', () => {
    const store = new AttributeStore()
    for (let id = 0; id < 32; id++) expect(store.write([3, 0, id], ['pmin=1'])).toBe(true)
    expect(store.write([4], ['pmin=1'])).toBe(false)
    expect(store.write([3, 0, 0], ['pmin=2'])).toBe(true)
  })
})

describe('a notification', () => {
  const start = instantOf(1000)
  const number = (value: LeafValue): Leaf[] => [{ path: [3303, 0, 5700], type: 'float', value }]
  const due = (attributes: Attributes, before: number, now: number, elapsed: number): boolean =>
    notificationDue(attributes, { at: start, leaves: number(before) }, number(now), after(start, seconds(elapsed)))

  it.each<[string, Attributes, number, number, number, boolean]>([
    ['a change is news', {}, 1, 2, 0, true],
    ['no change is none', {}, 1, 1, 1000, false],
    ['a change within pmin waits', { pmin: 10 }, 1, 2, 9, false],
    ['until pmin is over', { pmin: 10 }, 1, 2, 10, true],
    ['pmax asks for one without a change', { pmax: 60 }, 1, 1, 60, true],
    ['not before', { pmax: 60 }, 1, 1, 59, false],
    ['gt: crossing upward', { gt: 5 }, 4, 6, 1, true],
    ['gt: crossing downward', { gt: 5 }, 6, 5, 1, true],
    ['gt: moving above it', { gt: 5 }, 6, 7, 1, false],
    ['lt: crossing', { lt: 5 }, 6, 4, 1, true],
    ['st: a step as large', { st: 2 }, 6, 4, 1, true],
    ['st: a smaller one', { st: 2 }, 6, 5, 1, false],
    ['gt or st, whichever first', { gt: 50, st: 2 }, 6, 9, 1, true],
  ])('%s', (_, attributes, before, now, elapsed, expected) => {
    expect(due(attributes, before, now, elapsed)).toBe(expected)
  })

  it('is not due because a clock ticked', () => {
    const instance = (time: number, level: number): Leaf[] => [
      { path: [3, 0, 9], type: 'integer', value: level },
      { path: [3, 0, 13], type: 'time', value: time },
    ]
    const last = { at: start, leaves: instance(100, 50) }
    const later = after(start, seconds(5))
    expect(notificationDue({}, last, instance(105, 50), later)).toBe(false)
    expect(notificationDue({}, last, instance(105, 49), later)).toBe(true)
  })
})

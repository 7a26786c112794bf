/** Notification attributes: parsing, writing, and what a device would refuse. */
import { describe, expect, it } from 'vitest'
import {
  attributeQuery,
  attributesOfLink,
  attributesOfText,
  checkAttributes,
  parseAttributes,
  type NotificationAttributes,
} from '../../../src/lwm2m/attributes.ts'
import type { EnablerVersion } from '../../../src/lwm2m/model/library.ts'
import type { Path } from '../../../src/lwm2m/path.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import { device } from './shipped-library.ts'

const { model } = device('1.2', '</3303/0>;ver=1.1')

it.each<[text: string, attributes: NotificationAttributes, query: readonly string[]]>([
  ['pmin=10,pmax=60', { pmin: 10, pmax: 60 }, ['pmin=10', 'pmax=60']],
  ['gt=-1.5 lt=-3 st=0.5', { gt: -1.5, lt: -3, st: 0.5 }, ['gt=-1.5', 'lt=-3', 'st=0.5']],
  ['pmax=&pmin', { pmax: null, pmin: null }, ['pmin', 'pmax']],
  [
    'con=1,edge=0,hqmax=5,epmin=1,epmax=2',
    { con: 1, edge: 0, hqmax: 5, epmin: 1, epmax: 2 },
    ['epmin=1', 'epmax=2', 'edge=0', 'con=1', 'hqmax=5'],
  ],
])('reads %s', (text, attributes, query) => {
  expect(attributesOfText(text)).toEqual(attributes)
  expect(parseAttributes(attributes)).toEqual(attributes)
  expect(attributeQuery(attributes)).toEqual(query)
})

it.each<[json: unknown, message: string]>([
  [{ pmim: 1 }, "There is no attribute 'pmim'."],
  [{ pmin: -1 }, "'pmin' takes whole seconds from 0, not '-1'."],
  [{ pmin: 1.5 }, "'pmin' takes whole seconds from 0, not '1.5'."],
  [{ edge: 2 }, "'edge' takes 0 or 1, not '2'."],
  [{ gt: 'warm' }, "'gt' takes a number, not 'warm'."],
  [{ hqmax: -1 }, "'hqmax' takes a whole number from 0, not '-1'."],
  [[1], 'Attributes are given as an object like {"pmin": 10, "pmax": 60}.'],
  ['pmin', 'Attributes are given as an object like {"pmin": 10, "pmax": 60}.'],
])('refuses %j', (json, message) => {
  expect(parseAttributes(json)).toMatchObject({ message })
})

describe('what a device would refuse', () => {
  it.each<[attributes: NotificationAttributes, path: Path, version: EnablerVersion, message: string | undefined]>([
    [{ pmin: 10, pmax: 60 }, [3], '1.0', undefined],
    [{ pmin: 60, pmax: 60 }, [3], '1.0', undefined],
    [{ pmin: 61, pmax: 60 }, [3], '1.0', 'pmin (61) must not be larger than pmax (60).'],
    [{ pmin: 61, pmax: null }, [3], '1.0', undefined],
    [{ epmin: 5, epmax: 5 }, [3], '1.1', 'epmin (5) must be smaller than epmax (5).'],
    [{ gt: 1, lt: 2 }, [3303, 0, 5700], '1.0', 'lt (2) must be smaller than gt (1).'],
    [{ gt: 2, lt: 2 }, [3303, 0, 5700], '1.0', 'lt (2) must be smaller than gt (2).'],
    [{ gt: 3, lt: 1, st: 1 }, [3303, 0, 5700], '1.0', 'lt + 2·st (3) must be smaller than gt (3).'],
    [{ gt: 4, lt: 1, st: 1 }, [3303, 0, 5700], '1.0', undefined],
    [{ st: 0 }, [3303, 0, 5700], '1.0', 'st (0) must be larger than 0.'],
    [{ epmin: 1 }, [3], '1.0', "'epmin' came with LwM2M 1.1; the device registered with 1.0."],
    [{ con: 1 }, [3], '1.1', "'con' came with LwM2M 1.2; the device registered with 1.1."],
    [{ gt: 1 }, [3303, 0], '1.0', "'gt' belongs to a resource, not to an instance."],
    [{ gt: 1 }, [3, 0, 14], '1.0', "'gt' needs a resource of type integer; this is string."],
    [{ edge: 1 }, [3311, 0, 5850], '1.2', undefined],
    [{ edge: 1 }, [3303, 0, 5700], '1.2', "'edge' needs a resource of type boolean; this is float."],
  ])('%j at %j in %s', (attributes, path, version, message) => {
    const refusal = checkAttributes(attributes, path, version, model)
    expect(refusal?.message).toBe(message)
    expect(refusal === undefined || (isRefusal(refusal) && refusal.forcible)).toBe(true)
  })
})

it('reads attributes a Discover shows and skips what it cannot', () => {
  expect(attributesOfLink({ dim: '2', pmin: '10', pmax: '', gt: '1.5', st: 'x' })).toEqual({ pmin: 10, gt: 1.5 })
})

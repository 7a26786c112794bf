/**
 * Observations from the operator's wish to the last notification (LwM2M Core 1.2 §6.4, RFC 7641): at every level
 * of the data model, of several paths, with times, ended from either side.
 */
import { describe, expect, test } from 'vitest'
import { after, minutes, seconds } from '../../../../src/base/time.ts'
import { json, ScriptedDevice } from '../../../support/scripted-device.ts'

const senml = (...records: object[]): string => `Content-Format=110 ${json(records)}`
const samples = (device: ScriptedDevice): unknown => device.told('notification').at(-1)?.detail['samples']

describe('an observation of', () => {
  test.each([
    ['a resource', '/3/0/9', 'Content-Format=0 "87"', 'Content-Format=0 "88"', [{ path: '/3/0/9', value: 88 }]],
    [
      'a resource instance',
      '/3/0/7/1',
      'Content-Format=0 "3300"',
      'Content-Format=0 "3400"',
      [{ path: '/3/0/7/1', value: 3400 }],
    ],
    [
      'a multiple resource',
      '/3/0/7',
      senml({ bn: '/3/0/7/', n: '0', v: 1 }),
      senml({ bn: '/3/0/7/', n: '0', v: 2 }, { n: '1', v: 3 }),
      [
        { path: '/3/0/7/0', value: 2 },
        { path: '/3/0/7/1', value: 3 },
      ],
    ],
    [
      'an instance',
      '/3303/0',
      'Content-Format=11542 <e4164441a40000>',
      'Content-Format=11542 <e4164441ac0000>',
      [{ path: '/3303/0/5700', value: 21.5 }],
    ],
    [
      'an object',
      '/3303',
      senml({ n: '/3303/0/5700', v: 20 }),
      senml({ n: '/3303/0/5700', v: 20.5 }, { n: '/3303/1/5700', v: -4 }),
      [
        { path: '/3303/0/5700', value: 20.5 },
        { path: '/3303/1/5700', value: -4 },
      ],
    ],
  ])('%s is asked for, granted and fed', async (_what, path, first, next, values) => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'observe', path })
    expect(device.request()).toBe(
      `GET Observe=0 ${path
        .slice(1)
        .split('/')
        .map((part) => `/${part}`)
        .join(' ')} Accept=110`,
    )
    device.answer(`2.05 Observe=1 ${first}`)
    expect(device.operation(id).state).toBe('acknowledged')
    expect(device.intents).toMatchObject([{ path, state: 'established', token: device.token }])
    expect(device.say(`CON 2.05 [${device.token}] Observe=2 ${next}`)).toBe('EMPTY')
    expect(samples(device)).toMatchObject(values)
  })

  test('several paths names them in each notification', async () => {
    const device = new ScriptedDevice().register()
    await device.wish({ kind: 'observe-composite', path: '/3/0/9 /3303' })
    expect(device.request()).toBe(
      `FETCH Observe=0 Content-Format=110 Accept=110 ${json([{ n: '/3/0/9' }, { n: '/3303' }])}`,
    )
    device.answer(`2.05 Observe=1 ${senml({ n: '/3/0/9', v: 87 }, { n: '/3303/0/5700', v: 20 })}`)
    device.say(`CON 2.05 [${device.token}] Observe=2 ${senml({ n: '/3303/0/5700', v: 21 })}`)
    expect(samples(device)).toMatchObject([{ path: '/3303/0/5700', value: 21 }])
    device.say(`NON 2.05 [${device.token}] Observe=3 ${senml({ n: '/3/0/9', v: 86 }, { n: '/3303/1/5700', v: 1 })}`)
    expect(samples(device)).toMatchObject([
      { path: '/3/0/9', value: 86 },
      { path: '/3303/1/5700', value: 1 },
    ])
  })

  test.each([
    ['one path', '/3303/0/5700'],
    ['an instance', '/3303/0'],
    ['an object', '/3303'],
    ['the root', '/'],
  ])('%s alone may be a composite too', async (_what, path) => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'observe-composite', path })
    expect(device.request()).toMatch(/^FETCH Observe=0 /)
    device.answer(`2.05 Observe=1 ${senml({ n: '/3303/0/5700', v: 20 })}`)
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('with its attributes in the query, in 1.2', async () => {
    const device = new ScriptedDevice({ query: 'lt=86400&lwm2m=1.2&b=U' }).register()
    await device.wish({ kind: 'observe', path: '/3303/0/5700', value: { pmin: 10, pmax: 60, gt: 25 } })
    expect(device.request()).toMatch(
      /^GET Observe=0 \/3303 \/0 \/5700 Uri-Query=pmin=10 Uri-Query=pmax=60 Uri-Query=gt=25/,
    )
  })
})

describe('an observation ends', () => {
  test('when the operator cancels it, with the token it was asked for', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3/0/9')
    await device.wish({ kind: 'cancel-observe', path: '/3/0/9' })
    expect(device.request()).toMatch(/^GET Observe=1 \/3 \/0 \/9/)
    expect(device.token).toBe(token)
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.intents).toEqual([])
    expect(device.say(`CON 2.05 [${token}] Observe=9 Content-Format=0 "88"`)).toBe('EMPTY')
    expect(device.told('notification')).toEqual([])
  })

  test('of several paths the same way', async () => {
    const device = new ScriptedDevice().register()
    await device.wish({ kind: 'observe-composite', path: '/3/0/9 /3303/0/5700' })
    device.request()
    const { token } = device
    device.answer(`2.05 Observe=1 ${senml({ n: '/3/0/9', v: 87 })}`)
    await device.wish({ kind: 'cancel-observe', path: '/3/0/9 /3303/0/5700' })
    expect(device.request()).toMatch(/^FETCH Observe=1 Content-Format=110/)
    expect(device.token).toBe(token)
    device.answer(`2.05 ${senml({ n: '/3/0/9', v: 87 })}`)
    expect(device.intents).toEqual([])
  })

  test('at the device’s next word, where its answer to the cancel was lost', async () => {
    const device = new ScriptedDevice({ query: 'lt=86400&lwm2m=1.1&b=U&Q' }).register()
    const token = await device.observed('/3/0/9')
    const cancel = await device.wish({ kind: 'cancel-observe', path: '/3/0/9' })
    device.elapse(minutes(10)).heard()
    expect(device.operation(cancel).state).toBe('queued')
    device.say(`CON 2.05 [${token}] Observe=9 Content-Format=0 "88"`)
    expect(device.request()).toMatch(/^GET Observe=1 \/3 \/0 \/9/)
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(cancel).state).toBe('acknowledged')
    expect(device.intents).toEqual([])
  })

  test.each([
    ['4.04', 'what it observed was deleted'],
    ['4.05', 'it may not be read any more'],
    ['5.00', 'the device cannot go on'],
  ])('when the device says %s: %s', async (code) => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "20"')
    expect(device.say(`CON ${code} [${token}]`)).toBe('EMPTY')
    expect(device.intents).toMatchObject([{ state: 'refused' }])
    expect(device.told('observation.ended')).toMatchObject([{ detail: { path: '/3303/0/5700', code } }])
  })

  test('when the device refuses it in the first place', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange({ kind: 'observe', path: '/3303/0/5700' }, '4.05')
    expect(ended).toMatchObject({ state: 'failed', code: '4.05' })
  })
})

describe('a notification', () => {
  test('counts once, however often it comes', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3/0/9')
    const { house } = device
    for (let copy = 0; copy < 3; copy++) house.receive(1, `CON 900 2.05 [${token}] Observe=2 Content-Format=0 "88"`)
    house.settle()
    house.restart()
    house.receive(1, `CON 900 2.05 [${token}] Observe=2 Content-Format=0 "88"`)
    house.settle()
    expect(device.heard().filter((line) => line === 'ACK 900 EMPTY').length).toBeGreaterThan(0)
    expect(device.told('notification')).toHaveLength(1)
  })

  //  device                                        server
  //    |--- NON 2.05 Observe=7 "20" --------\  /---->|
  //    |--- NON 2.05 Observe=8 "21" --------/\------>|   8 arrives first
  test('that was overtaken is history: kept, but not the newest', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "19"')
    device.say(`NON 2.05 [${token}] Observe=8 Content-Format=0 "21"`)
    device.say(`NON 2.05 [${token}] Observe=7 Content-Format=0 "20"`)
    expect(device.told('notification').map(({ detail }) => detail)).toMatchObject([
      { samples: [{ value: 21 }] },
      { samples: [{ value: 20 }], overtaken: true },
    ])
    device.say(`NON 2.05 [${token}] Observe=9 Content-Format=0 "22"`)
    expect(device.told('notification').at(-1)?.detail).not.toHaveProperty('overtaken')
  })

  //  device                                        server
  //    |--- CON 900 2.05 Observe=4 "23" ------------>|
  //    |--- CON 901 2.05 Observe=4 "26" ------------>|   another message under the same number
  test('that has the number of the one before is taken all the same, and noted', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "19"')
    const { house } = device
    const says = (messageId: number, value: string): void => {
      house.receive(1, `CON ${messageId} 2.05 [${token}] Observe=4 Content-Format=0 "${value}"`)
      house.settle()
    }
    says(900, '23')
    says(901, '26')
    house.restart()
    says(901, '26')
    says(902, '27')
    const told = device.told('notification').flatMap(({ detail }) => detail['samples'])
    expect(told).toMatchObject([{ value: 23 }, { value: 26 }, { value: 27 }])
    expect(device.told('notification').at(-1)?.detail).not.toHaveProperty('overtaken')
    const { quirks } = house.store.device('urn:dev:a')!.device
    expect(quirks?.map(({ name }) => name)).toContain('notification.number-twice')
  })

  test.each([
    ['the sequence turns over', 0xff_fffe, 3, seconds(1)],
    ['two minutes have passed', 500, 400, seconds(129)],
  ])('is the newest where %s', async (_what, last, next, wait) => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3/0/9')
    device.say(`NON 2.05 [${token}] Observe=${last} Content-Format=0 "88"`)
    device.elapse(wait)
    device.say(`NON 2.05 [${token}] Observe=${next} Content-Format=0 "89"`)
    expect(device.told('notification').at(-1)?.detail).toEqual({
      path: '/3/0/9',
      samples: [expect.objectContaining({ value: 89 })],
    })
  })

  test('of values with times keeps the times, and their order', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "19"')
    const history = [0, 60, 120].map((t, i) => ({
      ...(i === 0 ? { bt: 1_700_000_000, bn: '/3303/0/5700' } : {}),
      t,
      v: 20 + i,
    }))
    device.say(`CON 2.05 [${token}] Observe=2 ${senml(...history)}`)
    expect(samples(device)).toMatchObject([
      { value: 20, at: '2023-11-14T22:13:20.000Z' },
      { value: 21, at: '2023-11-14T22:14:20.000Z' },
      { value: 22, at: '2023-11-14T22:15:20.000Z' },
    ])
  })

  test('of a moment before now takes its time from ours', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "19"')
    device.say(`CON 2.05 [${token}] Observe=2 ${senml({ n: '/3303/0/5700', t: -30, v: 20 })}`)
    expect(samples(device)).toMatchObject([{ at: new Date(device.house.now - 30_000).toISOString() }])
  })

  test('of another path than the one observed is told as such, and does no harm', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "19"')
    expect(device.say(`CON 2.05 [${token}] Observe=2 ${senml({ n: '/3/0/9', v: 1 })}`)).toBe('EMPTY')
    expect(device.told('notification').at(-1)?.detail).toMatchObject({ undecodable: 'payload.outside' })
    device.say(`CON 2.05 [${token}] Observe=3 ${senml({ n: '/3303/0/5700', v: 20 })}`)
    expect(samples(device)).toMatchObject([{ value: 20 }])
  })

  test('nobody can read is told as such, and the observation goes on', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "19"')
    device.say(`CON 2.05 [${token}] Observe=2 Content-Format=11542 <c80064>`)
    expect(device.told('notification').at(-1)?.detail).toMatchObject({ contentFormat: 11542, undecodable: /./ })
    expect(device.intents).toMatchObject([{ state: 'established' }])
  })

  test('that comes before the answer to the Observe stands for it', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'observe', path: '/3/0/9' })
    device.request()
    device.say(`CON 2.05 [${device.token}] Observe=2 Content-Format=0 "88"`)
    expect(device.intents).toMatchObject([{ state: 'established' }])
    expect(device.operation(id).state).toBe('acknowledged')
  })
})

describe('a value with a time', () => {
  const at = '2023-11-14T22:13:20.000Z'
  test('in the answer to a Read', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(
      { kind: 'read', path: '/3303/0/5700' },
      `2.05 ${senml({ n: '/3303/0/5700', t: 1_700_000_000, v: 20 })}`,
    )
    expect(ended).toMatchObject({ state: 'acknowledged', result: { value: 20, at } })
  })

  test('in the answer to an Observe', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(
      { kind: 'observe', path: '/3303/0/5700' },
      `2.05 Observe=1 ${senml({ bt: 1_700_000_000, n: '/3303/0/5700', v: 20 })}`,
    )
    expect(ended).toMatchObject({ state: 'acknowledged', result: { value: 20, at } })
  })

  test('in the answer to a Read-Composite', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(
      { kind: 'read-composite', path: '/3/0/9 /3303/0/5700' },
      `2.05 ${senml({ bt: 1_700_000_000, n: '/3/0/9', v: 87 }, { n: '/3303/0/5700', v: 20 })}`,
    )
    expect(ended.state).toBe('acknowledged')
    expect(JSON.stringify(ended.result)).toContain(at)
  })
})

describe('what is wanted', () => {
  test('is asked for after every registration, each time under a new token', async () => {
    const device = new ScriptedDevice().register()
    const tokens = [await device.observed('/3/0/9')]
    for (let round = 0; round < 3; round++) {
      device.register()
      device.request()
      tokens.push(device.token)
      device.answer('2.05 Observe=1 Content-Format=0 "87"')
      expect(device.intents).toMatchObject([{ state: 'established' }])
    }
    expect(new Set(tokens).size).toBe(4)
  })

  test('outlives a restart: the next notification counts without a word of ours', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/3/0/9')
    device.house.restart()
    expect(device.say(`CON 2.05 [${token}] Observe=2 Content-Format=0 "88"`)).toBe('EMPTY')
    expect(samples(device)).toMatchObject([{ value: 88 }])
    expect(device.heard()).toEqual([])
  })

  test('outlives the registration: lost by its end, back with the next one', async () => {
    const device = new ScriptedDevice({ query: 'lt=60&lwm2m=1.1&b=U' }).register()
    await device.observed('/3/0/9')
    device.elapse(minutes(30))
    expect(device.registration).toBeUndefined()
    device.register()
    expect(device.request()).toMatch(/^GET Observe=0 \/3 \/0 \/9/)
  })

  test('of ten paths comes back one after the other, nothing between them', async () => {
    const device = new ScriptedDevice().register()
    const paths = Array.from({ length: 10 }, (_, r) => `/3/0/${[0, 1, 2, 3, 9, 10, 14, 15, 16, 17][r]}`)
    for (const path of paths) await device.observed(path, 'Content-Format=0 "1"')
    device.register()
    const again: string[] = []
    for (let round = 0; round < paths.length; round++) {
      again.push(/\/3 \/0 \/\d+/.exec(device.request())![0].replaceAll(' ', ''))
      expect(device.heard()).toEqual([])
      device.answer('2.05 Observe=1 Content-Format=0 "1"')
    }
    expect(again.toSorted()).toEqual(paths.toSorted())
    expect(device.intents.every(({ state }) => state === 'established')).toBe(true)
  })

  test('is not asked for while the device sleeps', async () => {
    const device = new ScriptedDevice({ query: 'lt=86400&lwm2m=1.1&b=U&Q' }).register()
    device.elapse(minutes(10))
    await device.wish({ kind: 'observe', path: '/3/0/9' })
    expect(device.heard()).toEqual([])
    device.house.now = after(device.house.now, minutes(50))
    device.say(`CON POST [bb] /rd/${device.registration!.id}`)
    expect(device.request()).toMatch(/^GET Observe=0 /)
  })
})

/** Create, Delete, Execute and Discover from the operator's wish to the device's answer (LwM2M Core 1.2 §6.3). */
import { describe, expect, test } from 'vitest'
import { octets, ScriptedDevice } from '../../../support/scripted-device.ts'

const newest = { query: 'lt=86400&lwm2m=1.2&b=U' }

describe('Create', () => {
  test('with an id: the answer names the instance', async () => {
    const device = new ScriptedDevice().register()
    const wish = { kind: 'create', path: '/3303', value: { instance: 7, resources: { 5750: 'cellar' } } } as const
    const id = await device.wish(wish)
    expect(device.request()).toMatch(/^POST \/3303 Content-Format=110 /)
    device.answer('2.01 Location-Path=3303 Location-Path=7')
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.01', result: { path: '/3303/7' } })
  })

  test('with an id in its path: that one is wrapped in what is sent', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'create', path: '/3303/7', value: { 5750: 'a' } })
    expect(device.operation(id)).toMatchObject({ path: '/3303/7' })
    const named = Buffer.from('[{"bn":"/3303/7/5750","vs":"a"}]').toString('hex')
    expect(device.request()).toBe(`POST /3303 Content-Format=110 <${named}>`)
    device.answer('2.01')
    expect(device.operation(id)).toMatchObject({ result: { path: '/3303/7' } })
  })

  test('without an id: the device chooses, and says which', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(
      { kind: 'create', path: '/3303', value: { 5750: 'cellar' } },
      '2.01 Location-Path=3303 Location-Path=12',
    )
    expect(ended).toMatchObject({ state: 'acknowledged', result: { path: '/3303/12' } })
  })

  test('two, one after the other, in the order they were asked for', async () => {
    const device = new ScriptedDevice().register()
    const first = await device.wish({ kind: 'create', path: '/3303', value: { instance: 7 } })
    const second = await device.wish({ kind: 'create', path: '/3303', value: { instance: 8 } })
    for (const id of [first, second]) {
      device.request()
      device.answer('2.01')
      expect(device.operation(id).state).toBe('acknowledged')
    }
    expect(device.heard()).toEqual([])
  })
})

describe('Delete', () => {
  test('of an instance', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'delete', path: '/3303/1' })
    expect(device.request()).toBe('DELETE /3303 /1')
    device.answer('2.02')
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.02' })
  })

  test('of a resource instance, in 1.2', async () => {
    const device = new ScriptedDevice(newest).register()
    const id = await device.wish({ kind: 'delete', path: '/3/0/7/1' })
    expect(device.request()).toBe('DELETE /3 /0 /7 /1')
    device.answer('2.02')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('of what is not there is told as such, and the device’s 4.05 for what must stay', async () => {
    const device = new ScriptedDevice({ links: '</3/0>,</3303>' }).register()
    expect(await device.exchange({ kind: 'delete', path: '/3303/4' }, '4.04')).toMatchObject({ state: 'failed' })
    expect(await device.exchange({ kind: 'delete', path: '/3/0' }, '4.05')).toMatchObject({ state: 'failed' })
  })
})

describe('Execute', () => {
  test.each([
    ['without arguments', undefined, 'POST /3 /0 /12'],
    ['with a digit', '5', 'POST /3 /0 /12 Content-Format=0 "5"'],
    ['with a value', "0='x y',3", 'POST /3 /0 /12 Content-Format=0 "0=\'x y\',3"'],
  ])('%s', async (_what, value, request) => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'execute', path: '/3/0/12', ...(value === undefined ? {} : { value }) })
    expect(device.request()).toBe(request)
    device.answer('2.04')
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.04' })
  })
})

describe('Discover', () => {
  test.each([
    ['an object', '/3', 'GET /3 Accept=40', '</3>;ver=1.1,</3/0>,</3/0/9>', ['/3', '/3/0', '/3/0/9']],
    ['an instance', '/3/0', 'GET /3 /0 Accept=40', '</3/0>;pmin=10,</3/0/9>', ['/3/0', '/3/0/9']],
    ['a resource', '/3/0/9', 'GET /3 /0 /9 Accept=40', '</3/0/9>;pmin=10;pmax=60', ['/3/0/9']],
    ['a multiple resource', '/3/0/7', 'GET /3 /0 /7 Accept=40', '</3/0/7>;dim=2', ['/3/0/7']],
  ])('of %s', async (_what, path, request, links, paths) => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'discover', path })
    expect(device.request()).toBe(request)
    device.answer(`2.05 Content-Format=40 ${octets(links)}`)
    const { result, state } = device.operation(id)
    expect([state, (result as { path: string }[]).map((each) => each.path)]).toEqual(['acknowledged', paths])
  })

  test('of a multiple resource says how many there are', async () => {
    const device = new ScriptedDevice().register()
    const ended = await device.exchange(
      { kind: 'discover', path: '/3/0/7' },
      `2.05 Content-Format=40 ${octets('</3/0/7>;dim=2')}`,
    )
    expect(ended.result).toMatchObject([{ path: '/3/0/7', attributes: { dim: '2' } }])
  })

  test.each([0, 1, 2, 3])('with a depth of %i, in 1.2', async (depth) => {
    const device = new ScriptedDevice(newest).register()
    await device.wish({ kind: 'discover', path: '/3', value: { depth } })
    expect(device.request()).toBe(`GET /3 Uri-Query=depth=${depth} Accept=40`)
  })

  test('shows the attributes that were written before', async () => {
    const device = new ScriptedDevice().register()
    const written = await device.wish({ kind: 'write-attributes', path: '/3303/0/5700', value: { pmin: 10, gt: 30 } })
    expect(device.request()).toBe('PUT /3303 /0 /5700 Uri-Query=pmin=10 Uri-Query=gt=30')
    device.answer('2.04')
    expect(device.operation(written).state).toBe('acknowledged')
    const ended = await device.exchange(
      { kind: 'discover', path: '/3303/0/5700' },
      `2.05 Content-Format=40 ${octets('</3303/0/5700>;pmin=10;gt=30')}`,
    )
    expect(ended.result).toMatchObject([{ attributes: { pmin: '10', gt: '30' } }])
  })
})

describe('Write-Attributes', () => {
  test.each([
    ['an object', '/3303', { pmin: 5 }, 'PUT /3303 Uri-Query=pmin=5'],
    ['an instance', '/3303/0', { pmin: 5, pmax: 50 }, 'PUT /3303 /0 Uri-Query=pmin=5 Uri-Query=pmax=50'],
    [
      'a resource',
      '/3303/0/5700',
      { lt: -1.5, gt: 2, st: 0.5 },
      'PUT /3303 /0 /5700 Uri-Query=gt=2 Uri-Query=lt=-1.5 Uri-Query=st=0.5',
    ],
    ['a resource instance', '/3/0/7/1', { pmax: 9 }, 'PUT /3 /0 /7 /1 Uri-Query=pmax=9'],
    ['what is to be taken away', '/3303/0/5700', { pmin: null }, 'PUT /3303 /0 /5700 Uri-Query=pmin'],
  ])('to %s', async (_what, path, value, request) => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'write-attributes', path, value })
    expect(device.request()).toBe(request)
    device.answer('2.04')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('all that 1.2 has, in one request', async () => {
    const device = new ScriptedDevice(newest).register()
    const value = { pmin: 1, pmax: 2, epmin: 1, epmax: 2, con: 1, hqmax: 5 }
    await device.wish({ kind: 'write-attributes', path: '/3303/0', value })
    expect(device.request()).toMatch(/pmin=1 .*pmax=2 .*epmin=1 .*epmax=2 .*con=1 .*hqmax=5/)
  })
})

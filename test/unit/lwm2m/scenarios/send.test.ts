/** Send from the wire to what the operator sees (LwM2M Core 1.2 §6.4.6): every format, times, and what is refused. */
import { describe, expect, test } from 'vitest'
import { minutes } from '../../../../src/base/time.ts'
import type { Leaf } from '../../../../src/device/payload/leaf.ts'
import { foreignFormats, foreignPayload } from '../../../support/foreign-payload.ts'
import { json, ScriptedDevice } from '../../../support/scripted-device.ts'

const newest = { query: 'lt=86400&lwm2m=1.2&b=U' }
const said = (device: ScriptedDevice): unknown => device.told('send').at(-1)?.detail

const leaves: readonly Leaf[] = [
  { path: [3, 0, 0], type: 'string', value: 'Acme' },
  { path: [3, 0, 9], type: 'integer', value: 87 },
  { path: [3303, 0, 5700], type: 'float', value: 21.5 },
]
const values = [
  { path: '/3/0/0', value: 'Acme' },
  { path: '/3/0/9', value: 87 },
  { path: '/3303/0/5700', value: 21.5 },
]

describe('a Send', () => {
  test.each(['senmlJson', 'senmlCbor', 'senmlEtchJson', 'senmlEtchCbor', 'lwm2mCbor'] as const)(
    'in %s is taken, with all its values in their order',
    (name) => {
      const device = new ScriptedDevice(newest).register()
      const payload = Buffer.from(foreignPayload(foreignFormats[name], [], leaves)).toString('hex')
      expect(device.say(`CON POST [dd] /dp Content-Format=${foreignFormats[name]} <${payload}>`)).toBe('2.04 [dd]')
      expect(said(device)).toMatchObject({ samples: values })
    },
  )

  test('of a history keeps each time', () => {
    const device = new ScriptedDevice().register()
    const records = [3600, 1800, 0].map((ago, i) => ({
      ...(i === 0 ? { bn: '/3303/0/5700', bt: 1_700_000_000 } : {}),
      t: -ago,
      v: 20 + i,
    }))
    expect(device.say(`CON POST [dd] /dp Content-Format=110 ${json(records)}`)).toBe('2.04 [dd]')
    expect(said(device)).toMatchObject({
      samples: [
        { value: 20, at: '2023-11-14T21:13:20.000Z' },
        { value: 21, at: '2023-11-14T21:43:20.000Z' },
        { value: 22, at: '2023-11-14T22:13:20.000Z' },
      ],
    })
  })

  test('that says nothing of its format is recognised, and noted', () => {
    const device = new ScriptedDevice().register()
    expect(device.say(`CON POST [dd] /dp ${json([{ n: '/3/0/9', v: 1 }])}`)).toBe('2.04 [dd]')
    expect(device.quirks).toContain('format.missing')
  })

  test('as NON is taken, and answered as NON', () => {
    const device = new ScriptedDevice().register()
    device.say(`NON POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`)
    expect(device.heard()).toEqual([expect.stringMatching(/^NON \d+ 2\.04 \[dd\]$/)])
    expect(said(device)).toMatchObject({ samples: [{ value: 1 }] })
  })

  test('repeated is one Send', () => {
    const device = new ScriptedDevice().register()
    const { house } = device
    for (let copy = 0; copy < 3; copy++)
      house.receive(1, `CON 700 POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`)
    house.settle()
    expect(device.told('send')).toHaveLength(1)
    expect(new Set(device.heard())).toEqual(new Set(['ACK 700 2.04 [dd]']))
  })

  test('is durable before it is answered', () => {
    const device = new ScriptedDevice().register()
    device.house.receive(1, `CON 700 POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`)
    expect(device.heard()).toEqual([])
    device.house.settle()
    expect(device.heard()).toEqual(['ACK 700 2.04 [dd]'])
  })

  test('in the middle of a request of ours does not disturb it', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'read', path: '/3/0/9' })
    device.request()
    expect(device.say(`CON POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`)).toBe('2.04 [dd]')
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('of a value of another type than the model’s is kept, and noted', () => {
    const device = new ScriptedDevice().register()
    expect(device.say(`CON POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', vs: 'full' }])}`)).toBe('2.04 [dd]')
    expect(said(device)).toMatchObject({ samples: [{ path: '/3/0/9', value: 'full' }] })
    expect(device.quirks).toContain('value.type-differs')
  })
})

describe('a Send is refused', () => {
  test.each([
    ['broken JSON', `Content-Format=110 <5b7b>`, '4.00'],
    ['a record without a usable name', `Content-Format=110 ${json([{ n: '/3/0/x', v: 1 }])}`, '4.00'],
    ['broken CBOR', 'Content-Format=112 <81a2>', '4.00'],
    ['an object that was not registered', `Content-Format=110 ${json([{ n: '/6/0/0', v: 1 }])}`, '4.04'],
    ['TLV', 'Content-Format=11542 <c10957>', '4.15'],
    ['a format nobody knows', 'Content-Format=65000 <00>', '4.15'],
  ])('for %s, and the operator is told', (_what, content, code) => {
    const device = new ScriptedDevice().register()
    expect(device.say(`CON POST [dd] /dp ${content}`)).toMatch(new RegExp(`^${code} \\[dd\\]`))
    expect(said(device)).toMatchObject({ undecodable: /./ })
  })

  test('from who is not registered, or no more', () => {
    const device = new ScriptedDevice({ query: 'lt=60&lwm2m=1.1&b=U' })
    const send = (): string => device.say(`CON POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`)
    expect(send()).toMatch(/^4\.00 \[dd\]/)
    device.register()
    expect(send()).toBe('2.04 [dd]')
    device.elapse(minutes(30))
    expect(send()).toMatch(/^4\.00 \[dd\]/)
  })

  test('by another method', () => {
    expect(new ScriptedDevice().register().say('CON GET [dd] /dp')).toBe('4.05 [dd]')
  })
})

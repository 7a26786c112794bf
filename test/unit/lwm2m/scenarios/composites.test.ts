/** Composite operations from the operator's wish to the device's answer (LwM2M Core 1.2 §6.3.8–6.3.10). */
import { describe, expect, test } from 'vitest'
import { json, ScriptedDevice } from '../../../support/scripted-device.ts'

const senml = (...records: object[]): string => `Content-Format=110 ${json(records)}`

describe('Read-Composite', () => {
  test.each([
    [
      'resources',
      '/3/0/0 /3303/0/5700',
      [
        { n: '/3/0/0', vs: 'Acme' },
        { n: '/3303/0/5700', v: 20 },
      ],
    ],
    [
      'an instance',
      '/3303/0',
      [
        { bn: '/3303/0/', n: '5700', v: 20 },
        { n: '5701', vs: 'Cel' },
      ],
    ],
    [
      'an object',
      '/3303',
      [
        { n: '/3303/0/5700', v: 20 },
        { n: '/3303/1/5700', v: 21 },
      ],
    ],
    [
      'all levels together',
      '/3 /3303/0 /1/0/1',
      [
        { n: '/3/0/9', v: 1 },
        { n: '/3303/0/5700', v: 2 },
        { n: '/1/0/1', v: 3 },
      ],
    ],
    ['a resource instance', '/3/0/7/1', [{ n: '/3/0/7/1', v: 3300 }]],
    ['more than the device has', '/3/0/0 /3/0/1', [{ n: '/3/0/0', vs: 'Acme' }]],
  ])('of %s', async (_what, path, records) => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'read-composite', path })
    const names = path.split(' ').map((n) => ({ n }))
    expect(device.request()).toBe(`FETCH Content-Format=110 Accept=110 ${json(names)}`)
    device.answer(`2.05 ${senml(...records)}`)
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.05' })
    const seen = JSON.stringify(device.operation(id).result)
    for (const value of records.flatMap(({ v, vs }: { v?: number; vs?: string }) => [v ?? vs]))
      expect(seen).toContain(`:${JSON.stringify(value)}`)
  })

  test('in the format the device registered', async () => {
    const device = new ScriptedDevice({ links: '</>;rt="oma.lwm2m";ct="112 11542",</3/0>' }).register()
    await device.wish({ kind: 'read-composite', path: '/3/0/9' })
    expect(device.request()).toBe('FETCH Content-Format=112 Accept=112 <81a100662f332f302f39>')
  })

  test('below an alternate root goes to the root', async () => {
    const device = new ScriptedDevice({ links: '</a>;rt="oma.lwm2m";ct=110,</a/3/0>' }).register()
    await device.wish({ kind: 'read-composite', path: '/3/0/9' })
    expect(device.request()).toMatch(/^FETCH \/a Content-Format=110/)
  })
})

describe('Write-Composite', () => {
  test('of resources of several instances is one request', async () => {
    const device = new ScriptedDevice().register()
    const value = { '/1/0/1': 60, '/3/0/14': 'Z' }
    const id = await device.wish({ kind: 'write-composite', path: '', value })
    expect(device.request()).toBe(
      `iPATCH Content-Format=110 ${json([
        { n: '/1/0/1', v: 60 },
        { n: '/3/0/14', vs: 'Z' },
      ])}`,
    )
    device.answer('2.04')
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.04' })
  })

  test('that takes resource instances away is ETCH', async () => {
    const device = new ScriptedDevice({ query: 'lt=60&lwm2m=1.2&b=U' }).register()
    await device.wish({ kind: 'write-composite', path: '', value: { '/2/0/2/1': null } })
    expect(device.request()).toMatch(/^iPATCH Content-Format=320 /)
  })

  test('of what one observes is notified like any other change', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed('/1/0/1', 'Content-Format=0 "86400"')
    const id = await device.wish({ kind: 'write-composite', path: '', value: { '/1/0/1': 60 } })
    device.request()
    device.house.receive(1, `CON 500 2.05 [${token}] Observe=2 Content-Format=0 "60"`)
    device.answer('2.04')
    expect(device.operation(id).state).toBe('acknowledged')
    expect(device.told('notification')).toMatchObject([{ detail: { samples: [{ path: '/1/0/1', value: 60 }] } }])
  })

  test.each([
    ['a value the model refuses', { '/1/0/1': 'soon' }, 'value.type'],
    ['what can only be read', { '/3/0/0': 'x' }, 'operation.not-allowed'],
    ['nothing', {}, 'operation.incomplete'],
  ])('of %s is refused before anything is sent', async (_what, value, code) => {
    const device = new ScriptedDevice().register()
    await expect(device.wish({ kind: 'write-composite', path: '', value })).rejects.toMatchObject({ code })
    expect(device.heard()).toEqual([])
  })
})

test.each(['read-composite', 'observe-composite', 'write-composite'] as const)(
  '%s is not asked of a device of 1.0',
  async (kind) => {
    const device = new ScriptedDevice({ query: 'lt=60&lwm2m=1.0' }).register()
    const value = kind === 'write-composite' ? { value: { '/1/0/1': 60 } } : {}
    await expect(device.wish({ kind, path: '/3/0', ...value })).rejects.toMatchObject({
      code: 'operation.needs-version',
    })
  },
)

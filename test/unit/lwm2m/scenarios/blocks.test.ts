/**
 * Bodies too large for a datagram, on the LwM2M interfaces (RFC 7959, Transport 1.2 §6.4): a Register of many
 * objects, a large write, a large answer, a large notification; blocks that are lost, repeated, or come from two
 * devices at once.
 */
import { describe, expect, test } from 'vitest'
import { hours, minutes, seconds } from '../../../../src/base/time.ts'
import { ScriptedDevice } from '../../../support/scripted-device.ts'
import { EngineHarness } from '../../../support/engine-harness.ts'

/** An object list of more octets than a datagram takes. */
const links = [
  '</>;rt="oma.lwm2m";ct=110,</1/0>,</3/0>',
  ...Array.from({ length: 300 }, (_, i) => `</3303/${i}>`),
].join(',')
const list = Buffer.from(links)
const size = 512
const blocks = Math.ceil(list.length / size)

function block(number: number, query = 'ep=urn:dev:big&lt=3600&lwm2m=1.1', body = list): string {
  const part = body.subarray(number * size, (number + 1) * size).toString('hex')
  const more = (number + 1) * size < body.length ? 1 : 0
  return `CON POST [a${number % 10}] /rd ?${query} Content-Format=40 Block1=${number}/${more}/${size} <${part}>`
}

describe('a Register in blocks', () => {
  test('is whole with its last block, and durable then', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    for (let number = 0; number < blocks - 1; number++) {
      expect(device.say(block(number))).toBe(`2.31 [a${number % 10}] Block1=${number}/1/${size}`)
      expect(device.house.store.countDevices()).toBe(0)
    }
    expect(device.say(block(blocks - 1))).toMatch(
      new RegExp(
        `^2\\.01 \\[a${(blocks - 1) % 10}\\] Location-Path=rd Location-Path=\\w+ Block1=${blocks - 1}/0/${size}$`,
      ),
    )
    expect(device.registration?.links).toBe(links)
  })

  test('is not made where a block is missing: 4.08, and it begins anew', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    device.say(block(0))
    expect(device.say(block(2))).toMatch(/^4\.08 \[a2\]/)
    expect(device.house.store.countDevices()).toBe(0)
    for (let number = 0; number < blocks; number++) device.say(block(number))
    expect(device.registration?.links).toBe(links)
  })

  test('takes a repeated block for the one it is', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    for (let number = 0; number < blocks; number++) {
      const line = block(number).replace('CON', `CON ${40 + number}`)
      for (let copy = 0; copy < 2; copy++) device.house.receive(1, line)
      device.house.settle()
    }
    expect(device.registration?.links).toBe(links)
    expect(device.told('registration.registered')).toHaveLength(1)
  })

  test('in smaller blocks, as a client with little memory sends them', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    const small = 64
    for (let at = 0; at < list.length; at += small) {
      const more = at + small < list.length ? 1 : 0
      const part = list.subarray(at, at + small).toString('hex')
      device.say(
        `CON POST [ab] /rd ?ep=urn:dev:big&lwm2m=1.1 Content-Format=40 Block1=${at / small}/${more}/${small} <${part}>`,
      )
    }
    expect(device.registration?.links).toBe(links)
  })

  test('of two devices at once stay apart', () => {
    const house = new EngineHarness()
    const two = [1, 2].map((path) => new ScriptedDevice({ house, path, endpoint: `urn:dev:${path}` }))
    const other = Buffer.from(links.replaceAll('3303', '3304'))
    for (let number = 0; number < blocks; number++) {
      two[0]!.say(block(number, 'ep=urn:dev:1&lwm2m=1.1'))
      two[1]!.say(block(number, 'ep=urn:dev:2&lwm2m=1.1', other))
    }
    expect(two.map(({ registration }) => registration?.links)).toEqual([links, other.toString()])
  })

  test('that is never finished leaves nothing behind', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    device.say(block(0))
    device.elapse(hours(1))
    expect(device.house.store.countDevices()).toBe(0)
    expect(device.house.engine.coap.sizes()).toMatchObject(
      Object.fromEntries(Object.keys(device.house.engine.coap.sizes()).map((table) => [table, 0])),
    )
  })

  test('begun before a restart begins anew after it', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    device.say(block(0))
    device.house.restart()
    expect(device.say(block(1))).toMatch(/^4\.08 /)
    for (let number = 0; number < blocks; number++) device.say(block(number))
    expect(device.registration?.links).toBe(links)
  })

  test('whose size is beyond the limit gets 4.13 at once, with what would fit', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' })
    const announced = block(0).replace(' <', ' Size1=9999999 <')
    expect(device.say(announced)).toMatch(/^4\.13 \[a0\] .*Size1=\d+/)
  })

  test('an Update in blocks changes the object list', () => {
    const device = new ScriptedDevice({ endpoint: 'urn:dev:big' }).register()
    const { id } = device.registration!
    for (let number = 0; number < blocks; number++) device.say(block(number).replace(/\/rd \?\S+/, `/rd/${id}`))
    expect(device.registration).toMatchObject({ id, links })
  })
})

describe('a write in blocks', () => {
  const image = 'c0'.repeat(3000)

  test('goes one block at a time, and is done with the last', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'write', path: '/5/0/0', value: image })
    let sent = 0
    for (;;) {
      const [, number, more, octets] = /Block1=(\d+)\/([01])\/(\d+)/.exec(device.request())!
      sent++
      expect(device.heard()).toEqual([])
      device.answer(`${more === '1' ? '2.31' : '2.04'} Block1=${number}/${more}/${octets}`)
      if (more === '0') break
    }
    expect(sent).toBeGreaterThan(2)
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.04' })
  })

  test('begins anew in smaller blocks where the device says 4.13', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'write', path: '/5/0/0', value: image })
    const first = Number(/Block1=0\/1\/(\d+)/.exec(device.request())![1])
    device.answer(`4.13 Block1=0/1/64`)
    for (;;) {
      const [, number, more, octets] = /Block1=(\d+)\/([01])\/(\d+)/.exec(device.request())!
      expect(Number(octets)).toBeLessThan(first)
      device.answer(`${more === '1' ? '2.31' : '2.04'} Block1=${number}/${more}/${octets}`)
      if (more === '0') break
    }
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('keeps other wishes waiting until it is done', async () => {
    const device = new ScriptedDevice().register()
    await device.wish({ kind: 'write', path: '/5/0/0', value: image })
    const read = await device.wish({ kind: 'read', path: '/3/0/9', priority: 0 })
    for (;;) {
      const request = device.request()
      expect(request).toMatch(/^PUT \/5 \/0 \/0/)
      const [, number, more, octets] = /Block1=(\d+)\/([01])\/(\d+)/.exec(request)!
      device.answer(`${more === '1' ? '2.31' : '2.04'} Block1=${number}/${more}/${octets}`)
      if (more === '0') break
    }
    expect(device.operation(read).state).toBe('sent')
  })

  test('outlasts any time a request may take, as long as blocks are acknowledged', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'write', path: '/5/0/0', value: image })
    for (;;) {
      const [, number, more, octets] = /Block1=(\d+)\/([01])\/(\d+)/.exec(device.request())!
      device.elapse(seconds(25)).heard()
      device.answer(`${more === '1' ? '2.31' : '2.04'} Block1=${number}/${more}/${octets}`)
      if (more === '0') break
    }
    expect(device.operation(id).state).toBe('acknowledged')
  })
})

describe('an answer in blocks', () => {
  const values = Array.from({ length: 60 }, (_, i) => ({ n: `/3303/${i % 2}/${5700 + i}`, v: i }))
  const body = Buffer.from(JSON.stringify(values))
  const part = (number: number): string => {
    const more = (number + 1) * 256 < body.length ? 1 : 0
    return `Block2=${number}/${more}/256 <${body.subarray(number * 256, (number + 1) * 256).toString('hex')}>`
  }

  test('to a Read is fetched to its end', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'read', path: '/3303' })
    for (let number = 0; number * 256 < body.length; number++) {
      const request = device.request()
      if (number > 0) expect(request).toContain(`Block2=${number}/0/256`)
      device.answer(`2.05 Content-Format=110 ETag=0x01 ${part(number)}`)
    }
    expect(device.operation(id).state).toBe('acknowledged')
    expect(JSON.stringify(device.operation(id).result)).toContain('"value":59')
  })

  test('that changes on the way is fetched anew', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'read', path: '/3303' })
    device.request()
    device.answer(`2.05 Content-Format=110 ETag=0x01 ${part(0)}`)
    device.request()
    device.answer(`2.05 Content-Format=110 ETag=0x02 ${part(1)}`)
    for (let number = 0; number * 256 < body.length; number++) {
      expect(device.request()).toMatch(number === 0 ? /^GET \/3303/ : new RegExp(`Block2=${number}/0/256`))
      device.answer(`2.05 Content-Format=110 ETag=0x02 ${part(number)}`)
    }
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('as a notification is fetched to its end, and counts once', async () => {
    const device = new ScriptedDevice().register()
    const token = await device.observed(
      '/3303',
      `Content-Format=110 <${Buffer.from('[{"n":"/3303/0/5700","v":1}]').toString('hex')}>`,
    )
    device.say(`CON 2.05 [${token}] Observe=2 Content-Format=110 ETag=0x01 ${part(0)}`)
    for (let number = 1; number * 256 < body.length; number++) {
      expect(device.request()).toContain(`Block2=${number}/0/256`)
      device.answer(`2.05 Content-Format=110 ETag=0x01 ${part(number)}`)
    }
    expect(device.told('notification')).toHaveLength(1)
    expect(device.told('notification')[0]!.detail['samples']).toHaveLength(60)
  })

  test.each(['4.02', '4.08', '5.00', 'silence'])(
    'as a notification whose other blocks are not given (%s) is asked for anew, under the same token',
    async (code) => {
      const device = new ScriptedDevice().register()
      const token = await device.observed('/3303', `Content-Format=110 <5b5d>`)
      expect(device.say(`CON 2.05 [${token}] Observe=2 Content-Format=110 ${part(0)}`)).toMatch(/^EMPTY|^0\.00/)
      expect(device.request()).toContain('Block2=1/0/256')
      if (code === 'silence') {
        device.elapse(minutes(5)).heard()
        device.say(`CON POST [bb] /rd/${device.registration!.id}`)
      } else device.answer(code)
      const [again] = device.heard()
      expect(again).toMatch(new RegExp(`^CON \\d+ GET \\[${token}\\] Observe=0 /3303 Accept=110$`))
      expect(device.intents).toMatchObject([{ path: '/3303', state: 'wanted', token }])
    },
  )

  test('that breaks off is asked for again, whole', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish({ kind: 'read', path: '/3303' })
    device.request()
    device.answer(`2.05 Content-Format=110 ETag=0x01 ${part(0)}`)
    device.elapse(minutes(10)).heard()
    expect(device.operation(id).state).toBe('queued')
    device.say(`CON POST [bb] /rd/${device.registration!.id}`)
    expect(device.request()).toMatch(/^GET \/3303 Accept=110$/)
  })
})

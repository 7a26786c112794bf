/**
 * Queue mode from the wire (LwM2M Core 1.2 §6.5, Transport §6.5): when a device counts as awake, what opens its
 * window, what waits for it, and that silence is sleep and not failure.
 */
import { describe, expect, test } from 'vitest'
import { after, days, hours, minutes, seconds } from '../../../../src/base/time.ts'
import { json, ScriptedDevice } from '../../../support/scripted-device.ts'

const sleepy = { query: 'lt=86400&lwm2m=1.1&b=U&Q' }
const update = (device: ScriptedDevice): string => device.say(`CON POST [bb] /rd/${device.registration!.id}`)

async function status(device: ScriptedDevice): Promise<string> {
  const patch = { tags: { looked: 'at' } }
  const { endpoint } = device
  const found = await device.house.command({ command: 'device.put', endpoint, patch, mustExist: true })
  return found.status
}

const read = { kind: 'read', path: '/3/0/9' } as const

describe('a device in queue mode', () => {
  test('is awake after it spoke, asleep when its window is over, and so on', async () => {
    const device = new ScriptedDevice(sleepy).register()
    for (let wake = 0; wake < 3; wake++) {
      expect(await status(device)).toBe('awake')
      expect(await status(device.elapse(minutes(5)))).toBe('asleep')
      update(device.elapse(minutes(30)))
    }
    expect(await status(device)).toBe('awake')
  })

  test('that speaks several times stays awake from the last time', async () => {
    const device = new ScriptedDevice(sleepy).register()
    for (let word = 0; word < 10; word++) update(device.elapse(seconds(15)))
    expect(await status(device.elapse(seconds(15)))).toBe('awake')
    expect(await status(device.elapse(minutes(2)))).toBe('asleep')
  })

  test('that is awake is asked at once', async () => {
    const device = new ScriptedDevice(sleepy).register()
    const { state } = await device.exchange(read, '2.05 Content-Format=0 "87"')
    expect(state).toBe('acknowledged')
  })

  test('that does not answer is asleep: what it was asked waits, and is not failed', async () => {
    const device = new ScriptedDevice(sleepy).register()
    const id = await device.wish(read)
    device.request()
    device.elapse(minutes(10))
    expect(await status(device)).toBe('asleep')
    expect(device.operation(id)).toMatchObject({ state: 'queued' })
    device.heard()
    update(device)
    device.request()
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('that sleeps hears nothing at all, whatever is asked of it', async () => {
    const device = new ScriptedDevice(sleepy).register()
    device.elapse(minutes(10))
    await device.wish(read)
    await device.wish({ kind: 'write', path: '/3/0/14', value: 'Z' })
    await device.wish({ kind: 'execute', path: '/3/0/4' })
    await device.wish({ kind: 'observe', path: '/3303/0/5700' })
    device.elapse(hours(12))
    expect(device.heard()).toEqual([])
  })

  test.each([
    ['a Register', (device: ScriptedDevice) => void device.register()],
    ['an Update', (device: ScriptedDevice) => update(device)],
    [
      'a Send',
      (device: ScriptedDevice) => device.say(`CON POST [dd] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 1 }])}`),
    ],
  ])('that wakes with %s is asked what waited, right after the answer', async (_what, wakes) => {
    const device = new ScriptedDevice(sleepy).register()
    device.elapse(minutes(10))
    const id = await device.wish(read)
    expect(device.heard()).toEqual([])
    wakes(device)
    expect(device.request()).toMatch(/^GET \/3 \/0 \/9/)
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('that wakes with a notification is asked what waited, right after its acknowledgement', async () => {
    const device = new ScriptedDevice(sleepy).register()
    const token = await device.observed('/3303/0/5700', 'Content-Format=0 "20.5"')
    device.elapse(minutes(10))
    const id = await device.wish(read)
    expect(device.say(`CON 2.05 [${token}] Observe=9 Content-Format=0 "21"`)).toBe('EMPTY')
    device.request()
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('drains all that waits in one window, one at a time', async () => {
    const device = new ScriptedDevice(sleepy).register()
    device.elapse(minutes(10))
    const ids: number[] = []
    for (let wish = 0; wish < 20; wish++) ids.push(await device.wish({ ...read, path: `/3303/${wish % 2}/5700` }))
    update(device)
    for (const id of ids) {
      device.request()
      expect(device.heard()).toEqual([])
      device.answer('2.05 Content-Format=0 "20.5"')
      expect(device.operation(id).state).toBe('acknowledged')
    }
  })

  test('is offline when its lifetime is over, and what waits still waits', async () => {
    const device = new ScriptedDevice({ query: 'lt=3600&lwm2m=1.1&b=U&Q' }).register()
    device.elapse(minutes(10))
    const id = await device.wish({ ...read, deadline: after(device.house.now, days(3)) })
    device.elapse(hours(3))
    expect(await status(device)).toBe('offline')
    expect(device.operation(id).state).toBe('queued')
    device.register()
    device.request()
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  test('whose wish was cancelled is not asked', async () => {
    const device = new ScriptedDevice(sleepy).register()
    device.elapse(minutes(10))
    const id = await device.wish(read)
    await device.house.command({ command: 'operation.cancel', endpoint: device.endpoint, id })
    update(device)
    expect(device.heard()).toEqual([])
  })
})

describe('a device that listens always', () => {
  test('is asked at any time of its registration', async () => {
    const device = new ScriptedDevice().register()
    device.elapse(hours(20))
    expect(await status(device)).toBe('awake')
    expect(await device.exchange(read, '2.05 Content-Format=0 "87"')).toMatchObject({ state: 'acknowledged' })
  })

  //  server                         device
  //    |--- GET ------------------->X   four repetitions, no word
  test('that does not answer is asked again when it is heard of next', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish(read)
    device.elapse(minutes(10))
    const sent = device.heard()
    expect(sent.length).toBeGreaterThan(1)
    expect(new Set(sent).size).toBe(1)
    expect(device.operation(id).state).toBe('queued')
    update(device)
    device.request()
    device.answer('2.05 Content-Format=0 "87"')
    expect(device.operation(id).state).toBe('acknowledged')
  })

  //  server                         device
  //    |--- CON GET --------------->|
  //    |<-------------------- ACK --|   the answer takes its time
  //    |<--------- CON 2.05 "87" ---|
  test('may answer later than it acknowledges', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish(read)
    device.request()
    const { house, messageId, token } = device
    house.receive(1, `ACK ${messageId} EMPTY`)
    device.elapse(seconds(20))
    expect(device.heard()).toEqual([])
    expect(device.say(`CON 2.05 [${token}] Content-Format=0 "87"`)).toBe('EMPTY')
    expect(device.operation(id)).toMatchObject({ state: 'acknowledged', result: { value: 87 } })
  })

  test('that acknowledges and never answers is not waited for without an end', async () => {
    const device = new ScriptedDevice().register()
    const id = await device.wish(read)
    device.request()
    device.house.receive(1, `ACK ${device.messageId} EMPTY`)
    device.elapse(minutes(30))
    expect(device.operation(id).state).not.toBe('sent')
    expect(device.heard()).toEqual([])
  })
})

/** What is learned of a device's sleep: its own awake window is kept to, its rhythm says when it is expected. */
import { expect, test } from 'vitest'
import { after, hours, minutes, seconds } from '../../../src/base/time.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const read = { command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind: 'read', path: '/3/0/9' } } as const

function registered(): EngineHarness {
  const house = new EngineHarness()
  house.receive(1, `CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&b=U&Q Content-Format=40 ${links}`)
  house.settle()
  house.sent()
  return house
}

const stored = (house: EngineHarness) => house.store.device('urn:dev:a')!

let messageId = 100

/** The device wakes and keeps its registration. */
function wakes(house: EngineHarness): void {
  house.receive(1, `CON ${++messageId} POST [02] /rd/${stored(house).registration!.id}`)
  house.settle()
  house.sent()
}

/** Asked `wait` seconds after it woke, it stays silent until its usual window is over. */
async function missesRequest(house: EngineHarness, wait: number): Promise<void> {
  wakes(house)
  house.elapse(seconds(wait))
  const { id } = await house.command(read)
  expect(house.sent(1)).toHaveLength(1)
  house.elapse(minutes(30))
  house.sent()
  await house.command({ command: 'operation.cancel', endpoint: 'urn:dev:a', id })
}

test('a device that is deaf from six seconds on is sent nothing later than that, after a restart too', async () => {
  const house = registered()
  for (let wake = 0; wake < 3; wake++) await missesRequest(house, 6)
  expect(stored(house).device.learned?.wake?.misses).toEqual([6000, 6000, 6000])
  house.restart()
  wakes(house)
  house.elapse(seconds(6))
  const { id } = await house.command(read)
  expect(house.sent(1)).toEqual([])
  expect(house.store.operation(id)).toMatchObject({ state: 'queued', attempts: 0 })
})

test('no repetition goes out after the learned window either', async () => {
  const house = registered()
  for (let wake = 0; wake < 3; wake++) await missesRequest(house, 6)
  wakes(house)
  house.elapse(seconds(5))
  await house.command(read)
  expect(house.sent(1)).toHaveLength(1)
  house.elapse(minutes(30))
  expect(house.sent(1)).toEqual([])
})

test('a device that answers late is listened to for as long as it does', async () => {
  const house = registered()
  for (let wake = 0; wake < 8; wake++) {
    wakes(house)
    house.elapse(seconds(16))
    await house.command(read)
    const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(house.sent(1)[0]!)!
    house.elapse(seconds(1.5))
    house.receive(1, `ACK ${id} 2.05 [${token}] Content-Format=0 "87"`)
    house.settle()
    house.elapse(minutes(30))
    house.sent()
  }
  expect(stored(house).device.learned?.wake?.lateAnswers).toEqual(Array.from({ length: 8 }, () => 17_500))
})

test('a device that wakes every hour is expected an hour after it was heard', async () => {
  const house = registered()
  for (let wake = 0; wake < 4; wake++) {
    house.elapse(hours(1))
    wakes(house)
  }
  const heard = house.now
  house.elapse(minutes(5))
  const patch = { tags: { site: 'berlin' } }
  const device = await house.command({ command: 'device.put', endpoint: 'urn:dev:a', patch, mustExist: true })
  expect(device).toMatchObject({ status: 'asleep', nextExpectedAt: after(heard, hours(1)) })
})

test('once its rhythm is known, a keep-alive writes nothing about it', () => {
  const house = registered()
  for (let wake = 0; wake < 4; wake++) {
    house.elapse(hours(1))
    wakes(house)
  }
  const { learned } = stored(house).device
  for (let wake = 0; wake < 4; wake++) {
    house.elapse(minutes(62))
    wakes(house)
  }
  expect(stored(house).device.learned).toBe(learned)
  for (let wake = 0; wake < 16; wake++) {
    house.elapse(minutes(90))
    wakes(house)
  }
  expect(stored(house).device.learned).not.toBe(learned)
})

/** Observe intents against what devices and networks do to them: an intent stays true to what the device does. */
import { expect, test } from 'vitest'
import { minutes, seconds } from '../../../src/base/time.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const path = '/3/0/9'

const asked = (kind: 'observe' | 'cancel-observe') =>
  ({ command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind, path } }) as const

function register(house: EngineHarness, messageId: number, binding = 'b=U'): void {
  house.receive(
    1,
    `CON ${messageId} POST [${messageId}] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&${binding} Content-Format=40 ${links}`,
  )
  house.settle()
}

/** The Observe among what was just sent: its message id and token. */
function observeIn(sent: readonly string[]): { readonly id: string; readonly token: string } {
  const line = sent.find((text) => text.includes('GET') && text.includes('Observe=0'))
  const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(line ?? '')!
  return { id: id!, token: token! }
}

function intentOf(house: EngineHarness) {
  return house.store.observations(house.store.device('urn:dev:a')!.device.id, 10)[0]
}

async function observed(): Promise<{ readonly house: EngineHarness; readonly token: string }> {
  const house = new EngineHarness()
  register(house, 10)
  house.sent()
  await house.command(asked('observe'))
  const { id, token } = observeIn(house.sent())
  house.receive(1, `ACK ${id} 2.05 [${token}] Observe=1 Content-Format=0 "87"`)
  house.settle()
  house.sent()
  return { house, token }
}

test('after a registration an intent is asked for again under the fresh token it is kept with', async () => {
  const { house, token } = await observed()
  register(house, 20)
  const again = observeIn(house.sent())
  expect(again.token).toBe(intentOf(house)!.token)
  expect(again.token).not.toBe(token)
})

//  server                              device
//    |<------------ POST /rd ------------|
//    |<---- 2.05 Observe=7 (overtaken) --|  sent before the Register, which made it forget
test('a notification from before the registration does not pass for a new observation', async () => {
  const { house, token } = await observed()
  house.elapse(minutes(5))
  register(house, 20, 'Q')
  house.elapse(minutes(5))
  house.sent()
  house.receive(1, `NON 900 2.05 [${token}] Observe=7 Content-Format=0 "88"`)
  house.settle()
  expect(intentOf(house)?.state).toBe('wanted')
  expect(house.sent()).toContain('RST 900 EMPTY')
})

test('a notification that was rejected for its address leaves the intent to be asked for again', async () => {
  const { house, token } = await observed()
  house.receive(9, `CON 900 2.05 [${token}] Observe=7 Content-Format=0 "88"`)
  house.settle()
  expect(house.sent()).toContain('RST 900 EMPTY')
  expect(intentOf(house)?.state).toBe('wanted')
})

test('the answer to an Observe that comes after we gave it up is its answer all the same', async () => {
  const house = new EngineHarness()
  register(house, 10, 'Q')
  house.sent()
  const operation = await house.command(asked('observe'))
  const { token } = observeIn(house.sent())
  house.elapse(minutes(2))
  expect(house.store.operation(operation.id)?.state).toBe('queued')
  house.receive(1, `CON 900 2.05 [${token}] Observe=7 Content-Format=0 "88"`)
  house.settle()
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'acknowledged', code: '2.05' })
  expect(intentOf(house)?.state).toBe('established')
})

test('the answer to a cancel that comes after we gave it up is its answer, and no notification', async () => {
  const { house, token } = await observed()
  const operation = await house.command(asked('cancel-observe'))
  expect(house.sent().some((text) => text.includes('Observe=1'))).toBe(true)
  house.elapse(minutes(30))
  expect(house.store.operation(operation.id)?.state).toBe('queued')
  house.sent()
  house.receive(1, `CON 900 2.05 [${token}] Content-Format=0 "88"`)
  house.settle()
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'acknowledged', code: '2.05' })
  expect(intentOf(house)).toBeUndefined()
  expect(house.sent()).toEqual(['ACK 900 EMPTY'])
})

test('a cancel takes back an Observe the device has not heard of, and the other way round', async () => {
  const house = new EngineHarness()
  register(house, 10, 'Q')
  house.elapse(minutes(10))
  house.sent()
  const observe = await house.command(asked('observe'))
  const cancel = await house.command(asked('cancel-observe'))
  const again = await house.command(asked('observe'))
  expect(house.store.operation(observe.id)).toMatchObject({ state: 'cancelled', reason: 'superseded' })
  expect(house.store.operation(cancel.id)).toMatchObject({ state: 'cancelled', reason: 'superseded' })
  expect(house.store.operation(again.id)?.state).toBe('queued')
  house.elapse(seconds(1))
  expect(intentOf(house)?.state).toBe('wanted')
})

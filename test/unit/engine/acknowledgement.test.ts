/** What is acknowledged is durable, a repetition shows that a radio is on, and nothing comes between blocks. */
import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/time.ts'
import { EngineHarness, diskFull } from '../../support/engine-harness.ts'

const endpoint = 'urn:dev:a'
const links = 'Content-Format=40 "</1/0>,</3/0>"'
const reading = { command: 'operation.submit', endpoint, draft: { kind: 'read', path: '/3/0/9' } } as const

function registered(more = ''): EngineHarness {
  const house = new EngineHarness()
  house.receive(1, `CON 10 POST [aa] /rd ?ep=${endpoint}&lt=86400&lwm2m=1.1${more} ${links}`)
  house.settle()
  house.sent()
  return house
}

const json = (value: unknown): string => `<${Buffer.from(JSON.stringify(value)).toString('hex')}>`

/** Message id and token of the one request the device has. */
function asked(house: EngineHarness): { readonly id: string; readonly token: string } {
  const line = house.sent(1).find((text) => /^CON \d+ GET/.test(text)) ?? ''
  const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(line) ?? []
  return { id: id!, token: token! }
}

//  server                         device
//    |---- CON GET /3/0/9 --------->|
//    |<--- ACK (empty) -------------|
//    |<--- CON 2.05 ----------------|   committed, then
//    |---- ACK -------------------->|
test('an answer that comes as a message of its own is acknowledged once it is durable', async () => {
  const house = registered()
  const operation = await house.command(reading)
  const { id, token } = asked(house)
  house.receive(1, `ACK ${id} EMPTY`)
  house.receive(1, `CON 900 2.05 [${token}] Content-Format=0 "87"`)
  expect(house.sent(1)).toEqual([])
  house.receive(1, `CON 900 2.05 [${token}] Content-Format=0 "87"`)
  expect(house.sent(1)).toEqual([])
  house.settle()
  expect(house.sent(1)).toEqual(['ACK 900 EMPTY'])
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'acknowledged' })
  house.receive(1, `CON 900 2.05 [${token}] Content-Format=0 "87"`)
  expect(house.sent(1)).toEqual(['ACK 900 EMPTY'])
})

test('while the disk is full it is not acknowledged; it is once the disk has room', async () => {
  const house = registered()
  const operation = await house.command(reading)
  const { id, token } = asked(house)
  house.receive(1, `ACK ${id} EMPTY`)
  house.failure = diskFull
  house.receive(1, `CON 900 2.05 [${token}] Content-Format=0 "87"`)
  house.settle()
  expect(house.sent(1)).toEqual([])
  house.failure = undefined
  house.elapse(seconds(2))
  expect(house.sent(1)).toEqual(['ACK 900 EMPTY'])
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'acknowledged' })
})

test('a repetition opens the awake window anew', async () => {
  const house = registered('&Q')
  house.elapse(seconds(15))
  house.receive(1, `CON 10 POST [aa] /rd ?ep=${endpoint}&lt=86400&lwm2m=1.1&Q ${links}`)
  house.sent()
  house.elapse(seconds(15))
  await house.command(reading)
  expect(asked(house).id).toBeDefined()
})

test('a device in the middle of a body is asked nothing until it is whole, or given up', async () => {
  for (const isWhole of [true, false]) {
    const house = registered()
    const location = house.store.device(endpoint)!.registration!.id
    const block = (number: number, more: number) =>
      `CON ${20 + number} POST [b${number}] /rd/${location} Content-Format=40 Block1=${number}/${more}/16 "</1/0>,</3/0>,</"`
    house.receive(1, block(0, 1))
    house.sent()
    await house.command(reading)
    expect(house.sent(1)).toEqual([])
    if (isWhole) {
      house.receive(1, `CON 21 POST [b1] /rd/${location} Content-Format=40 Block1=1/0/16 "4/0>"`)
      house.settle()
    } else house.elapse(seconds(302))
    expect(asked(house).id).toBeDefined()
  }
})

test('in the clear, a restart forgets nobody: Send finds its device by address', () => {
  const house = registered()
  house.restart()
  house.receive(1, `CON 30 POST [cc] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 5 }])}`)
  house.settle()
  expect(house.sent(1)).toEqual([expect.stringMatching(/^ACK 30 2\.04/)])
  house.receive(2, `CON 31 POST [cc] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 5 }])}`)
  house.settle()
  expect(house.sent(2)).toEqual([expect.stringMatching(/^ACK 31 4\.00/)])
})

/** Composite observations through the engine: intents like any other, asked for again after a registration. */
import { expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const paths = '/3/0/9 /3/0/13'
const json = (value: unknown): string => `<${Buffer.from(JSON.stringify(value)).toString('hex')}>`
const battery = json([{ n: '/3/0/9', v: 87 }])

function register(house: EngineHarness, messageId: number): void {
  house.receive(
    1,
    `CON ${messageId} POST [0${messageId}] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&b=U Content-Format=40 ${links}`,
  )
  house.settle()
}

const asked = (kind: 'observe-composite' | 'cancel-observe') =>
  ({ command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind, path: 'Device/0/9, /3/0/13' } }) as const

function requestIn(house: EngineHarness, observe: 0 | 1): { id: string; token: string } {
  const line = house.sent(1).find((text) => text.includes(`FETCH`) && text.includes(`Observe=${observe}`))
  const [, id, token] = /^CON (\d+) FETCH \[(\w+)\]/.exec(line ?? '')!
  return { id: id!, token: token! }
}

const intents = (house: EngineHarness) => house.store.observations(house.store.device('urn:dev:a')!.device.id, 10)

async function observed(): Promise<{ house: EngineHarness; token: string }> {
  const house = new EngineHarness()
  register(house, 1)
  house.sent()
  await house.command(asked('observe-composite'))
  const { id, token } = requestIn(house, 0)
  house.receive(1, `ACK ${id} 2.05 [${token}] Observe=1 Content-Format=110 ${battery}`)
  house.settle()
  return { house, token }
}

test('a composite observation is an intent, and its notifications name their paths', async () => {
  const { house, token } = await observed()
  expect(intents(house)).toMatchObject([{ path: paths, token, state: 'established' }])
  house.receive(1, `CON 900 2.05 [${token}] Observe=2 Content-Format=110 ${battery}`)
  house.settle()
  expect(house.events.at(-1)).toMatchObject({
    kind: 'notification',
    detail: { path: paths, samples: [{ path: '/3/0/9', value: 87 }] },
  })
})

test('it is asked for again after a registration, under a fresh token', async () => {
  const { house, token } = await observed()
  house.sent()
  register(house, 2)
  const again = requestIn(house, 0)
  expect(again.token).not.toBe(token)
  expect(intents(house)).toMatchObject([{ path: paths, token: again.token, state: 'wanted' }])
})

test('it is cancelled by its paths', async () => {
  const { house, token } = await observed()
  await house.command(asked('cancel-observe'))
  const cancel = requestIn(house, 1)
  expect(cancel.token).toBe(token)
  house.receive(1, `ACK ${cancel.id} 2.05 [${token}] Content-Format=110 ${battery}`)
  house.settle()
  expect(intents(house)).toEqual([])
})

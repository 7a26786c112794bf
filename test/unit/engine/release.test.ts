/** A device goes from one engine to another over the same store: nothing is lost, nothing is asked twice. */
import { expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

const device = 'urn:dev:a'
const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const register = (id: number) =>
  `CON ${id} POST [0${id}] /rd ?ep=${device}&lt=86400&lwm2m=1.1&b=U Content-Format=40 ${links}`
const read = { command: 'operation.submit', endpoint: device, draft: { kind: 'read', path: '/3/0/0' } } as const

function registered(): EngineHarness {
  const house = new EngineHarness()
  house.receive(1, register(1))
  house.settle()
  house.sent()
  return house
}

test('a device that is idle is let go of at once, and is loaded again when it speaks', () => {
  const house = registered()
  expect([house.engine.release(house.now, device), house.engine.actors.size]).toEqual([true, 0])
  const { id } = house.store.device(device)!.registration!
  house.receive(1, `CON 2 POST [02] /rd/${id}`)
  house.settle()
  expect(house.sent()).toEqual(['ACK 2 2.04 [02]'])
})

test('what is on its way to the store is waited for, and its answer still leaves', () => {
  const house = new EngineHarness()
  house.receive(1, register(1))
  expect(house.engine.release(house.now, device)).toBe(false)
  house.settle()
  expect(house.sent()[0]).toMatch(/^ACK 1 2\.01 /)
  expect(house.engine.release(house.now, device)).toBe(true)
})

test('a request under way is withdrawn; the next engine settles it as after a restart', async () => {
  const house = registered()
  const operation = await house.command(read)
  const [request] = house.sent()
  expect(request).toMatch(/^CON \d+ GET /)
  expect(house.engine.release(house.now, device)).toBe(true)
  const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(request!)!
  house.receive(1, `ACK ${id} 2.05 [${token}] Content-Format=0 "Acme"`)
  house.settle()
  expect(house.store.operation(operation.id)!.state).toBe('sent')

  const next = new EngineHarness({}, house.store)
  next.restart()
  next.receive(1, register(2))
  next.settle()
  const again = next.sent().find((line) => / GET /.test(line))
  expect(again).toMatch(/\/3 \/0 \/0/)
})

test('a command that waited for it is answered all the same', async () => {
  const house = registered()
  house.receive(1, register(2))
  const command = house.command(read)
  house.engine.release(house.now, device)
  house.settle()
  expect(await command).toMatchObject({ endpoint: device, path: '/3/0/0' })
})

test('ids of engines over one store never meet, and rise for each device', async () => {
  const first = registered()
  const share = { index: 1, count: 3 }
  const second = new EngineHarness({}, first.store, undefined, share)
  const ids = [await first.command(read), await second.command(read), await second.command(read)].map(({ id }) => id)
  expect(ids[1]! % 3).toBe(1)
  expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
})

/** Who may register in the clear, by the knob `registration.policy`. */
import { expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

const register = (endpoint: string) =>
  `CON 1 POST [01] /rd ?ep=${endpoint}&lt=3600&lwm2m=1.1 Content-Format=40 "</1/0>,</3/0>"`
const read = { command: 'operation.submit', endpoint: 'urn:dev:new', draft: { kind: 'read', path: '/3/0/9' } } as const
const accept = {
  command: 'device.put',
  endpoint: 'urn:dev:new',
  patch: { quarantined: false },
  mustExist: true,
} as const

function registering(policy: string): EngineHarness {
  const house = new EngineHarness({ 'registration.policy': policy })
  house.receive(1, register('urn:dev:new'))
  house.settle()
  return house
}

test('open: an unknown endpoint is taken', async () => {
  const house = registering('open')
  expect(house.sent(1)[0]).toMatch(/^ACK 1 2\.01/)
  await house.command(read)
  expect(house.sent(1)).toHaveLength(1)
})

test('closed: an unknown endpoint is refused and leaves nothing behind; a known one is taken', async () => {
  const house = registering('closed')
  expect(house.sent(1)[0]).toMatch(/^ACK 1 4\.03/)
  expect(house.store.countDevices()).toBe(0)
  expect(house.events).toEqual([])
  await house.command({ command: 'device.put', endpoint: 'urn:dev:known', patch: {}, mustExist: false })
  house.receive(2, register('urn:dev:known'))
  house.settle()
  expect(house.sent(2)[0]).toMatch(/^ACK 1 2\.01/)
})

test('quarantine: an unknown endpoint registers and is asked nothing until it is accepted', async () => {
  const house = registering('quarantine')
  expect(house.sent(1)[0]).toMatch(/^ACK 1 2\.01/)
  expect(house.events.map(({ kind }) => kind)).toContain('registration.quarantined')
  expect(house.store.device('urn:dev:new')?.device.quarantinedAt).toBe(house.now)
  await expect(house.command(read)).rejects.toMatchObject({ code: 'device.quarantined', status: 409 })
  expect(await house.command(accept)).toMatchObject({ status: 'awake' })
  await house.command(read)
  expect(house.sent(1)[0]).toMatch(/^CON \d+ GET/)
})

test('a device in quarantine stays there when it registers again; once accepted it stays accepted', async () => {
  const house = registering('quarantine')
  const since = house.store.device('urn:dev:new')?.device.quarantinedAt
  house.restart()
  house.receive(1, register('urn:dev:new').replace('CON 1 POST [01]', 'CON 2 POST [02]'))
  house.settle()
  expect(house.store.device('urn:dev:new')?.device.quarantinedAt).toBe(since)
  await house.command(accept)
  house.receive(1, register('urn:dev:new').replace('CON 1 POST [01]', 'CON 3 POST [03]'))
  house.settle()
  expect(house.store.device('urn:dev:new')?.device.quarantinedAt).toBeUndefined()
})

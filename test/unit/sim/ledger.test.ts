/** The books of a simulated world: each kind of broken promise is noticed, and nothing else is. */
import { expect, test } from 'vitest'
import { instantOf } from '../../../src/base/time.ts'
import type { Operation } from '../../../src/fleet/operations/types.ts'
import type { Registration } from '../../../src/fleet/registry/types.ts'
import type { Witnessed } from '../../../src/sim/devices/witness.ts'
import { Ledger } from '../../../src/sim/ledger.ts'
import { worldOf } from '../../sim/support.ts'

const at = (second: number) => instantOf(1_767_225_600_000 + second * 1000)

function books(): { readonly ledger: Ledger; readonly wrong: string[]; readonly device: Witnessed } {
  const wrong: string[] = []
  const [device] = worldOf({ seed: 1, devices: 1, mix: [['nrf-nbiot', 1]] }).devices
  const ledger = new Ledger((text) => void wrong.push(text))
  ledger.committed([
    { op: 'device.put', device: { id: 1, endpoint: device!.endpoint, tags: {}, createdAt: at(0) } },
    { op: 'registration.put', deviceId: 1, registration },
  ])
  return { ledger, wrong, device: device! }
}

const registration: Registration = {
  id: 'one',
  lwm2mVersion: '1.1',
  lifetime: 3600,
  binding: 'U',
  queueMode: true,
  links: '',
  registeredAt: at(10),
  updatedAt: at(10),
  expiresAt: at(3610),
  address: '127.18.0.1',
  port: 1024,
  secured: false,
  messageId: 1,
  token: '01',
}

const operation = (part: Partial<Operation>): Operation => ({
  id: 7,
  deviceId: 1,
  endpoint: 'sim-000000',
  kind: 'execute',
  path: '/3/0/12',
  value: "0='w1'",
  priority: 5,
  state: 'sent',
  attempts: 1,
  createdAt: at(20),
  deadline: at(9999),
  origin: 'operator',
  ...part,
})

test('a registration, an update or a departure that nobody committed is noticed when the device hears a yes', () => {
  const { ledger, wrong, device } = books()
  ledger.promised(at(11), device, { what: 'register', registrationId: 'one' })
  ledger.promised(at(11), device, { what: 'update', registrationId: 'one', askedAt: at(9) })
  expect(wrong).toEqual([])
  ledger.promised(at(12), device, { what: 'register', registrationId: 'two' })
  ledger.promised(at(13), device, { what: 'update', registrationId: 'one', askedAt: at(12) })
  ledger.promised(at(14), device, { what: 'deregister', registrationId: 'one' })
  expect(wrong).toEqual([
    "was told 2.01 for registration 'two' nobody committed",
    'was told 2.04 for an Update nobody committed',
    'was told 2.02 for a De-register nobody committed',
  ])
})

test('a deed twice, a deed before its record, and a yes without a deed are noticed', () => {
  const { ledger, wrong, device } = books()
  const deed = { kind: 'execute', path: '/3/0/12', tag: 'w1' } as const
  ledger.did(at(20), device, deed)
  ledger.committed([{ op: 'operation.put', operation: operation({ state: 'queued', attempts: 0 }) }])
  ledger.committed([{ op: 'operation.put', operation: operation({ state: 'acknowledged', attempts: 1 }) }])
  ledger.did(at(21), device, deed)
  ledger.did(at(22), device, deed)
  expect(wrong).toEqual([
    "execute /3/0/12 'w1' was carried out before it was committed that it is sent",
    'operation 7 is acknowledged and was never carried out',
    "execute /3/0/12 'w1' was carried out 2 times, first 1000 ms ago",
  ])
})

test('an acknowledged report that is not on the disk is noticed at once', () => {
  const { ledger, wrong, device } = books()
  const path = '/3303/0/5700'
  const kept = { path, value: 3 }
  ledger.committed([
    { op: 'event.append', event: event('notification', [kept]) },
    { op: 'event.append', event: event('send', [kept]) },
  ])
  ledger.promised(at(30), device, { what: 'notification', path, number: 3 })
  ledger.promised(at(30), device, { what: 'send', path, number: 3 })
  expect(wrong).toEqual([])
  ledger.promised(at(31), device, { what: 'notification', path, number: 4 })
  ledger.promised(at(31), device, { what: 'send', path, number: 4 })
  expect(wrong).toEqual(['notification 4 was acknowledged and is lost', 'Send 4 was answered 2.04 and is lost'])

  function event(kind: 'notification' | 'send', samples: readonly object[]) {
    return { id: 1, at: at(29), cause: 'test', kind, endpoint: device.endpoint, detail: { samples } }
  }
})

test('a datagram to a sleeping radio is a breach once the server can know that it sleeps', () => {
  const { ledger, wrong, device } = books()
  ledger.missed(at(40), device, 19_999)
  expect(wrong).toEqual([])
  ledger.missed(at(40), device, 20_001)
  expect(wrong).toEqual(['something was sent to its sleeping radio, 20001 ms after it was last heard'])
})

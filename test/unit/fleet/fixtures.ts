/** The smallest valid thing of each kind, for tests of the fleet's rules and services. */
import { after, instantOf, seconds, type Instant } from '../../../src/base/time.ts'
import type { Observation } from '../../../src/fleet/observations/types.ts'
import type { Operation } from '../../../src/fleet/operations/types.ts'
import type { Device, Registration } from '../../../src/fleet/registry/types.ts'

export const start: Instant = instantOf(1_790_000_000_000)
export const at = (s: number): Instant => after(start, seconds(s))

export const device: Device = { id: 1, endpoint: 'urn:dev:a', tags: {}, createdAt: start }

export const registration: Registration = {
  id: 'r1',
  lwm2mVersion: '1.1',
  lifetime: 300,
  binding: 'U',
  queueMode: false,
  links: '</3/0>,</5/0>',
  registeredAt: start,
  updatedAt: start,
  expiresAt: at(300),
  address: '::1',
  port: 49_152,
  secured: false,
  messageId: 1,
  token: 'aa',
}

export const operation: Operation = {
  id: 1,
  deviceId: 1,
  endpoint: 'urn:dev:a',
  kind: 'read',
  path: '/3/0',
  priority: 5,
  state: 'queued',
  attempts: 0,
  createdAt: start,
  deadline: at(3600),
  origin: 'operator',
}

export const observation: Observation = {
  deviceId: 1,
  path: '/3/0/9',
  token: '0102030405060708',
  createdAt: start,
  origins: ['operator'],
  state: 'wanted',
}

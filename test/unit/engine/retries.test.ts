/** Failures that pass are tried again, later each time and not for ever; the others end the operation. */
import { expect, test } from 'vitest'
import { hours, seconds } from '../../../src/base/time.ts'
import type { OperationDraft } from '../../../src/fleet/operations/types.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const endpoint = 'urn:dev:a'

async function asking(draft: OperationDraft): Promise<{ house: EngineHarness; id: number }> {
  const house = new EngineHarness({ 'coap.profile': 'ip' })
  house.receive(1, `CON 10 POST [aa] /rd ?ep=${endpoint}&lt=86400&lwm2m=1.1 Content-Format=40 "</1/0>,</3/0>"`)
  house.settle()
  house.sent()
  const { id } = await house.command({ command: 'operation.submit', endpoint, draft })
  return { house, id }
}

/** Answers what the device was just asked; false where it was asked nothing. */
function answer(house: EngineHarness, reply: (id: string, token: string) => string): boolean {
  const line = house.sent(1).find((text) => text.startsWith('CON'))
  const [, id, token] = /^CON (\d+) \w+ \[(\w+)\]/.exec(line ?? '') ?? []
  if (id === undefined) return false
  house.receive(1, reply(id, token!))
  house.settle()
  return true
}

const busy = (id: string, token: string) => `ACK ${id} 5.03 [${token}]`
const execute = { kind: 'execute', path: '/3/0/4' } as const

test('a busy device is asked again after twice the time each time, and in the end no more', async () => {
  const { house, id } = await asking(execute)
  for (const [round, wait] of [30, 60, 120, 240, 480, 960].entries()) {
    expect(answer(house, busy)).toBe(true)
    const operation = house.store.operation(id)!
    expect(operation).toMatchObject({ state: 'queued', reason: 'device-busy', retries: round + 1 })
    expect(operation.notBefore).toBe(house.now + wait * 1000)
    house.elapse(seconds(wait - 1))
    expect(house.sent(1)).toEqual([])
    house.elapse(seconds(2))
  }
  answer(house, busy)
  expect(house.store.operation(id)).toMatchObject({ state: 'failed', reason: 'rejected', code: '5.03', attempts: 7 })
})

test('a retry is a message of its own: the device may not take it for the one it refused', async () => {
  const { house, id } = await asking(execute)
  answer(house, (message, token) => `ACK ${message} 5.03 [${token}] Max-Age=90`)
  const first = house.store.operation(id)!
  expect(first.notBefore).toBe(house.now + 90_000)
  expect(first.messageId).toBeUndefined()
  house.elapse(seconds(91))
  expect(answer(house, (message, token) => `ACK ${message} 2.04 [${token}]`)).toBe(true)
  expect(house.store.operation(id)).toMatchObject({ state: 'acknowledged', retries: 1 })
})

test('what is behind a busy device waits with it', async () => {
  const { house } = await asking(execute)
  answer(house, busy)
  const { id } = await house.command({ command: 'operation.submit', endpoint, draft: { kind: 'read', path: '/3/0/9' } })
  expect(house.sent(1)).toEqual([])
  expect(house.store.operation(id)).toMatchObject({ state: 'queued', attempts: 0 })
})

test.each<[string, OperationDraft, string]>([
  ['a read that was acknowledged and never answered', { kind: 'read', path: '/3/0/9' }, 'queued'],
  ['an execute that was acknowledged and never answered, which may have run', execute, 'failed'],
])('%s: %s again, or not', async (_, draft, state) => {
  const { house, id } = await asking(draft)
  answer(house, (message) => `ACK ${message} EMPTY`)
  house.elapse(seconds(251))
  expect(house.store.operation(id)?.state).toBe(state)
})

test('a retry that would come after the deadline is none', async () => {
  const house = new EngineHarness()
  const deadline = house.now + 20_000
  const { house: other, id } = await asking({ ...execute, deadline: deadline as never })
  answer(other, busy)
  expect(other.store.operation(id)).toMatchObject({ state: 'failed', code: '5.03' })
})

test('it survives a restart', async () => {
  const { house, id } = await asking(execute)
  answer(house, busy)
  house.restart()
  house.sent()
  house.elapse(seconds(31))
  expect(answer(house, (message, token) => `ACK ${message} 2.04 [${token}]`)).toBe(true)
  expect(house.store.operation(id)).toMatchObject({ state: 'acknowledged' })
  house.elapse(hours(1))
})

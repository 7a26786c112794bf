/** What an operator changes only as it was when they looked: decided by the device's actor, where nothing comes between. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Command, PutWish, DevicePatch } from '../../../src/fleet/commands.ts'
import { configurationRevision } from '../../../src/fleet/configuration/revision.ts'
import type { Precondition } from '../../../src/fleet/precondition.ts'
import { deviceRevision } from '../../../src/fleet/registry/revision.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const endpoint = 'urn:dev:a'
let at: EngineHarness
beforeEach(() => {
  at = new EngineHarness()
})

const put = (patch: DevicePatch, wish: Partial<PutWish> = {}) =>
  at.command({ command: 'device.put', endpoint, patch, mustExist: false, ...wish })
const device = () => at.store.device(endpoint)!.device
const now = (): Precondition => ({ ifMatch: `"${deviceRevision(device())}"` })
const refusal = expect.objectContaining({ code: 'precondition.failed', status: 412 }) as Error

test('of two operators who looked at the same time the second is told, and undoes nothing', async () => {
  await put({ product: 'meter' })
  const asBothSawIt = now()
  await put({ tags: { site: 'berlin' } }, { precondition: asBothSawIt })
  await expect(put({ tags: { site: 'rome' } }, { precondition: asBothSawIt })).rejects.toEqual(refusal)
  expect(device().tags).toEqual({ site: 'berlin' })
  await put({ tags: { site: 'rome' } }, { precondition: now() })
  expect(device().tags).toEqual({ site: 'rome' })
})

test('two changes asked at one moment are decided one after the other', async () => {
  await put({})
  const precondition = now()
  const outcomes = await Promise.allSettled([
    put({ product: 'a' }, { precondition }),
    put({ product: 'b' }, { precondition }),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  expect(device().product).toBe('a')
})

test.each<[string, Precondition, 'there' | 'not there', boolean]>([
  ['If-Match * of what is there', { ifMatch: '*' }, 'there', true],
  ['If-Match * of what is not', { ifMatch: '*' }, 'not there', false],
  ['If-None-Match * of what is there', { ifNoneMatch: '*' }, 'there', false],
  ['If-None-Match * of what is not', { ifNoneMatch: '*' }, 'not there', true],
  ['a revision it never had', { ifMatch: '"0000000000000000"' }, 'there', false],
])('%s', async (_, precondition, before, passes) => {
  if (before === 'there') await put({})
  const outcome = put({ product: 'meter' }, { precondition })
  if (passes) expect(await outcome).toMatchObject({ product: 'meter' })
  else await expect(outcome).rejects.toEqual(refusal)
})

test('a weak tag is no revision, and one of several is enough (RFC 9110 §13.1.1)', async () => {
  await put({})
  const { ifMatch } = now()
  await expect(put({}, { precondition: { ifMatch: `W/${ifMatch}` } })).rejects.toEqual(refusal)
  await put({ product: 'meter' }, { precondition: { ifMatch: `"x", ${ifMatch}` } })
})

test('what a device tells of itself is no change of an operator, a device of the same name another device', async () => {
  await put({})
  const before = now()
  at.receive(1, `CON 1 POST [01] /rd ?ep=${endpoint}&lt=300&lwm2m=1.1 Content-Format=40 "</3/0>"`)
  at.settle()
  expect(now()).toEqual(before)
  await at.command({ command: 'device.delete', endpoint })
  await put({})
  expect(now()).not.toEqual(before)
})

test('what replaces takes away what it does not name, as it is when it is decided', async () => {
  await put({ product: 'meter', tags: { site: 'berlin', floor: '2' }, retired: true })
  await put({ tags: { floor: '3' } }, { replaces: true })
  expect(device()).toMatchObject({ tags: { floor: '3' } })
  expect(device()).not.toHaveProperty('product')
  expect(device()).not.toHaveProperty('retiredAt')
})

describe('the same holds for', () => {
  const stale: Precondition = { ifMatch: '"0000000000000000"' }
  test.each<Command>([
    { command: 'device.delete', endpoint, precondition: stale },
    { command: 'configuration.set', endpoint, document: '2', precondition: stale },
    { command: 'configuration.set', endpoint, document: undefined, precondition: stale },
  ])('$command', async (command) => {
    await put({})
    await at.command({ command: 'configuration.set', endpoint, document: '1', precondition: { ifNoneMatch: '*' } })
    await expect(at.command(command)).rejects.toEqual(refusal)
    const configuration = at.store.configuration(device().id)!
    expect(configuration.document).toBe('1')
    const ifMatch = `"${configurationRevision(configuration)}"`
    await at.command({ command: 'configuration.set', endpoint, document: '2', precondition: { ifMatch } })
  })
})

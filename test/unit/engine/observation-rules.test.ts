/** Observation rules through service and engine: every device they select, now and whenever one registers. */
import { beforeEach, expect, test } from 'vitest'
import { ObservationRulesService } from '../../../src/fleet/observation-rules/service.ts'
import { RegistryService } from '../../../src/fleet/registry/service.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

let house: EngineHarness
let rules: ObservationRulesService

beforeEach(() => {
  house = new EngineHarness()
  const commands = { submit: house.command.bind(house), commitNow: house.store.commit.bind(house.store) }
  rules = new ObservationRulesService({
    store: house.store,
    registry: new RegistryService(house.store, commands, () => house.now, defaultSettings),
    commands,
    now: () => house.now,
    inForce: (inForce) => void (house.engine.observationRules = inForce),
  })
})

let messageId = 0

function register(path: number, endpoint: string): void {
  const register = `POST [01] /rd ?ep=${endpoint}&lt=3600&lwm2m=1.1 Content-Format=40 "</1/0>,</3/0>"`
  house.receive(path, `CON ${++messageId} ${register}`)
  house.settle()
}

const put = (endpoint: string, patch: { product?: string; tags?: Record<string, string> }) =>
  house.command({ command: 'device.put', endpoint, patch, mustExist: false })
const intents = (endpoint: string) => house.store.observations(house.store.device(endpoint)!.device.id, 10)
const observes = (path: number): readonly string[] => house.sent(path).filter((line) => line.includes('Observe=0'))
const battery = { product: 'meter', tags: {}, path: '/3/0/9' }

test('a rule is asked of the devices there are, and of no other', async () => {
  await put('urn:dev:meter', { product: 'meter' })
  await put('urn:dev:other', { product: 'other' })
  register(1, 'urn:dev:meter')
  register(2, 'urn:dev:other')
  await rules.add(battery)
  expect(observes(1)).toHaveLength(1)
  expect(observes(2)).toEqual([])
  expect(intents('urn:dev:meter')).toMatchObject([{ path: '/3/0/9', origins: ['rule'], state: 'wanted' }])
})

test('a rule meets a device when it registers, and when it becomes one of those selected', async () => {
  await rules.add({ tags: { site: 'berlin' }, path: '/3/0/9' })
  await put('urn:dev:a', { tags: { site: 'berlin' } })
  register(1, 'urn:dev:a')
  expect(observes(1)).toHaveLength(1)
  register(2, 'urn:dev:b')
  expect(observes(2)).toEqual([])
  await put('urn:dev:b', { tags: { site: 'berlin' } })
  expect(observes(2)).toHaveLength(1)
  await house.command({
    command: 'device.put',
    endpoint: 'urn:dev:b',
    patch: { tags: { site: null } },
    mustExist: true,
  })
  expect(intents('urn:dev:b')).toEqual([])
})

test('a rule outlives a restart: a device that registers after it is asked', async () => {
  await rules.add(battery)
  house.restart()
  await put('urn:dev:meter', { product: 'meter' })
  register(1, 'urn:dev:meter')
  expect(observes(1)).toHaveLength(1)
})

test('what a deleted rule alone wanted is forgotten, what an operator wants is not', async () => {
  await put('urn:dev:meter', { product: 'meter' })
  register(1, 'urn:dev:meter')
  const draft = { kind: 'observe', path: '/3/0/13' } as const
  await house.command({ command: 'operation.submit', endpoint: 'urn:dev:meter', draft })
  const { id } = await rules.add(battery)
  await rules.add({ ...battery, path: '/3/0/13' })
  await rules.remove(id)
  await rules.remove(rules.list()[0]!.id)
  expect(intents('urn:dev:meter')).toMatchObject([{ path: '/3/0/13', origins: ['operator'] }])
  await expect(rules.remove(id)).rejects.toMatchObject({ code: 'rule.unknown', status: 404 })
})

test('a device that ignores the end of an observation is told with its next notification', async () => {
  await put('urn:dev:meter', { product: 'meter' })
  register(1, 'urn:dev:meter')
  const { id } = await rules.add(battery)
  const [, mid, token] = /^CON (\d+) GET \[(\w+)\]/.exec(observes(1)[0]!)!
  house.receive(1, `ACK ${mid} 2.05 [${token}] Observe=1 Content-Format=0 "87"`)
  house.settle()
  await rules.remove(id)
  house.sent()
  house.receive(1, `CON 900 2.05 [${token}] Observe=2 Content-Format=0 "88"`)
  house.settle()
  expect(house.sent(1)).toEqual(['RST 900 EMPTY'])
})

test('the same rule again is the one there is; a rule for everything is refused', async () => {
  expect(await rules.add(battery)).toEqual(await rules.add({ ...battery, path: '3/0/9/' }))
  expect(rules.list()).toHaveLength(1)
  await expect(rules.add({ tags: {}, path: '/3/0/9' })).rejects.toMatchObject({ code: 'rule.everything' })
  await expect(rules.add({ ...battery, path: '/' })).rejects.toMatchObject({ code: 'rule.everything' })
  await expect(rules.add({ ...battery, path: 'Device' })).rejects.toMatchObject({ code: 'operation.path' })
})

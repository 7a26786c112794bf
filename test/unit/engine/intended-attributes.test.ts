/** When a device is to tell is part of what is wanted of it: told with the observation, and again whenever it forgot. */
import { describe, expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

const endpoint = 'urn:dev:a'
const path = '/3/0/9'
const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
let lastId = 100

function register(house: EngineHarness, lwm2m: string): void {
  house.receive(1, `CON ${++lastId} POST [aa] /rd ?ep=${endpoint}&lt=3600&lwm2m=${lwm2m} Content-Format=40 ${links}`)
  house.settle()
}

async function observing(
  lwm2m: string,
  value?: string,
  of: { readonly kind: 'observe' | 'observe-composite'; readonly path: string } = { kind: 'observe', path },
): Promise<EngineHarness> {
  const house = new EngineHarness()
  register(house, lwm2m)
  house.sent()
  const draft = { ...of, ...(value !== undefined && { value }) } as const
  await house.command({ command: 'operation.submit', endpoint, draft })
  return house
}

/** The one request the device has now, as method, path and query, and its answer. */
function asked(house: EngineHarness): { readonly request: string; answer: (text: string) => void } {
  const line = house.sent(1).find((text) => /^CON \d+ (GET|PUT|FETCH)/.test(text)) ?? ''
  const [, id, method, token, rest] = /^CON (\d+) (\w+) \[(\w+)\] (.*)$/.exec(line) ?? []
  return {
    request: `${method} ${rest}`.replaceAll(/ (Accept=\d+|\[\])/g, ''),
    answer: (text) => {
      house.receive(1, `ACK ${id} ${text.replace(' ', ` [${token}] `)}`)
      house.settle()
    },
  }
}

const intent = (house: EngineHarness) => house.store.observations(1, 10)[0]
const told = '2.05 Observe=1 Content-Format=0 "87"'

test('before 1.2 they are written first, and after every registration again', async () => {
  const house = await observing('1.1', 'pmin=10,pmax=60')
  for (let round = 0; round < 2; round++) {
    const write = asked(house)
    expect(write.request).toBe('PUT /3 /0 /9 Uri-Query=pmin=10 Uri-Query=pmax=60')
    expect(intent(house)).toMatchObject({ state: 'wanted', attributes: { state: 'due' } })
    write.answer('2.04 ')
    const observe = asked(house)
    expect(observe.request).toBe('GET Observe=0 /3 /0 /9')
    observe.answer(told)
    expect(intent(house)).toMatchObject({ state: 'established', attributes: { state: 'set', wanted: { pmin: 10 } } })
    register(house, '1.1')
  }
})

test('from 1.2 on they go with the observation', async () => {
  const house = await observing('1.2', 'pmin=10')
  const observe = asked(house)
  expect(observe.request).toBe('GET Observe=0 /3 /0 /9 Uri-Query=pmin=10')
  observe.answer(told)
  expect(intent(house)).toMatchObject({ state: 'established', attributes: { state: 'set' } })
})

test('a device of 1.2 that does not take them so gets them written', async () => {
  const house = await observing('1.2', 'pmin=10')
  asked(house).answer('4.02 ')
  const write = asked(house)
  expect(write.request).toBe('PUT /3 /0 /9 Uri-Query=pmin=10')
  write.answer('2.04 ')
  const observe = asked(house)
  expect(observe.request).toBe('GET Observe=0 /3 /0 /9')
  observe.answer(told)
  register(house, '1.2')
  expect(asked(house).request).toBe('PUT /3 /0 /9 Uri-Query=pmin=10')
})

test('refused ones are shown with the reason, and the path is observed all the same', async () => {
  const house = await observing('1.1', 'pmin=10')
  asked(house).answer('4.05 ')
  asked(house).answer(told)
  expect(intent(house)).toMatchObject({ state: 'established', attributes: { state: 'refused' } })
  expect(intent(house)?.attributes?.reason).toMatch(/^4\.05: /)
})

test('what an operator writes by hand is wanted from then on', async () => {
  const house = await observing('1.1')
  asked(house).answer(told)
  const draft = { kind: 'write-attributes', path, value: { pmin: 5, pmax: null } } as const
  await house.command({ command: 'operation.submit', endpoint, draft })
  asked(house).answer('2.04 ')
  expect(intent(house)?.attributes).toEqual({ wanted: { pmin: 5, pmax: null }, state: 'set' })
  register(house, '1.1')
  expect(asked(house).request).toBe('PUT /3 /0 /9 Uri-Query=pmin=5 Uri-Query=pmax')
})

test('a Discover shows what drifted; that is told again', async () => {
  const house = await observing('1.1', 'pmin=10,pmax=60')
  asked(house).answer('2.04 ')
  asked(house).answer(told)
  await house.command({ command: 'operation.submit', endpoint, draft: { kind: 'discover', path: '/3/0' } })
  asked(house).answer('2.05 Content-Format=40 "</3/0>;pmax=60,</3/0/9>;pmin=1"')
  expect(intent(house)?.attributes).toMatchObject({ state: 'due', drift: [{ name: 'pmin', wanted: 10, actual: 1 }] })
  expect(house.events.at(-1)).toMatchObject({ kind: 'observation.drift', detail: { path } })
  const write = asked(house)
  expect(write.request).toBe('PUT /3 /0 /9 Uri-Query=pmin=10 Uri-Query=pmax=60')
  write.answer('2.04 ')
  await house.command({ command: 'operation.submit', endpoint, draft: { kind: 'discover', path: '/3/0' } })
  asked(house).answer('2.05 Content-Format=40 "</3/0>;pmax=60,</3/0/9>;pmin=10"')
  expect(intent(house)?.attributes).not.toHaveProperty('drift')
})

test('an operator who cancels what a rule wants, too, ends his own wish only', async () => {
  const house = await observing('1.1')
  asked(house).answer(told)
  house.engine.observationRules = [
    { id: 1, product: 'meter', tags: {}, path, attributes: { pmax: 60 }, createdAt: house.now },
  ]
  await house.command({ command: 'device.put', endpoint, patch: { product: 'meter' }, mustExist: true })
  expect(intent(house)).toMatchObject({ origins: ['operator', 'rule'] })
  const cancelled = await house.command({
    command: 'operation.submit',
    endpoint,
    draft: { kind: 'cancel-observe', path },
  })
  expect(cancelled).toMatchObject({ state: 'acknowledged', detail: 'it stays observed: a rule wants it, too' })
  expect(intent(house)).toMatchObject({ origins: ['rule'], state: 'established' })
})

test('those a device holds with its observation come with it again when others are wanted (Core 1.2.2 §6.4.1)', async () => {
  const house = await observing('1.2', 'pmin=10')
  asked(house).answer(told)
  const draft = { kind: 'observe', path, value: 'pmax=60' } as const
  const { token } = intent(house)!
  await house.command({ command: 'operation.submit', endpoint, draft })
  const again = asked(house)
  expect(again.request).toBe('GET Observe=0 /3 /0 /9 Uri-Query=pmin=10 Uri-Query=pmax=60')
  again.answer(told)
  expect(intent(house)).toMatchObject({ token, state: 'established', attributes: { state: 'set' } })
  // What is written to the path, and shown there, is none of it.
  await house.command({ command: 'operation.submit', endpoint, draft: { kind: 'discover', path: '/3/0' } })
  asked(house).answer('2.05 Content-Format=40 "</3/0>,</3/0/9>;pmin=1"')
  expect(intent(house)?.attributes).not.toHaveProperty('drift')
  const write = { kind: 'write-attributes', path, value: { pmin: 20 } } as const
  await house.command({ command: 'operation.submit', endpoint, draft: write })
  asked(house).answer('2.04 ')
  expect(asked(house).request).toBe('GET Observe=0 /3 /0 /9 Uri-Query=pmin=20 Uri-Query=pmax=60')
})

describe('of a composite', () => {
  const composite = { kind: 'observe-composite', path: '/3/0/9 /3/0/13' } as const
  const values = `2.05 Observe=1 Content-Format=110 <${Buffer.from('[{"n":"/3/0/9","v":87}]').toString('hex')}>`

  test('go with it from 1.2 on', async () => {
    const house = await observing('1.2', 'pmin=10,con=1', composite)
    const observe = asked(house)
    expect(observe.request).toMatch(/^FETCH Observe=0 Content-Format=110 Uri-Query=pmin=10 Uri-Query=con=1 /)
    observe.answer(values)
    expect(intent(house)).toMatchObject({ path: composite.path, state: 'established', attributes: { state: 'set' } })
  })

  test.each([
    ['before 1.2', '1.1'],
    ['where a device of 1.2 does not take them so', '1.2'],
  ])('are written to each of its paths %s', async (_, lwm2m) => {
    const house = await observing(lwm2m, 'pmin=10', composite)
    if (lwm2m === '1.2') asked(house).answer('4.02 ')
    for (const resource of [9, 13]) {
      const write = asked(house)
      expect(write.request).toBe(`PUT /3 /0 /${resource} Uri-Query=pmin=10`)
      expect(intent(house)).toMatchObject({ state: 'wanted', attributes: { state: 'due' } })
      write.answer('2.04 ')
    }
    const observe = asked(house)
    expect(observe.request).toMatch(/^FETCH Observe=0 Content-Format=110 </)
    observe.answer(values)
    expect(intent(house)?.attributes).toMatchObject({ wanted: { pmin: 10 }, state: 'set' })
    expect(intent(house)?.attributes).not.toHaveProperty('written')
    register(house, lwm2m)
    expect(asked(house).request).toBe('PUT /3 /0 /9 Uri-Query=pmin=10')
  })

  test('are refused with the path that would not have them', async () => {
    const house = await observing('1.1', 'pmin=10', composite)
    asked(house).answer('2.04 ')
    asked(house).answer('4.04 ')
    asked(house).answer(values)
    expect(intent(house)).toMatchObject({ state: 'established', attributes: { state: 'refused' } })
    expect(intent(house)?.attributes?.reason).toMatch(/^\/3\/0\/13: 4\.04/)
  })

  test('that drifted at one path are written to all of them again', async () => {
    const house = await observing('1.1', 'pmin=10', composite)
    asked(house).answer('2.04 ')
    asked(house).answer('2.04 ')
    asked(house).answer(values)
    await house.command({ command: 'operation.submit', endpoint, draft: { kind: 'discover', path: '/3/0' } })
    asked(house).answer('2.05 Content-Format=40 "</3/0>,</3/0/9>;pmin=1,</3/0/13>;pmin=10"')
    expect(intent(house)?.attributes).toMatchObject({ state: 'due', drift: [{ name: 'pmin', actual: 1 }] })
    expect(asked(house).request).toBe('PUT /3 /0 /9 Uri-Query=pmin=10')
  })

  test.each([
    ['1.1', '/3/0/9 /3/0/0', 'pmin=1,gt=5', 'attribute.inconsistent'],
    ['1.1', '/3/0/9 /3/0', 'st=1', 'attribute.inconsistent'],
    ['1.1', '/3/0/9 /3/0/13', 'con=1', 'operation.needs-version'],
    ['1.1', '/ /3/0/9', 'pmin=1', 'operation.needs-version'],
    ['1.2', '/3/0/9 /3/0/13', 'pmin=5,pmax=1', 'attribute.inconsistent'],
    ['1.2', '/3/0/9 /3/0/13', 'often=5', 'attribute.unknown'],
  ])('are refused before anything is sent: %s, %s, %s', async (lwm2m, paths, value, code) => {
    const asking = observing(lwm2m, value, { ...composite, path: paths })
    await expect(asking).rejects.toMatchObject({ code: expect.stringContaining(code) as string })
  })
})

/** Content formats through the engine: what a device has shown to speak is remembered with it, across a restart. */
import { expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

function registered(ct = '110'): EngineHarness {
  const house = new EngineHarness()
  const links = `"</>;rt=oma.lwm2m;ct=${ct},</1/0>,</3/0>"`
  house.receive(1, `CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&b=U Content-Format=40 ${links}`)
  house.settle()
  house.sent()
  return house
}

type Kind = 'read' | 'write' | 'discover' | 'observe' | 'read-composite'

async function asked(house: EngineHarness, kind: Kind, path: string) {
  const value = kind === 'write' ? { 14: '+02:00', 15: 'Europe/Berlin' } : undefined
  const draft = { kind, path, ...(value && { value }) } as const
  const operation = await house.command({ command: 'operation.submit', endpoint: 'urn:dev:a', draft })
  return { id: operation.id, request: house.sent(1)[0]! }
}

function answer(house: EngineHarness, request: string, line: string): void {
  const [, id, token] = /^CON (\d+) \w+ \[(\w+)\]/.exec(request)!
  house.receive(1, `ACK ${id} ${line.replace(' ', ` [${token}] `)}`)
  house.settle()
}

/** As octets: the notation ends a text at its first quotation mark. */
const json = (value: unknown): string => `<${Buffer.from(JSON.stringify(value)).toString('hex')}>`
const learned = (house: EngineHarness) => house.store.device('urn:dev:a')?.device.learned

test('the format of an answer is asked for from then on, after a restart too', async () => {
  const house = registered()
  const first = await asked(house, 'read', '/3/0')
  expect(first.request).toContain('Accept=110')
  answer(house, first.request, '2.05 Content-Format=11542 <c10957>')
  expect(learned(house)).toMatchObject({ formats: { answered: 11542 } })
  house.restart()
  expect((await asked(house, 'read', '/3/0')).request).toContain('Accept=11542')
})

test('a format for one value only says nothing about the next answer and is not kept', async () => {
  const house = registered()
  answer(house, (await asked(house, 'read', '/3/0/0')).request, '2.05 Content-Format=0 "Acme"')
  expect(learned(house)).toBeUndefined()
})

test('what a device took is written again', async () => {
  const house = registered()
  const first = await asked(house, 'write', '/3/0')
  expect(first.request).toContain('Content-Format=110')
  answer(house, first.request, '2.04 ')
  expect(learned(house)).toEqual({ formats: { accepted: 110 } })
  expect((await asked(house, 'write', '/3/0')).request).toContain('Content-Format=110')
})

//  server                                     device
//    |  PUT /3/0 SenML JSON -------------------->|
//    |<---------------------------------- 4.15   |
//    |  PUT /3/0 SenML CBOR -------------------->|
//    |<---------------------------------- 4.15   |
//    |  PUT /3/0 TLV --------------------------->|
//    |<---------------------------------- 2.04   |
test('a write refused with 4.15 is said in another format, which is the first choice from then on', async () => {
  const house = registered()
  const { id, request } = await asked(house, 'write', '/3/0')
  answer(house, request, '4.15 ')
  const [second] = house.sent(1)
  expect(second).toContain('Content-Format=112')
  answer(house, second!, '4.15 ')
  const [third] = house.sent(1)
  expect(third).toContain('Content-Format=11542')
  answer(house, third!, '2.04 ')
  expect(house.store.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.04' })
  expect(learned(house)).toEqual({ formats: { accepted: 11542, refused: [110, 112] } })
  house.restart()
  expect((await asked(house, 'write', '/3/0')).request).toContain('Content-Format=11542')
})

test('a write refused in every format is refused, and the next one is tried once; what is taken again is a choice again', async () => {
  const house = registered()
  const { id, request } = await asked(house, 'write', '/3/0')
  answer(house, request, '4.15 ')
  for (let more = house.sent(1); more.length > 0; more = house.sent(1)) answer(house, more[0]!, '4.15 ')
  expect(house.store.operation(id)).toMatchObject({ state: 'failed', code: '4.15' })
  expect(learned(house)).toEqual({ formats: { refused: [110, 112, 11542, 11543] } })
  const next = await asked(house, 'write', '/3/0')
  expect(next.request).toContain('Content-Format=110')
  answer(house, next.request, '2.04 ')
  expect(learned(house)).toEqual({ formats: { accepted: 110, refused: [112, 11542, 11543] } })
})

test('a composite refused in SenML CBOR is said in SenML JSON', async () => {
  const house = registered('112')
  const { id, request } = await asked(house, 'read-composite', '/3/0/9 /1/0/1')
  expect(request).toContain('Content-Format=112')
  answer(house, request, '4.15 ')
  const [again] = house.sent(1)
  expect(again).toMatch(/ FETCH .*Content-Format=110 Accept=110/)
  answer(house, again!, `2.05 Content-Format=110 ${json([{ n: '/3/0/9', v: 87 }])}`)
  expect(house.store.operation(id)).toMatchObject({ state: 'acknowledged' })
})

//  server                                     device
//    |  GET /3/0 Accept=110  ------------------->|
//    |<---------------------------------- 4.06   |
//    |  GET /3/0  ------------------------------>|
//    |<------------------ 2.05 TLV               |
test.each(['4.06', '4.15', '4.02'])(
  'after %s the device is asked once more and may choose, ever after',
  async (code) => {
    const house = registered()
    const { id, request } = await asked(house, 'read', '/3/0')
    answer(house, request, `${code} `)
    const [again] = house.sent(1)
    expect(again).toMatch(/^CON \d+ GET \[\w{16}\] \/3 \/0$/)
    answer(house, again!, '2.05 Content-Format=11542 <c10957>')
    expect(house.store.operation(id)).toMatchObject({ state: 'acknowledged', code: '2.05' })
    expect(learned(house)).toMatchObject({ formats: { answered: 11542, choosesItself: true } })
    expect((await asked(house, 'read', '/3/0')).request).not.toContain('Accept')
  },
)

test('a second 4.06 is the answer, and so is the first to a Discover', async () => {
  const house = registered()
  const read = await asked(house, 'read', '/3/0')
  answer(house, read.request, '4.06 ')
  answer(house, house.sent(1)[0]!, '4.06 ')
  expect(house.store.operation(read.id)).toMatchObject({ state: 'failed', code: '4.06' })
  const discover = await asked(house, 'discover', '/3/0')
  answer(house, discover.request, '4.06 ')
  expect(house.store.operation(discover.id)).toMatchObject({ state: 'failed', code: '4.06' })
  expect(house.sent(1)).toEqual([])
})

test('4.06 to a composite is its answer and says nothing of reads', async () => {
  const house = registered()
  const { id, request } = await asked(house, 'read-composite', '/3/0/9 /1/0/1')
  answer(house, request, '4.06 ')
  expect(house.sent(1)).toEqual([])
  expect(house.store.operation(id)).toMatchObject({ state: 'failed', code: '4.06' })
  expect((await asked(house, 'read', '/3/0')).request).toContain('Accept=110')
})

test('an answer that does not say what it is was meant in the format asked for', async () => {
  const house = registered()
  const { id, request } = await asked(house, 'read', '/3/0')
  answer(house, request, `2.05 ${json([{ bn: '/3/0/', n: '9', v: 87 }])}`)
  expect(house.store.operation(id)).toMatchObject({ state: 'acknowledged', result: { path: '/3/0' } })
  expect(house.store.device('urn:dev:a')?.device.quirks).toMatchObject([
    { name: 'format.missing', example: '5b7b22626e223a222f332f302f222c226e223a2239222c2276223a38377d5d' },
  ])
})

test.each([
  ['an object that was not registered', `Content-Format=110 ${json([{ n: '/3303/0/5700', v: 1 }])}`, '4.04'],
  ['TLV, which names no paths', 'Content-Format=11542 <c10957>', '4.15'],
  ['no SenML at all', 'Content-Format=110 "[{"', '4.00'],
])('a Send with %s is refused, and the operator sees that it was', (_, content, code) => {
  const house = registered()
  house.receive(1, `CON 7 POST [07] /dp ${content}`)
  house.settle()
  expect(house.sent(1)[0]).toMatch(new RegExp(`^ACK 7 ${code} \\[07\\]`))
  expect(house.events.at(-1)).toMatchObject({ kind: 'send', detail: { undecodable: expect.any(String) as string } })
})

test('a Send is taken with the times the device gives', () => {
  const house = registered()
  house.receive(1, `CON 7 POST [07] /dp Content-Format=110 ${json([{ n: '/3/0/9', v: 87, t: 1_700_000_000 }])}`)
  house.settle()
  expect(house.sent(1)).toEqual(['ACK 7 2.04 [07]'])
  expect(house.events.at(-1)).toMatchObject({
    kind: 'send',
    detail: { samples: [{ path: '/3/0/9', value: 87, at: '2023-11-14T22:13:20.000Z' }] },
  })
})

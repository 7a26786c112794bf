/** A firmware offer whose effect shows before its answer comes. */
import { expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

const image = {
  sha256: 'ab'.repeat(32),
  key: 'ab'.repeat(6),
  size: 4096,
  version: '1.1.0',
  product: 'valve',
  addedAt: new EngineHarness().now,
  format: 'opaque' as const,
}

/** Object 5 of an idle device, by path, as it answers reads and observations in text. */
const answers: Readonly<Record<string, string>> = { '/3 /0 /3': '"1.0.0"', '/5 /0 /3': '"0"', '/5 /0 /5': '"0"' }
/** TLV: state 0, result 0, protocols {0}, delivery 0. */
const objectFive = '<c10300c105008308410000c10900>'

function answerTo(line: string): string | undefined {
  const [, id, token, path] = /^CON (\d+) GET \[(\w+)\] (?:Observe=0 )?((?:\/\d+ ?)+)/.exec(line) ?? []
  if (path === undefined) return undefined
  const observe = line.includes('Observe=0') ? 'Observe=1 ' : ''
  const text = answers[path.trim()]
  if (text !== undefined) return `ACK ${id} 2.05 [${token}] ${observe}Content-Format=0 ${text}`
  return `ACK ${id} 2.05 [${token}] Content-Format=11542 ${objectFive}`
}

test('a way the server does not serve is refused before anything is begun', async () => {
  const house = new EngineHarness()
  house.receive(1, 'CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.0&b=U Content-Format=40 "</3/0>,</5/0>"')
  house.settle()
  const start = house.command({ command: 'firmware.start', endpoint: 'urn:dev:a', image, options: { via: 'https' } })
  await expect(start).rejects.toMatchObject({ code: 'firmware.via', status: 422, members: { field: 'via' } })
  expect(house.store.updates(undefined, 9)).toEqual([])
})

//  server                               device
//    |  PUT /5/0/1 coap://… ------------->|
//    |<------------ 2.05 State=1 ---------|  notification: it downloads
//    |<------------ 2.04 -----------------|
test('that the device downloads before it has answered the offer is taken for our doing', async () => {
  const house = new EngineHarness()
  house.receive(1, 'CON 1 POST [01] /rd ?ep=urn:dev:a&lt=86400&lwm2m=1.0&b=U Content-Format=40 "</3/0>,</5/0>"')
  house.settle()
  house.sent()
  await house.command({ command: 'firmware.start', endpoint: 'urn:dev:a', image })
  let offer: string | undefined
  for (let lines = house.sent(); offer === undefined; lines = house.sent()) {
    expect(lines.length).toBeGreaterThan(0)
    offer = lines.find((line) => line.includes('PUT') && line.includes('/5 /0 /1'))
    for (const answer of lines.map(answerTo)) if (answer !== undefined) house.receive(1, answer)
    house.settle()
  }
  const device = house.store.device('urn:dev:a')!.device.id
  const { token } = house.store.observations(device, 10).find(({ path }) => path === '/5/0/3')!
  house.receive(1, `CON 700 2.05 [${token}] Observe=2 Content-Format=0 "1"`)
  house.settle()
  const [, id, offered] = /^CON (\d+) PUT \[(\w+)\]/.exec(offer)!
  house.receive(1, `ACK ${id} 2.04 [${offered}]`)
  house.settle()
  expect(house.sent().filter((line) => line.includes('/5 /0 /1'))).toEqual([])
  expect(house.store.openUpdate(device)?.state).toBe('offered')
})

/**
 * Devices that speak CoAP and not LwM2M: telemetry durable before 2.04, configuration with tag and
 * observation, who may speak for whom, and what the server lists of itself.
 */
import { describe, expect, test } from 'vitest'
import { hexOf, utf8 } from '../../../src/base/bytes.ts'
import { seconds } from '../../../src/base/time.ts'
import { diskFull, EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const register = `POST [01] /rd ?ep=urn:dev:a&lt=3600&lwm2m=1.1 Content-Format=40 ${links}`

function houseWithDevice(): EngineHarness {
  const house = new EngineHarness()
  house.receive(1, `CON 1 ${register}`)
  house.settle()
  house.sent()
  return house
}

/** What one message gets, settled. */
function ask(house: EngineHarness, path: number, line: string): string {
  house.receive(path, line)
  house.settle()
  return house.sent(path).map(readable).join(' | ')
}

const told = (house: EngineHarness): readonly unknown[] =>
  house.events.filter(({ kind }) => kind === 'data').map(({ endpoint, detail }) => ({ endpoint, ...detail }))

describe('POST /data', () => {
  test.each([
    ['text', 0, utf8('21.5'), { value: '21.5' }],
    ['JSON', 50, utf8('{"t":21.5,"n":12345678901234567890}'), { value: { t: 21.5, n: '12345678901234567890' } }],
    // {"t": 21, 1: h'beef'}
    ['CBOR', 60, bytes('a2617415 0142beef'), { value: { t: 21, 1: 'beef' } }],
    [
      'SenML-JSON',
      110,
      utf8('[{"bn":"room/","bt":1790000000,"n":"t","v":21.5,"u":"Cel"},{"n":"on","vb":true,"t":5}]'),
      {
        samples: [
          { name: 'room/t', value: 21.5, unit: 'Cel', at: 1_790_000_000_000 },
          { name: 'room/on', value: true, at: 1_790_000_005_000 },
        ],
      },
    ],
    // [{-2: "r/", 0: "t", 2: 21}]
    ['SenML-CBOR', 112, bytes('81a3 21 62722f 00 6174 02 15'), { samples: [{ name: 'r/t', value: 21 }] }],
  ])('takes %s', (_, format, payload, expected) => {
    const house = houseWithDevice()
    const answer = ask(house, 1, `CON 2 POST [02] /data Content-Format=${format} <${hexOf(payload)}>`)
    expect(answer).toMatch(/^ACK 2 2\.04 \[02\]$/)
    expect(told(house)).toMatchObject([{ endpoint: 'urn:dev:a', ...expected }])
  })

  test('is durable before it is acknowledged, and lost by nobody when the disk is full', () => {
    const house = houseWithDevice()
    house.receive(1, 'CON 2 POST [02] /data Content-Format=0 "a"')
    expect(house.sent()).toEqual([])
    house.failure = diskFull
    house.settle()
    expect(house.sent()).toEqual([])
    house.failure = undefined
    expect(ask(house, 1, 'CON 2 POST [02] /data Content-Format=0 "a"')).toMatch(/2\.04/)
    expect(told(house)).toHaveLength(1)
  })

  test.each([
    ['broken JSON', 50, utf8('{"t":')],
    ['text that is not UTF-8', 0, bytes('ff')],
    ['truncated CBOR', 60, bytes('a26174')],
    ['SenML that is no array', 110, utf8('{"n":"t","v":1}')],
    ['SenML without a name', 110, utf8('[{"v":1}]')],
    ['SenML without a value', 110, utf8('[{"n":"a"}]')],
    ['SenML whose base name is repeated a thousand times', 110, grown('bn', 'r/')],
    ['SenML whose base unit is repeated a thousand times', 110, grown('bu', 'Cel')],
    ['SenML of more values than anybody measures at once', 112, bytes(`991001${'a20061610201'.repeat(4097)}`)],
    ['SenML with a label that must be understood', 110, utf8('[{"n":"a","v":1,"x_":1}]')],
    ['SenML-CBOR with a text for a time', 112, bytes('81a3 00 6174 02 15 06 6174')],
  ])('answers 4.00 with a diagnostic to %s', (_, format, payload) => {
    const house = houseWithDevice()
    const line = `CON 2 POST [02] /data Content-Format=${format} <${hexOf(payload)}>`
    expect(ask(house, 1, line)).toMatch(/^ACK 2 4\.00 \[02\] .+/)
    expect(told(house)).toEqual([])
  })

  test.each(['Content-Format=40 "</a>"', 'Content-Format=65000 "x"', '"x"'])('answers 4.15 to %s', (body) => {
    expect(ask(houseWithDevice(), 1, `CON 2 POST [02] /data ${body}`)).toMatch(/^ACK 2 4\.15/)
  })

  test('answers 4.05 to a GET and 4.04 below it', () => {
    const house = houseWithDevice()
    expect(ask(house, 1, 'CON 2 GET [02] /data')).toMatch(/4\.05/)
    expect(ask(house, 1, 'CON 3 POST [03] /data/x Content-Format=0 "a"')).toMatch(/4\.04/)
  })

  test('from this machine a device may say who it is, and is known from then on', () => {
    const house = new EngineHarness()
    expect(ask(house, 5, 'CON 2 POST [02] /data ?ep=meter-5 Content-Format=0 "7"')).toMatch(/2\.04/)
    expect(house.store.device('meter-5')?.device).toMatchObject({ firstSeen: house.now, lastSeen: house.now })
    expect(house.events.map(({ kind }) => kind)).toEqual(['device.created', 'data'])
    // Its word does not make the address its own.
    expect(ask(house, 5, 'CON 3 POST [03] /data Content-Format=0 "7"')).toMatch(/4\.01/)
    expect(ask(house, 5, 'CON 4 POST [04] /data ?ep= Content-Format=0 "7"')).toMatch(/4\.00/)
  })

  test.each(['quarantine', 'closed'])('where the registration policy is "%s", a name must be known', async (policy) => {
    const house = new EngineHarness({ 'registration.policy': policy })
    expect(ask(house, 5, 'CON 2 POST [02] /data ?ep=meter-5 Content-Format=0 "7"')).toMatch(/4\.03/)
    expect(house.store.countDevices()).toBe(0)
    await house.command({ command: 'device.put', endpoint: 'meter-5', patch: {}, mustExist: false })
    expect(ask(house, 5, 'CON 3 POST [03] /data ?ep=meter-5 Content-Format=0 "7"')).toMatch(/2\.04/)
  })

  test('what waits in quarantine tells nothing and gets nothing', async () => {
    const house = new EngineHarness({ 'registration.policy': 'quarantine' })
    ask(house, 1, `CON 1 ${register}`)
    await house.command({ command: 'configuration.set', endpoint: 'urn:dev:a', document: '1' })
    expect(ask(house, 1, 'CON 2 POST [02] /data Content-Format=0 "7"')).toMatch(/4\.03/)
    expect(ask(house, 1, 'CON 3 GET [03] /config')).toMatch(/4\.03/)
    await house.command({
      command: 'device.put',
      endpoint: 'urn:dev:a',
      patch: { quarantined: false },
      mustExist: true,
    })
    expect(ask(house, 1, 'CON 4 GET [04] /config')).toMatch(/2\.05/)
  })

  test('where the knob forbids it, nobody may', () => {
    const house = new EngineHarness({ 'coap.data.endpoint-in-query': 'never' })
    expect(ask(house, 5, 'CON 2 POST [02] /data ?ep=meter-5 Content-Format=0 "7"')).toMatch(/4\.01/)
    expect(house.store.countDevices()).toBe(0)
  })
})

describe('GET /config', () => {
  async function houseWithConfiguration(): Promise<EngineHarness> {
    const house = houseWithDevice()
    await set(house, '{"interval":60,"name":"a","on":[true,null,0.5]}')
    return house
  }

  const set = (house: EngineHarness, document: string | undefined): Promise<undefined> =>
    house.command({ command: 'configuration.set', endpoint: 'urn:dev:a', document })

  test('gives JSON, or CBOR to who accepts that, under different tags', async () => {
    const house = await houseWithConfiguration()
    const json = ask(house, 1, 'CON 2 GET [02] /config')
    expect(json).toContain('Content-Format=50')
    expect(json).toContain('{"interval":60,"name":"a","on":[true,null,0.5]}')
    const cbor = ask(house, 1, 'CON 3 GET [03] /config Accept=60')
    expect(cbor).toContain('a368696e74657276616c183c646e616d656161626f6e83f5f6fa3f000000')
    expect(tagOf(cbor)).not.toBe(tagOf(json))
    expect(ask(house, 1, 'CON 4 GET [04] /config Accept=0')).toMatch(/4\.06/)
  })

  test('says 2.03 to who has it already, and gives the new one after a change', async () => {
    const house = await houseWithConfiguration()
    const tag = tagOf(ask(house, 1, 'CON 2 GET [02] /config'))
    expect(ask(house, 1, `CON 3 GET [03] /config ETag=${tag}`)).toMatch(/^ACK 3 2\.03/)
    await set(house, '{"interval":30}')
    expect(ask(house, 1, `CON 4 GET [04] /config ETag=${tag}`)).toMatch(/2\.05.*"interval":30/)
  })

  test('keeps to the condition it is asked under, and tells nobody who set one', async () => {
    const house = await houseWithConfiguration()
    const tag = tagOf(ask(house, 1, 'CON 2 GET [02] /config'))
    expect(ask(house, 1, `CON 3 GET [03] /config If-Match=${tag}`)).toMatch(/2\.05.*"interval":60/)
    expect(ask(house, 1, 'CON 4 GET [04] /config If-Match=0x01')).toMatch(/^ACK 4 4\.12 \[04\]$/)
    expect(ask(house, 1, 'CON 5 GET [05] /config Observe=0 If-None-Match')).toMatch(/^ACK 5 4\.12 \[05\]$/)
    await set(house, '{"interval":30}')
    expect(house.sent(1)).toEqual([])
  })

  test('without one is 4.04; who is nobody gets 4.01', async () => {
    const house = houseWithDevice()
    expect(ask(house, 1, 'CON 2 GET [02] /config')).toMatch(/4\.04/)
    expect(ask(house, 9, 'CON 2 GET [02] /config')).toMatch(/4\.01/)
  })

  test('tells observers of each change, once, and of the end', async () => {
    const house = await houseWithConfiguration()
    const first = ask(house, 1, 'CON 2 GET [0a] /config Observe=0 Accept=60')
    await set(house, '{"interval":30}')
    const [told] = house.sent(1)
    expect(told).toMatch(/^CON \d+ 2\.05 \[0a\].*a168696e74657276616c181e/)
    expect(sequenceOf(told!)).toBeGreaterThan(sequenceOf(first))
    house.receive(1, `ACK ${told!.split(' ')[1]} EMPTY`)
    // The same document is no change.
    await set(house, '{"interval":30}')
    expect(house.sent(1)).toEqual([])
    await set(house, undefined)
    const [gone] = house.sent(1)
    expect(gone).toMatch(/^CON \d+ 4\.04 \[0a\]/)
    house.receive(1, `ACK ${gone!.split(' ')[1]} EMPTY`)
    await set(house, '{"interval":10}')
    expect(house.sent(1)).toEqual([])
  })

  test('an observer that says RST hears no more', async () => {
    const house = await houseWithConfiguration()
    ask(house, 1, 'CON 2 GET [0a] /config Observe=0')
    await set(house, '{"interval":30}')
    house.receive(1, `RST ${house.sent(1)[0]!.split(' ')[1]} EMPTY`)
    await set(house, '{"interval":31}')
    expect(house.sent(1)).toEqual([])
    house.elapse(seconds(300))
    expect(house.sent(1)).toEqual([])
  })

  test('survives a restart, and goes with its device', async () => {
    const house = await houseWithConfiguration()
    house.restart()
    house.receive(1, `CON 7 ${register.replace('[01]', '[07]')}`)
    house.settle()
    house.sent()
    expect(ask(house, 1, 'CON 8 GET [08] /config')).toContain('"interval":60')
    await house.command({ command: 'device.delete', endpoint: 'urn:dev:a' })
    expect(house.store.configuration(1)).toBeUndefined()
  })

  test('an unknown device gets none, and none larger than the limit', async () => {
    const house = houseWithDevice()
    const document = JSON.stringify('x'.repeat(20_000))
    await expect(set(house, document)).rejects.toMatchObject({ code: 'configuration.too-large', status: 413 })
    const stranger = { command: 'configuration.set', endpoint: 'nobody', document: '1' } as const
    await expect(house.command(stranger)).rejects.toMatchObject({ code: 'device.unknown' })
  })

  test('a large one goes block by block', async () => {
    const house = houseWithDevice()
    await set(house, JSON.stringify({ text: 'x'.repeat(1200) }))
    const blocks = [0, 1, 2].map((number) =>
      ask(house, 1, `CON ${20 + number} GET [2${number}] /config Block2=${number}/0/512`),
    )
    expect(blocks.map((block) => /Block2=(\S+)/.exec(block)?.[1])).toEqual(['0/1/512', '1/1/512', '2/0/512'])
    expect(new Set(blocks.map(tagOf)).size).toBe(1)
  })
})

describe('/.well-known/core', () => {
  test.each([
    ['', ['/rd', '/dp', '/data', '/config', '/fw']],
    ['?rt=core.rd', ['/rd']],
    ['?rt=coapstan.*', ['/data', '/config']],
    ['?ct=112', ['/data']],
    ['?href=/con*', ['/config']],
    ['?rt=nothing', []],
  ])('lists what there is, filtered by "%s"', (query, targets) => {
    const answer = ask(new EngineHarness(), 1, `CON 1 GET [01] /.well-known/core ${query}`)
    expect(answer).toMatch(/^ACK 1 2\.05 \[01\] .*Content-Format=40/)
    expect([...answer.matchAll(/<(\/[^>]*)>/g)].map(([, target]) => target)).toEqual(targets)
  })

  test('goes block by block', () => {
    const house = new EngineHarness()
    expect(ask(house, 1, 'CON 1 GET [01] /.well-known/core Block2=1/0/32')).toMatch(/Block2=1\/1\/32/)
  })
})

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

/** A payload that is text as that text, quotes and all. */
function readable(line: string): string {
  const hex = / <([0-9a-f]+)>$/.exec(line)?.[1]
  const text = hex === undefined ? '' : Buffer.from(hex, 'hex').toString('latin1')
  return /^[ -~]+$/.test(text) ? line.replace(`<${hex}>`, text) : line
}

function tagOf(line: string): string {
  return /ETag=(\S+)/.exec(line)?.[1] ?? ''
}

function sequenceOf(line: string): number {
  return Number(/Observe=(\d+)/.exec(line)?.[1])
}

/** A pack of which each sample would be as long as half of it. */
function grown(label: string, text: string): Uint8Array {
  const records = Array.from({ length: 1000 }, () => ({ n: 'a', v: 1 }))
  return utf8(JSON.stringify([{ [label]: text.repeat(5000) }, ...records]))
}

/** What the virtual device answers, request by request, without a socket. */
import { beforeEach, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { after, instantOf, seconds } from '../../../src/base/time.ts'
import { AttributeStore } from '../../../src/device/attributes.ts'
import { blockOf, type Block } from '../../../src/device/coap-options.ts'
import { factorySettings, objectSet } from '../../../src/device/object-set.ts'
import { Sensors } from '../../../src/device/objects/sensors.ts'
import { Observations, type Channel } from '../../../src/device/observations.ts'
import { formats } from '../../../src/device/payload/formats.ts'
import { personalities } from '../../../src/device/personality.ts'
import { RequestHandler, type Answer, type Request } from '../../../src/device/requests.ts'

const start = instantOf(1_700_000_000_000)

class RecordingChannel implements Channel {
  busy = false
  open = true
  readonly sent: string[] = []
  notify(_format: number, payload: Buffer): void {
    this.sent.push(payload.toString())
  }
  close(): void {
    this.open = false
  }
}

interface Bench {
  ask(method: string, path: string, change?: Partial<Request>, channel?: Channel): Answer
  readonly observations: Observations
  readonly reactions: string[]
  readonly pushed: (readonly [offset: number, octets: number, more: boolean])[]
}

function bench(): Bench {
  const personality = personalities['thread-sleepy']
  const settings = factorySettings(300, personality)
  settings.server.minimumPeriod = 0
  const reactions: string[] = []
  const pushed: [number, number, boolean][] = []
  const note = (name: string) => (): void => {
    reactions.push(name)
  }
  const tree = objectSet({
    identity: { endpoint: 'urn:dev:mac:0024befffe804ff1', product: 'demo', version: '1.0.0', queueMode: false },
    personality,
    settings,
    sensors: new Sensors(new SeededRandom(1), -70, start),
    firmware: new Map([
      [0, { name: 'Package', type: 'opaque' as const, write: () => undefined }],
      [1, { name: 'Package URI', type: 'string' as const, read: () => '', write: () => '4.00' as const }],
    ]),
    reactions: {
      reboot: note('reboot'),
      factoryReset: note('factory-reset'),
      lifetimeChanged: note('lifetime-changed'),
      updateTriggered: note('update-triggered'),
      bootstrapTriggered: () => '4.05',
    },
    unixSeconds: () => 1_700_000_000,
    addresses: () => ['192.0.2.1'],
  })
  const attributes = new AttributeStore()
  const observations = new Observations(tree, attributes, settings.server, () => undefined)
  const handler = new RequestHandler({
    tree,
    attributes,
    observations,
    package: {
      receive: (offset, octets, more) => {
        pushed.push([offset, octets.length, more])
        return more ? '2.31' : '2.04'
      },
    },
    writeBlockSize: personality.writeBlockSize,
  })
  const ask: Bench['ask'] = (method, path, change = {}, channel = new RecordingChannel()) =>
    handler.answer(
      {
        method,
        segments: path === '/' ? [] : path.slice(1).split('/'),
        queries: [],
        accept: undefined,
        contentFormat: undefined,
        payload: Buffer.alloc(0),
        block1: undefined,
        observe: undefined,
        token: '01',
        unknownCritical: false,
        ...change,
      },
      channel,
      start,
    )
  return { ask, observations, reactions, pushed }
}

let device: Bench
beforeEach(() => {
  device = bench()
})

const textWrite = (text: string): Partial<Request> => ({ contentFormat: formats.text, payload: Buffer.from(text) })

describe('read', () => {
  it('answers a resource as text and an instance as SenML CBOR where nothing is asked for', () => {
    expect(device.ask('GET', '/3/0/3')).toMatchObject({ code: '2.05', format: 0, payload: Buffer.from('1.0.0') })
    expect(device.ask('GET', '/3/0')).toMatchObject({ code: '2.05', format: 112 })
  })

  it('answers in the format asked for', () => {
    const tlv = device.ask('GET', '/3/0/16', { accept: formats.tlv })
    expect(tlv.payload?.toString('hex')).toBe('c11055')
    const json = JSON.parse(String(device.ask('GET', '/4/0', { accept: formats.senmlJson }).payload)) as unknown[]
    expect(json[0]).toEqual({ bn: '/4/0/', n: '0', v: 23 })
    expect(device.ask('GET', '/4/0/4/0').payload?.toString()).toBe('192.0.2.1')
  })

  it.each([
    ['GET', '/99/0', '4.04'],
    ['GET', '/3/1', '4.04'],
    ['GET', '/3/0/99', '4.04'],
    ['GET', '/4/0/4/1', '4.04'],
    ['GET', '/3/x', '4.04'],
    ['GET', '/3/0/4', '4.05'],
    ['GET', '/5/0/0', '4.05'],
    ['DELETE', '/3/0', '4.05'],
    ['POST', '/3303', '4.05'],
    ['POST', '/3/0/3', '4.05'],
    ['FETCH', '/3/0', '4.05'],
    ['iPATCH', '/3/0', '4.05'],
    ['GET', '/', '4.05'],
  ])('%s %s is %s', (method, path, code) => {
    expect(device.ask(method, path).code).toBe(code)
  })

  it('has no text for an instance and no format it has never heard of', () => {
    expect(device.ask('GET', '/3/0', { accept: formats.text }).code).toBe('4.06')
    expect(device.ask('GET', '/3/0', { accept: 11543 }).code).toBe('4.06')
  })

  it('finds an unknown critical option bad', () => {
    expect(device.ask('GET', '/3/0', { unknownCritical: true }).code).toBe('4.02')
  })
})

describe('write', () => {
  it('changes what may be written, by PUT or POST', () => {
    expect(device.ask('PUT', '/3/0/14', textWrite('+02:00')).code).toBe('2.04')
    expect(device.ask('GET', '/3/0/14').payload?.toString()).toBe('+02:00')
    const json = Buffer.from('[{"bn":"/3/0/","n":"14","vs":"-05:00"},{"n":"15","vs":"America/Lima"}]')
    expect(device.ask('POST', '/3/0', { contentFormat: formats.senmlJson, payload: json }).code).toBe('2.04')
    expect(device.ask('GET', '/3/0/15').payload?.toString()).toBe('America/Lima')
  })

  it('takes a new lifetime and says that it did', () => {
    expect(device.ask('PUT', '/1/0/1', textWrite('600')).code).toBe('2.04')
    expect(device.reactions).toEqual(['lifetime-changed'])
    expect(device.ask('GET', '/1/0/1').payload?.toString()).toBe('600')
  })

  it('moves its clock', () => {
    device.ask('PUT', '/3/0/13', textWrite('1800000000'))
    expect(device.ask('GET', '/3/0/13').payload?.toString()).toBe('1800000000')
  })

  it.each([
    ['/3/0/3', textWrite('2.0.0'), '4.05'],
    ['/3/0/14', textWrite('two hours'), '4.00'],
    ['/1/0/1', textWrite('0'), '4.00'],
    ['/1/0/1', textWrite('soon'), '4.00'],
    ['/3/0/99', textWrite('1'), '4.04'],
    ['/5/0/1', textWrite('coap://x/y'), '4.00'],
    ['/3/0', { contentFormat: formats.tlv, payload: Buffer.from('c5', 'hex') }, '4.00'],
    ['/3/0', { contentFormat: formats.tlv, payload: Buffer.from('c16301', 'hex') }, '4.04'],
    ['/3/0/14', { contentFormat: 11543, payload: Buffer.from('{}') }, '4.15'],
  ])('PUT %s is refused', (path, change, code) => {
    expect(device.ask('PUT', path, change).code).toBe(code)
  })

  it('leaves everything as it was where one of several values is refused beforehand', () => {
    const json = Buffer.from('[{"bn":"/3/0/","n":"14","vs":"-05:00"},{"n":"3","vs":"2.0.0"}]')
    expect(device.ask('POST', '/3/0', { contentFormat: formats.senmlJson, payload: json }).code).toBe('4.05')
    expect(device.ask('GET', '/3/0/14').payload?.toString()).toBe('+00:00')
  })
})

describe('a write in blocks', () => {
  const block = (num: number, more: boolean, size: number): Block => ({ num, more, size })
  const send = (b: Block, text: string, token: string): Answer =>
    device.ask('PUT', '/3/0/15', { ...textWrite(text), block1: b, token })

  it('is put together whatever tokens its blocks come with', () => {
    expect(send(block(0, true, 16), 'America/Argentin', 'a1')).toMatchObject({ code: '2.31' })
    expect(send(block(1, false, 16), 'a/Ushuaia', 'a2')).toMatchObject({ code: '2.04' })
    expect(device.ask('GET', '/3/0/15').payload?.toString()).toBe('America/Argentina/Ushuaia')
  })

  it('with a block missing is incomplete', () => {
    send(block(0, true, 16), 'America/Argentin', 'a1')
    expect(send(block(2, false, 16), 'x', 'a1').code).toBe('4.08')
  })

  it('of too much is refused with the limit', () => {
    let answer: Answer | undefined
    for (let num = 0; num < 5; num++) answer = send(block(num, true, 1024), 'x'.repeat(1024), 'a1')
    expect(answer).toMatchObject({ code: '4.13', size1: 4096 })
  })

  it('of an image goes to the firmware as it comes, and asks for smaller blocks', () => {
    const push = (b: Block): Answer =>
      device.ask('PUT', '/5/0/0', { contentFormat: formats.opaque, payload: Buffer.alloc(b.size), block1: b })
    const first = push(block(0, true, 1024))
    expect(first.code).toBe('2.31')
    expect(blockOf(first.block1)).toEqual({ num: 0, more: true, size: 128 })
    expect(push(block(8, false, 128)).code).toBe('2.04')
    expect(device.pushed).toEqual([
      [0, 1024, true],
      [1024, 128, false],
    ])
  })
})

describe('a composite', () => {
  const json = (value: unknown): Partial<Request> => ({
    contentFormat: formats.senmlJson,
    payload: Buffer.from(JSON.stringify(value)),
  })

  it('read answers all it can in one payload', () => {
    const answer = device.ask('FETCH', '/', json([{ bn: '/3/0/', n: '3' }, { n: '16' }, { bn: '/99', n: '/0' }]))
    expect(JSON.parse(String(answer.payload))).toEqual([
      { bn: '/', n: '3/0/3', vs: '1.0.0' },
      { n: '3/0/16', vs: 'U' },
    ])
  })

  it('write changes several objects at once', () => {
    const write = json([
      { n: '/3/0/14', vs: '+01:00' },
      { n: '/1/0/2', v: 30 },
    ])
    expect(device.ask('iPATCH', '/', write).code).toBe('2.04')
    expect(device.ask('GET', '/1/0/2').payload?.toString()).toBe('30')
  })

  it('observation notifies all of it when one changes', () => {
    const channel = new RecordingChannel()
    const asked = json([{ n: '/3/0/14' }, { n: '/3/0/15' }])
    expect(device.ask('FETCH', '/', { ...asked, observe: 'start' }, channel)).toMatchObject({ observing: true })
    device.ask('PUT', '/3/0/14', textWrite('+02:00'))
    device.observations.evaluate(after(start, seconds(1)))
    expect(channel.sent.map((payload) => JSON.parse(payload) as unknown)).toEqual([
      [
        { bn: '/', n: '3/0/14', vs: '+02:00' },
        { n: '3/0/15', vs: 'Etc/UTC' },
      ],
    ])
  })

  it.each([
    ['FETCH', { contentFormat: formats.text, payload: Buffer.from('/3/0') }, '4.15'],
    ['FETCH', json([{ n: 'temperature' }]), '4.00'],
    ['FETCH', json([{ n: '/99/0' }]), '4.04'],
    ['FETCH', { ...json([{ n: '/3/0/3' }]), accept: formats.tlv }, '4.06'],
    ['iPATCH', { contentFormat: formats.tlv, payload: Buffer.alloc(0) }, '4.15'],
    ['iPATCH', json([{ n: '/3/0/3', vs: '2.0.0' }]), '4.05'],
    ['iPATCH', json([{ n: '/99/0/3', vs: '2.0.0' }]), '4.04'],
  ])('%s of something else is refused', (method, change, code) => {
    expect(device.ask(method, '/', change).code).toBe(code)
  })
})

describe('execute', () => {
  it('does what the resource is for', () => {
    expect(device.ask('POST', '/3/0/4').code).toBe('2.04')
    expect(device.ask('POST', '/3/0/5').code).toBe('2.04')
    expect(device.ask('POST', '/1/0/8').code).toBe('2.04')
    expect(device.reactions).toEqual(['reboot', 'factory-reset', 'update-triggered'])
  })
})

describe('discover', () => {
  const links = (path: string): string | undefined =>
    device.ask('GET', path, { accept: formats.linkFormat }).payload?.toString()

  it('lists an instance with attributes and dimensions', () => {
    device.ask('PUT', '/3/0/9', { queries: ['pmin=10', 'pmax=60'] })
    const listed = links('/3/0')?.split(',')
    expect(listed).toContain('</3/0/9>;pmin=10;pmax=60')
    expect(listed).toContain('</3/0/6>;dim=1')
    expect(listed?.[0]).toBe('</3/0>')
  })

  it('works on an object and on a resource, not on a resource instance', () => {
    expect(links('/3303')?.split(',').slice(0, 2)).toEqual(['</3303>', '</3303/0>'])
    expect(links('/4/0/2')).toBe('</4/0/2>')
    expect(device.ask('GET', '/4/0/4/0', { accept: formats.linkFormat }).code).toBe('4.04')
  })
})

describe('observe', () => {
  const observe = (path: string, channel: Channel, token = '01'): Answer =>
    device.ask('GET', path, { observe: 'start', token }, channel)

  it('answers at once and notifies what changes, when pmin allows', () => {
    const channel = new RecordingChannel()
    device.ask('PUT', '/3/0/14', { queries: ['pmin=10'] })
    expect(observe('/3/0/14', channel)).toMatchObject({ code: '2.05', observing: true })
    device.ask('PUT', '/3/0/14', textWrite('+02:00'))
    device.observations.evaluate(after(start, seconds(9)))
    expect(channel.sent).toEqual([])
    device.observations.evaluate(after(start, seconds(10)))
    device.observations.evaluate(after(start, seconds(30)))
    expect(channel.sent).toEqual(['+02:00'])
  })

  it('waits for the ACK of the notification before', () => {
    const channel = new RecordingChannel()
    observe('/3/0/14', channel)
    channel.busy = true
    device.ask('PUT', '/3/0/14', textWrite('+02:00'))
    device.observations.evaluate(after(start, seconds(1)))
    expect(channel.sent).toEqual([])
    channel.busy = false
    device.ask('PUT', '/3/0/14', textWrite('+03:00'))
    device.observations.evaluate(after(start, seconds(2)))
    expect(channel.sent).toEqual(['+03:00'])
  })

  it('ends with Observe 1, and with a channel that closed', () => {
    const [first, second] = [new RecordingChannel(), new RecordingChannel()]
    observe('/3/0/14', first, '01')
    observe('/3/0/14', second, '02')
    expect(device.ask('GET', '/3/0/14', { observe: 'stop', token: '01' }).code).toBe('2.05')
    second.open = false
    device.ask('PUT', '/3/0/14', textWrite('+02:00'))
    device.observations.evaluate(after(start, seconds(1)))
    expect([first.open, first.sent, second.sent]).toEqual([false, [], []])
  })

  it('of the eleventh is a plain read', () => {
    for (let id = 0; id < 10; id++) {
      expect(observe('/3/0/9', new RecordingChannel(), `t${id}`).observing).toBe(true)
    }
    expect(observe('/3/0/9', new RecordingChannel(), 't10')).toMatchObject({ code: '2.05', observing: false })
    expect(observe('/3/0/9', new RecordingChannel(), 't0').observing).toBe(true)
  })

  it('of nothing readable is refused', () => {
    expect(observe('/3/0/4', new RecordingChannel()).code).toBe('4.05')
    expect(observe('/3/0/99', new RecordingChannel()).code).toBe('4.04')
  })
})

/** The flight recorder: what is kept of whom, what is let go of, and the story told of it. */
import { describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf } from '../../../src/base/bytes.ts'
import { EngineHarness } from '../../support/engine-harness.ts'
import { known, Recording, told } from '../../support/recording.ts'
import { SeededRandom } from '../../../src/base/random.ts'

const start = Date.UTC(2026, 10, 21)

describe('what is kept', () => {
  it('is a copy: type, code, id, token, options and size, in the order of time', () => {
    const { recorder, ...recording } = known('a')
    recording.hears('CON 1 POST [0a0b] /rd ?ep=a&lt=60 Content-Format=40 "</1/0>"')
    recording.says('ACK 1 2.01 [0a0b] Location-Path=rd Location-Path=x1')
    const trace = recorder.trace('a')
    expect(trace).toMatchObject([
      {
        at: start,
        direction: 'received',
        peer: 2,
        type: 'CON',
        code: '0.02',
        codeName: 'POST',
        messageId: 1,
        token: '0a0b',
        options: [
          { number: 11, name: 'Uri-Path', value: 'rd' },
          { number: 12, name: 'Content-Format', value: '40 (application/link-format)' },
          { number: 15, name: 'Uri-Query', value: 'ep=a' },
          { number: 15, name: 'Uri-Query', value: 'lt=60' },
        ],
        payloadSize: 6,
        retransmission: false,
        outcome: 'answered',
        answer: '2.01',
        roundTrip: 1,
      },
      {
        at: start + 1,
        direction: 'sent',
        type: 'ACK',
        code: '2.01',
        codeName: 'Created',
        after: 1,
        payloadSize: 0,
      },
    ])
    expect(trace[1]).not.toHaveProperty('outcome')
  })

  it('is the newest of each device, up to its limit', () => {
    const recording = new Recording({ 'trace.per-device': 3 })
    recording.endpoints.set(2, 'a').set(4, 'b')
    for (let id = 1; id <= 5; id++) recording.hears(2, `NON ${id} GET [01]`)
    recording.hears(4, 'NON 9 GET [01]')
    expect([recording.idsOf('a'), recording.idsOf('b')]).toEqual([[3, 4, 5], [9]])
  })

  it('is nothing where it is turned off', () => {
    const recording = new Recording({ 'trace.per-device': 0 })
    recording.endpoints.set(2, 'a')
    recording.hears(2, 'NON 1 GET [01]')
    expect([recording.idsOf('a'), recording.recorder.sizes()]).toEqual([
      [],
      { tracedDevices: 0, tracedDatagrams: 0, traceMemory: 0 },
    ])
  })

  it('has ids that rise by themselves where many datagrams come at one instant', () => {
    const recording = new Recording()
    recording.endpoints.set(2, 'a')
    for (let id = 1; id <= 3; id++) {
      recording.now = start
      recording.hears(2, `NON ${id} GET [01]`)
    }
    expect(told(recording.recorder.trace('a'), 'id')).toEqual([[start * 1000], [start * 1000 + 1], [start * 1000 + 2]])
  })
})

describe('who it is of', () => {
  it('a peer that turns out to be a device brings what it said before', () => {
    const recording = new Recording()
    recording.hears(2, 'CON 1 POST [01] /rd ?ep=a')
    expect(recording.idsOf('a')).toEqual([])
    recording.recorder.bind(2, 'a')
    recording.says(2, 'ACK 1 2.01 [01]')
    expect(recording.idsOf('a')).toEqual([1, 1])
  })

  it('a device that comes from elsewhere: both histories by time, the newest of them', () => {
    const recording = new Recording({ 'trace.per-device': 4 })
    recording.endpoints.set(2, 'a')
    recording.hears(2, 'NON 1 GET [01]')
    recording.hears(2, 'NON 2 GET [01]')
    recording.hears(4, 'NON 3 GET [01]')
    recording.says(2, 'NON 4 GET [01]')
    recording.hears(4, 'NON 5 GET [01]')
    recording.recorder.bind(4, 'a')
    expect(told(recording.recorder.trace('a'), 'messageId', 'peer')).toEqual([
      [2, 2],
      [3, 4],
      [4, 2],
      [5, 4],
    ])
    recording.hears(4, 'NON 6 GET [01]')
    expect(recording.idsOf('a')).toEqual([3, 4, 5, 6])
    expect(recording.recorder.sizes()).toMatchObject({ tracedDevices: 1, tracedDatagrams: 4 })
  })

  it('stays although the peer is forgotten, and is taken up by the next', () => {
    const recording = new Recording()
    recording.endpoints.set(2, 'a')
    recording.hears(2, 'NON 1 GET [01]')
    recording.recorder.forget(2)
    recording.endpoints.clear()
    recording.hears(6, 'NON 2 GET [01]')
    recording.recorder.bind(6, 'a')
    expect(recording.idsOf('a')).toEqual([1, 2])
  })

  it('a stranger that is forgotten leaves nothing', () => {
    const recording = new Recording()
    recording.hears(2, 'NON 1 GET [01]')
    recording.recorder.forget(2)
    expect(recording.recorder.sizes()).toMatchObject({ tracedDatagrams: 0 })
  })

  it('several devices behind one address keep apart what came after each made itself known', () => {
    const recording = new Recording()
    recording.recorder.bind(2, 'a')
    recording.endpoints.set(2, 'a')
    recording.hears(2, 'NON 1 GET [01]')
    recording.endpoints.set(2, 'b')
    recording.recorder.bind(2, 'b')
    recording.hears(2, 'NON 2 GET [01]')
    recording.recorder.bind(2, 'a')
    recording.hears(2, 'NON 3 GET [01]')
    expect([recording.idsOf('a'), recording.idsOf('b')]).toEqual([[1, 3], [2]])
  })
})

describe('memory', () => {
  const small = { 'trace.memory': 131_072, 'trace.copied-octets': 96, 'trace.per-device': 64 }

  it('grows with what is recorded and stops at its limit; the devices silent for longest lose first', () => {
    const recording = new Recording(small)
    for (let device = 0; device < 40; device++) recording.endpoints.set(2 * device, `d${device}`)
    expect(recording.recorder.sizes().traceMemory).toBe(0)
    for (let round = 0; round < 64; round++) {
      for (let device = 0; device < 40; device++) recording.hears(2 * device, `NON ${round} GET [01]`)
    }
    const { traceMemory, tracedDatagrams, tracedDevices } = recording.recorder.sizes()
    expect(traceMemory).toBeLessThanOrEqual(131_072)
    expect([tracedDatagrams, tracedDevices]).toEqual([1024, 40])
    // The next datagrams of one device take from the one that was silent for longest.
    const [silent, loud] = [recording.idsOf('d0').length, recording.idsOf('d39').length]
    for (let id = 0; id < 5; id++) recording.hears(78, `NON ${100 + id} GET [01]`)
    expect([recording.idsOf('d0').length, recording.idsOf('d39').length]).toEqual([silent - 5, loud + 5])
  })

  it('is not taken from devices by a flood of strangers', () => {
    const recording = new Recording(small)
    recording.endpoints.set(2, 'a')
    for (let id = 0; id < 64; id++) recording.hears(2, `NON ${id} GET [01]`)
    for (let stranger = 0; stranger < 20_000; stranger++) recording.hears(1000 + stranger, 'NON 1 GET [01]')
    expect(recording.idsOf('a')).toHaveLength(64)
    expect(recording.recorder.sizes().tracedDatagrams).toBeLessThanOrEqual(64 + 1024 / 8)
  })

  it('holds fewer devices than slots, since each takes memory of its own', () => {
    const recording = new Recording(small)
    for (let device = 0; device < 2000; device++) {
      recording.endpoints.set(device, `d${device}`)
      recording.hears(device, 'NON 1 GET [01]')
    }
    expect(recording.recorder.sizes()).toMatchObject({ tracedDevices: 256, tracedDatagrams: 256 })
    expect([recording.idsOf('d0'), recording.idsOf('d1999')]).toEqual([[], [1]])
  })

  it('comes back to all who use it in any order: no slot is lost, none is used twice', () => {
    const recording = new Recording({ ...small, 'trace.per-device': 7 })
    const chance = new SeededRandom(5)
    const random = (): number => chance.fraction()
    for (let step = 0; step < 30_000; step++) {
      const peer = Math.floor(random() * 600)
      const what = random()
      if (what < 0.8) recording.hears(peer, `NON ${step & 0xffff} GET [01]`)
      else if (what < 0.93) recording.recorder.bind(peer, `d${Math.floor(random() * 200)}`)
      else recording.recorder.forget(peer)
    }
    let kept = 0
    const seen = new Set<number>()
    for (let device = 0; device < 200; device++) {
      const trace = recording.recorder.trace(`d${device}`)
      expect(trace.length).toBeLessThanOrEqual(7)
      expect(trace.map(({ id }) => id)).toEqual(trace.map(({ id }) => id).toSorted((a, b) => a - b))
      for (const { id } of trace) seen.add(id)
      kept += trace.length
    }
    expect(seen.size).toBe(kept)
    for (let peer = 0; peer < 600; peer++) recording.recorder.forget(peer)
    expect(recording.recorder.sizes().tracedDatagrams).toBe(kept)
  })
})

describe('the story', () => {
  it.each<[string, string[], unknown[]]>([
    [
      'a request that is repeated, acknowledged and answered apart',
      ['> CON 1 GET [0a] /3/0', '> CON 1 GET [0a] /3/0', '< ACK 1 EMPTY', '< CON 8 2.05 [0a] "x"', '> ACK 8 EMPTY'],
      [
        [false, 'answered', '2.05', 3, undefined],
        [true, 'answered', '2.05', 3, undefined],
        [false, undefined, undefined, undefined, 2],
        [false, 'acknowledged', undefined, 1, 3],
        [false, undefined, undefined, undefined, 1],
      ],
    ],
    [
      'a request nobody answers',
      ['> CON 1 GET [0a] /3/0', '< CON 1 GET [0b] /fw', '> ACK 1 2.05 [0b] "x"'],
      [
        [false, 'unanswered', undefined, undefined, undefined],
        [false, 'answered', '2.05', 1, undefined],
        [false, undefined, undefined, undefined, 1],
      ],
    ],
    [
      'a duplicate and its repeated answer',
      ['< CON 1 POST [0a] /dp', '> ACK 1 2.04 [0a]', '< CON 1 POST [0a] /dp', '> ACK 1 2.04 [0a]'],
      [
        [false, 'answered', '2.04', 1, undefined],
        [false, undefined, undefined, undefined, 1],
        [true, 'answered', undefined, undefined, undefined],
        [true, undefined, undefined, undefined, undefined],
      ],
    ],
    [
      'notifications, one of them unwanted',
      [
        '> CON 1 GET [0a] Observe=0 /3/0',
        '< ACK 1 2.05 [0a] Observe=1',
        '< CON 5 2.05 [0a] Observe=2',
        '> RST 5 EMPTY',
      ],
      [
        [false, 'answered', '2.05', 1, undefined],
        [false, undefined, undefined, undefined, 1],
        [false, 'reset', undefined, 1, undefined],
        [false, undefined, undefined, undefined, 1],
      ],
    ],
    [
      'a NON and its answer',
      ['< NON 1 GET [0a] /time', '> NON 7 2.05 [0a]'],
      [
        [false, 'answered', '2.05', 1, undefined],
        [false, undefined, undefined, undefined, 1],
      ],
    ],
  ])('of %s', (_name, lines, story) => {
    const { recorder, ...recording } = known('a')
    for (const line of lines) {
      if (line.startsWith('<')) recording.hears(line.slice(2))
      else recording.says(line.slice(2))
    }
    expect(told(recorder.trace('a'), 'retransmission', 'outcome', 'answer', 'roundTrip', 'after')).toEqual(story)
  })
})

describe('a datagram', () => {
  it('longer than what is copied: the options that are there, and no fault for the cut', () => {
    const { recorder, ...recording } = known('a')
    recording.hears(`CON 1 POST [01] /rd ?ep=a Content-Format=40 "${'x'.repeat(500)}"`)
    recording.hears(`CON 2 POST [01] /rd ?${'y'.repeat(200)}`)
    const [long, longer] = recorder.trace('a')
    expect(long).toMatchObject({ size: 516, payloadSize: 500 })
    expect([long!.head.length, long!.options?.length, long!.fault]).toEqual([96, 3, undefined])
    expect(longer).toMatchObject({ options: [{ value: 'rd' }] })
    expect([longer!.payloadSize, longer!.fault]).toEqual([undefined, undefined])
  })

  it.each([
    ['41', {}, []],
    ['8001000100', {}, []],
    ['4001000113', { fault: 'option-truncated' }, []],
    ['40010001ff', { fault: 'payload-marker-alone' }, []],
    ['4f010001', { fault: 'token-length-reserved' }, []],
    ['40010001d0', { fault: 'option-truncated' }, []],
    ['40010001e1ff0041', {}, [{ number: 65549, name: '65549', value: '0x41' }]],
    ['40010001d2f00102', {}, [{ number: 253, name: '253', value: '0x0102' }]],
    ['40010001b2c328', {}, [{ number: 11, name: 'Uri-Path', value: '0xc328' }]],
    ['40010001d10a3e', {}, [{ number: 23, name: 'Block2', value: '3/1/1024' }]],
  ])('of octets %s is shown as it is', (hex, more, options) => {
    const { recorder, ...recording } = known('a')
    recording.hears(bytesOfHex(hex)!)
    const [datagram] = recorder.trace('a')
    expect(datagram).toMatchObject({ size: hex.length / 2, ...more })
    expect(datagram!.options ?? []).toEqual(options)
    expect(hexOf(datagram!.head)).toBe(hex)
  })

  it.each([
    ['> CON 1 PUT [01] /0/1 "secret"', undefined],
    ['> CON 1 GET [01] /bspack', '< ACK 1 2.05 [01] "secret"'],
    ['> CON 1 POST [01] /21/0 "secret"', undefined],
  ])('about keys of the device keeps its payload to itself: %s', (request, answer) => {
    const { recorder, ...recording } = known('a')
    recording.says(request.slice(2))
    if (answer !== undefined) recording.hears(answer.slice(2))
    const heads = recorder.trace('a').map(({ head }) => Buffer.from(head).toString('latin1'))
    expect(heads.join()).not.toContain('secret')
  })
})

describe('followers', () => {
  it('hear each datagram as it passes, also of a peer that was none before, until they have enough', () => {
    const recording = new Recording()
    const heard: (number | undefined)[] = []
    const end = recording.recorder.follow('a', ({ messageId }) => heard.push(messageId))
    recording.hears(2, 'CON 1 POST [01] /rd ?ep=a')
    expect(heard).toEqual([])
    recording.recorder.bind(2, 'a')
    recording.says(2, 'ACK 1 2.01 [01]')
    recording.hears(4, 'CON 7 POST [01] /rd ?ep=b')
    recording.recorder.bind(4, 'b')
    expect(heard).toEqual([1, 1])
    recording.hears(6, 'CON 2 POST [01] /rd ?ep=a')
    recording.recorder.bind(6, 'a')
    expect(heard).toEqual([1, 1, 2])
    end()
    recording.says(6, 'ACK 2 2.01 [01]')
    expect(heard).toEqual([1, 1, 2])
  })
})

it('in the engine: what a device said and was told, also from another address, and after its actor was let go', () => {
  const house = new EngineHarness({ 'actors.awake': 1 })
  const register = '[01] /rd ?ep=a&lt=60&lwm2m=1.1 Content-Format=40 "</1/0>"'
  house.receive(1, `CON 1 POST ${register}`)
  house.settle()
  house.receive(2, 'CON 9 POST [02] /rd ?ep=b&lt=60&lwm2m=1.1 Content-Format=40 "</1/0>"')
  house.settle()
  house.receive(3, `CON 2 POST ${register}`)
  house.settle()
  expect(told(house.engine.recorder.trace('a'), 'direction', 'type', 'messageId', 'peer')).toEqual([
    ['received', 'CON', 1, 2],
    ['sent', 'ACK', 1, 2],
    ['received', 'CON', 2, 6],
    ['sent', 'ACK', 2, 6],
  ])
  expect(house.engine.recorder.trace('b')).toHaveLength(2)
})

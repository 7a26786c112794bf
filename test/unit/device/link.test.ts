/** The virtual radio: loss, latency, polling, sleep, and the message layer the CoAP package leaves open. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { milliseconds } from '../../../src/base/time.ts'
import { Link } from '../../../src/device/link.ts'
import { personalities, type Personality } from '../../../src/device/personality.ts'

interface Bench {
  readonly link: Link
  /** Hex of what left on the wire. */
  readonly wire: string[]
  /** Hex of what the package was given. */
  readonly heard: string[]
  readonly events: string[]
}

function bench(personality: Personality, loss = 0): Bench {
  const [wire, heard, events]: [string[], string[], string[]] = [[], [], []]
  const link = new Link(
    {
      peer: { address: '192.0.2.1', port: 5683, family: 'IPv4' },
      localAddress: '192.0.2.2',
      send: (datagram) => wire.push(datagram.toString('hex')),
      close: () => events.push('closed'),
    },
    { personality, loss, random: new SeededRandom(3) },
    {
      radio: (on) => events.push(on ? 'on' : 'off'),
      lost: (direction) => events.push(`lost ${direction}`),
      emptied: (kind, messageId) => events.push(`${kind} ${messageId}`),
    },
  )
  link.on('message', (datagram: Buffer) => heard.push(datagram.toString('hex')))
  return { link, wire, heard, events }
}

const send = ({ link }: Bench, hex: string): void => {
  const datagram = Buffer.from(hex, 'hex')
  link.send(datagram, 0, datagram.length, 5683, '192.0.2.1')
}
const receive = ({ link }: Bench, hex: string): void => link.receive(Buffer.from(hex, 'hex'))

/** CON GET with message id 1234 and token aa. */
const request = '41011234aa'
/** Its piggybacked answer. */
const answer = '61451234aa'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the message layer', () => {
  it('gives a request to the package once and repeats the answer by itself', () => {
    const device = bench(personalities.ip)
    receive(device, request)
    receive(device, request)
    expect(device.wire).toEqual([])
    send(device, answer)
    receive(device, request)
    expect(device.heard).toEqual([request])
    expect(device.wire).toEqual([answer, answer])
  })

  it('takes the same message id with another token for another request', () => {
    const device = bench(personalities.ip)
    receive(device, request)
    receive(device, '41011234bb')
    expect(device.heard).toHaveLength(2)
  })

  it('forgets a message after EXCHANGE_LIFETIME', () => {
    const device = bench(personalities.ip)
    receive(device, request)
    vi.advanceTimersByTime(247_000)
    receive(device, request)
    expect(device.heard).toHaveLength(2)
  })

  it('remembers no more than it has room for', () => {
    const device = bench(personalities.ip)
    for (let id = 0; id <= 256; id++) receive(device, `4101${id.toString(16).padStart(4, '0')}aa`)
    receive(device, '41010000aa')
    expect(device.heard).toHaveLength(258)
    receive(device, '41010100aa')
    expect(device.heard).toHaveLength(258)
  })

  it('answers a ping with RST', () => {
    const device = bench(personalities.ip)
    receive(device, '40001234')
    expect(device.wire).toEqual(['70001234'])
    expect(device.heard).toEqual([])
  })

  it('says nothing to an answer nobody waits for, though the package would', () => {
    const device = bench(personalities.ip)
    device.link.on('message', () => send(device, '70001234'))
    receive(device, answer)
    expect(device.wire).toEqual([])
  })

  it('tells of empty ACKs and RSTs', () => {
    const device = bench(personalities.ip)
    receive(device, '60000007')
    receive(device, '70000008')
    expect(device.events).toEqual(['ack 7', 'reset 8'])
  })

  it('drops what is too short to be a message', () => {
    const device = bench(personalities.ip)
    receive(device, '4001')
    expect(device.heard).toEqual([])
  })
})

describe('the radio', () => {
  it('loses the share of its own datagrams it was told', () => {
    const device = bench(personalities.ip, 0.25)
    for (let id = 0; id < 1000; id++) send(device, '5001' + id.toString(16).padStart(4, '0'))
    expect(device.wire.length).toBeGreaterThan(700)
    expect(device.wire.length).toBeLessThan(800)
  })

  it('delays what it sends, and never out of order', () => {
    const device = bench({ ...personalities.ip, latency: milliseconds(500) })
    const sent = Array.from({ length: 20 }, (_, id) => `5001${id.toString(16).padStart(4, '0')}`)
    for (const each of sent) {
      send(device, each)
      vi.advanceTimersByTime(20)
    }
    expect(device.wire.length).toBeLessThan(10)
    vi.advanceTimersByTime(60_000)
    expect(device.wire).toEqual(sent)
  })

  it('goes off after the awake window, hears nothing then, and comes on when it has something to send', () => {
    const device = bench({ ...personalities.nbiot, latency: milliseconds(0) })
    send(device, request)
    vi.advanceTimersByTime(19_000)
    receive(device, '41010001aa')
    vi.advanceTimersByTime(19_000)
    expect(device.events).toEqual([])
    vi.advanceTimersByTime(1000)
    receive(device, '41010002aa')
    expect(device.events).toEqual(['off', 'lost received'])
    send(device, request)
    receive(device, '41010003aa')
    expect(device.heard).toEqual(['41010001aa', '41010003aa'])
  })

  it('of a sleepy Thread device hears at its next poll, and its parent holds two datagrams', () => {
    const device = bench({ ...personalities['thread-sleepy'], latency: milliseconds(0) })
    vi.advanceTimersByTime(10_000)
    receive(device, '41010001aa')
    receive(device, '41010002aa')
    receive(device, '41010003aa')
    expect(device.heard).toEqual([])
    expect(device.events).toEqual(['lost received'])
    vi.advanceTimersByTime(2000)
    expect(device.heard).toHaveLength(2)
  })

  it('of a sleepy Thread device polls fast while it waits for an answer', () => {
    const device = bench({ ...personalities['thread-sleepy'], latency: milliseconds(0) })
    send(device, request)
    receive(device, answer)
    vi.advanceTimersByTime(100)
    expect(device.heard).toEqual([answer])
  })

  it('that lost its power sends nothing of what was under way', () => {
    const device = bench({ ...personalities.ip, latency: milliseconds(500) })
    send(device, request)
    device.link.close()
    receive(device, request)
    send(device, answer)
    vi.advanceTimersByTime(60_000)
    expect([device.wire, device.heard, device.events]).toEqual([[], [], ['closed']])
  })
})

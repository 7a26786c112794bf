/**
 * A device's history as exchanges: which datagram repeats another, which one answers it and after how long.
 * Made of recorded heads when somebody looks, never on the way of a datagram.
 */
import { between, instantOf, type Duration, type Instant } from '../base/time.ts'
import type { Bytes } from '../base/bytes.ts'
import type { Peer } from '../coap/types.ts'
import { describeDatagram, type DatagramDescription } from './datagram-description.ts'
import type { Recorded } from './datagram-slots.ts'

export interface TracedDatagram extends Partial<DatagramDescription> {
  /** Microseconds since 1970, made unique: the order of datagrams, over a restart as well. */
  readonly id: number
  readonly at: Instant
  readonly direction: 'received' | 'sent'
  readonly peer: Peer
  /** Octets of the whole datagram. */
  readonly size: number
  /** Its first octets; what follows was not kept. Without payload where that may hold keys of the device. */
  readonly head: Bytes
  /** The same message was there before (RFC 7252 §4.2). */
  readonly retransmission: boolean
  /** Of a CON, and of any request: what the other side did with it. */
  readonly outcome?: 'answered' | 'acknowledged' | 'reset' | 'unanswered'
  /** The code it was answered with: `2.05`. */
  readonly answer?: string
  /** From its first transmission to that. */
  readonly roundTrip?: Duration
  /** Of an answer: how long after the first transmission of what it answers. */
  readonly after?: Duration
}

interface Story {
  readonly recorded: Recorded
  readonly about: DatagramDescription | undefined
  readonly at: Instant
  retransmission: boolean
  first: Story
  outcome?: NonNullable<TracedDatagram['outcome']>
  answer?: string
  roundTrip?: Duration
  after?: Duration
  holdsKeys: boolean
}

/** `recorded` of one device, oldest first. */
export function traceOf(recorded: readonly Recorded[]): TracedDatagram[] {
  const told: Story[] = []
  for (const each of recorded) {
    const about = describeDatagram(each.head, each.size)
    const at = instantOf(each.stamp / 1000)
    const story = { recorded: each, about, at, retransmission: false, holdsKeys: false } as Story
    story.first = story
    if (about !== undefined) relate(story, about, told)
    told.push(story)
  }
  return told.map(present)
}

/** Longest life of a message id, with the slowest timers of any profile; older ones are other messages. */
const memorySpan = 600_000

/** Finds the message `story` repeats, else the one it answers. */
function relate(story: Story, about: DatagramDescription, told: readonly Story[]): void {
  story.holdsKeys = isAboutKeys(about)
  if (about.type === 'CON' || isRequest(about)) story.outcome = 'unanswered'
  const repeated = newest(told, story, (earlier) => isSame(earlier, story))
  if (repeated !== undefined) {
    story.retransmission = true
    story.first = repeated.first
    if (repeated.outcome !== undefined) story.outcome = repeated.outcome
    story.holdsKeys = repeated.holdsKeys
    return
  }
  const isReply = about.type === 'ACK' || about.type === 'RST'
  const isResponse = /^[245]\./.test(about.code)
  if (!isReply && !isResponse) return
  const asked = newest(told, story, ({ recorded, about: earlier }) => {
    if (earlier === undefined || recorded.sent === story.recorded.sent) return false
    if (isReply && earlier.messageId === about.messageId && earlier.type !== 'ACK' && earlier.type !== 'RST')
      return true
    return isResponse && isRequest(earlier) && earlier.token === about.token
  })
  if (asked !== undefined) settle(asked, story, about, isResponse)
}

function newest(told: readonly Story[], story: Story, fits: (earlier: Story) => boolean): Story | undefined {
  for (let i = told.length - 1; i >= 0; i--) {
    const earlier = told[i]!
    if (between(earlier.at, story.at) > memorySpan) return undefined
    if (fits(earlier)) return earlier
  }
  return undefined
}

function settle(asked: Story, reply: Story, about: DatagramDescription, isResponse: boolean): void {
  const { first } = asked
  if (isResponse && first.holdsKeys) reply.holdsKeys = true
  // A notification comes under the token of a request that was answered long ago.
  if (first.outcome === 'answered') return
  reply.after = between(first.at, reply.at)
  for (const each of new Set([first, asked])) {
    each.outcome = about.type === 'RST' ? 'reset' : isResponse ? 'answered' : 'acknowledged'
    if (isResponse) each.answer = about.code
    each.roundTrip = reply.after
  }
}

function isRequest({ code }: DatagramDescription): boolean {
  return code.startsWith('0.') && code !== '0.00'
}

function isSame(a: Story, b: Story): boolean {
  const [left, right] = [a.about, b.about]
  if (left === undefined || right === undefined || a.recorded.sent !== b.recorded.sent) return false
  return (
    a.recorded.size === b.recorded.size &&
    left.messageId === right.messageId &&
    left.type === right.type &&
    left.code === right.code &&
    left.token === right.token
  )
}

/** Objects 0 and 21 and the bootstrap pack hold credentials (LwM2M Core 1.2 §E.1). */
const keyPaths = new Set(['0', '21', 'bspack'])

function isAboutKeys(about: DatagramDescription): boolean {
  const first = about.options.find(({ name }) => name === 'Uri-Path')
  return isRequest(about) && first !== undefined && keyPaths.has(first.value)
}

function present(story: Story): TracedDatagram {
  const { recorded, about, at, retransmission, outcome, answer, roundTrip, after, holdsKeys } = story
  const head = holdsKeys && about !== undefined ? recorded.head.subarray(0, about.payloadStart) : recorded.head
  return {
    ...about,
    id: recorded.stamp,
    at,
    direction: recorded.sent ? 'sent' : 'received',
    peer: recorded.peer,
    size: recorded.size,
    head,
    retransmission,
    ...(outcome !== undefined && { outcome }),
    ...(answer !== undefined && { answer }),
    ...(roundTrip !== undefined && { roundTrip }),
    ...(after !== undefined && { after }),
  }
}

/**
 * Between the package's requests and the device's answers: reads the options, lets the handler decide, cuts
 * long answers into blocks the personality can send, and tells the log.
 */
import { instantOf, type Instant } from '../base/time.ts'
import { blockOctets, blockOf, first, hasUnknownCritical, texts, uintOf } from './coap-options.ts'
import type { Incoming } from './coap-stack.ts'
import type { Narrator } from './narrator.ts'
import type { Channel } from './observations.ts'
import { ObserverChannel, type ChannelPorts } from './observer-channel.ts'
import type { Answer, Request } from './requests.ts'

/** An answer being fetched block by block: values move, but its blocks must fit together. One, as small devices have. */
interface Snapshot {
  readonly key: string
  readonly answer: Answer
}

/** Decides what a request is answered with. */
export interface Handler {
  answer(request: Request, channel: Channel, now: Instant): Answer
}

const noChannel: Channel = { busy: false, open: false, notify: () => undefined, close: () => undefined }

export class Answering {
  readonly #handler: Handler
  readonly #ports: ChannelPorts
  readonly #narrator: Narrator
  readonly #channels = new Set<ObserverChannel>()
  #snapshot: Snapshot | undefined

  constructor(handler: Handler, ports: ChannelPorts, narrator: Narrator) {
    this.#handler = handler
    this.#ports = ports
    this.#narrator = narrator
  }

  respond(incoming: Incoming): void {
    const request = requestOf(incoming)
    const channel = incoming.observe ? this.#channelFor(request, incoming.response) : undefined
    let answer: Answer
    try {
      answer = this.#answer(incoming, request, channel ?? noChannel)
    } catch (error) {
      // The package would swallow it: say what broke, to both sides.
      this.#narrator.trouble(`${request.method} /${request.segments.join('/')}: ${String(error)}`)
      answer = { code: '5.00', said: 'internal error' }
    }
    const size = answer.payload === undefined ? '' : `, ${answer.payload.length} octets`
    if (answer.code === '2.31') this.#narrator.detail(`${answer.said}  ${answer.code}`)
    else this.#narrator.received(`${answer.said}  ${answer.code}${size}`)
    if (channel !== undefined && incoming.observe) this.#observed(channel, incoming.response, answer)
    else if (!incoming.observe) this.#send(incoming.response, answer)
  }

  #channelFor(request: Request, stream: Extract<Incoming, { observe: true }>['response']): ObserverChannel {
    return new ObserverChannel(stream, this.#ports, (format, payload) => {
      this.#snapshot = { key: snapshotKey(request), answer: { code: '2.05', format, payload, said: 'notification' } }
    })
  }

  #answer(incoming: Incoming, request: Request, channel: Channel): Answer {
    const key = snapshotKey(request)
    const block2 = blockOf(first(incoming.options, 'Block2'))
    if (block2 !== undefined && block2.num > 0 && this.#snapshot?.key === key) return this.#snapshot.answer
    const answer = this.#handler.answer(request, channel, instantOf(Date.now()))
    if ((answer.payload?.length ?? 0) > this.#ports.blockSize) this.#snapshot = { key, answer }
    return answer
  }

  #send(response: Exclude<Incoming, { observe: true }>['response'], answer: Answer): void {
    const { code, format, payload, block1, size1 } = answer
    response.code = code
    if (format !== undefined) response.setOption('Content-Format', format)
    if (block1 !== undefined) response.setOption('Block1', block1)
    if (size1 !== undefined) response.setOption('Size1', size1)
    if (payload !== undefined && payload.length > 0) this.#limitBlock(response, payload)
    response.end(payload)
  }

  /** The package cuts by the Block2 of the request: give it one where the request has none, or too large a one. */
  #limitBlock({ _request: request }: Exclude<Incoming, { observe: true }>['response'], payload: Buffer): void {
    const { blockSize } = this.#ports
    const options = request.options ?? []
    const asked = blockOf(options.find((option) => option.name === 'Block2')?.value)
    const tooLarge = asked === undefined ? payload.length > blockSize : asked.num === 0 && asked.size > blockSize
    if (!tooLarge) return
    const value = blockOctets({ num: 0, more: false, size: blockSize })
    request.options = [...options.filter((option) => option.name !== 'Block2'), { name: 'Block2', value }]
  }

  #observed(channel: ObserverChannel, stream: Extract<Incoming, { observe: true }>['response'], answer: Answer): void {
    if (answer.observing === true && answer.format !== undefined && answer.payload !== undefined) {
      for (const each of this.#channels) if (!each.open) this.#channels.delete(each)
      this.#channels.add(channel)
      channel.answer(answer.format, answer.payload)
      return
    }
    stream.statusCode = answer.code
    if (answer.format !== undefined) stream.setOption('Content-Format', answer.format)
    if (answer.payload !== undefined) {
      // Sent past `write`, which would add an Observe option: a plain answer (RFC 7641 §4.1).
      stream._doSend(answer.payload)
      stream._counter = 1
    }
    stream.end()
  }

  emptied(kind: 'ack' | 'reset', messageId: number): void {
    for (const channel of this.#channels) channel.emptied(kind, messageId)
  }
}

function snapshotKey({ method, accept, segments }: Request): string {
  return [method, accept ?? '', ...segments].join(' ')
}

function requestOf({ request, options, observe }: Incoming): Request {
  return {
    method: request.method ?? request.code,
    segments: texts(options, 'Uri-Path'),
    queries: texts(options, 'Uri-Query'),
    accept: uintOf(first(options, 'Accept')),
    contentFormat: uintOf(first(options, 'Content-Format')),
    payload: Buffer.from(request.payload),
    block1: blockOf(first(options, 'Block1')),
    observe: observe ? 'start' : uintOf(first(options, 'Observe')) === 1 ? 'stop' : undefined,
    token: request._packet.token?.toString('hex') ?? '',
    unknownCritical: hasUnknownCritical(options),
  }
}

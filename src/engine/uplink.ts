/**
 * Where a device's message goes: answered on the spot when it changes nothing, else an input of the
 * device's actor. Resources: `/rd` (LwM2M Core 1.2 §6.2), `/dp` (§6.4.6), `/fw/{image}`, `/.well-known/core`,
 * and those of devices that speak no LwM2M (`resources/plain-devices.ts`).
 */
import { copyOf, hexOf, noBytes, utf8 } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'
import type { Instant } from '../base/time.ts'
import { isSafeMethod, method, response as codes } from '../coap/codes.ts'
import { contentFormat } from '../coap/content-formats.ts'
import { option } from '../coap/options.ts'
import { servedSlice, sizeOf } from '../coap/block.ts'
import type { InboundNotification, InboundRequest, OutboundResponse } from '../coap/types.ts'
import { acceptable, preconditionHolds } from '../coap/preconditions.ts'
import { answerWellKnownCore, isWellKnownCore } from '../coap/well-known.ts'
import { isFault } from '../base/fault.ts'
import { parseRegister, parseUpdate, registrationIdOctets, registrationIdOf } from '../lwm2m/registration.ts'
import { reactionTo } from '../lwm2m/reactions.ts'
import type { EngineCore } from './core.ts'
import type { ActorInput } from './inputs.ts'
import { unknownDevice } from './command-errors.ts'
import { offeredLinks } from './resources/links.ts'
import { PlainDevices, unknownPeer } from './resources/plain-devices.ts'

const greeting: OutboundResponse = Object.freeze({
  code: codes.content,
  payload: utf8('Coapstan, a CoAP and LwM2M server\n'),
  contentFormat: contentFormat.text,
  constant: true,
})

export class Uplink {
  readonly #engine: EngineCore
  readonly #random: Random
  readonly #plainDevices: PlainDevices
  /** The answer with the image last asked for: fleets ask for one, block after block. */
  #imageAnswer: OutboundResponse = notFound

  constructor(engine: EngineCore, random: Random) {
    this.#engine = engine
    this.#random = random
    this.#plainDevices = new PlainDevices(engine)
  }

  request(now: Instant, request: InboundRequest): void {
    if (!mayChange(request)) return this.#respond(now, request, preconditionFailed)
    this.#route(now, request, request.path)
  }

  #route(now: Instant, request: InboundRequest, path: readonly string[]): void {
    // What is beyond the end of an array is dear to ask for
    if (path.length === 0) {
      const isText = acceptable(request.options, greetingFormats) !== undefined
      return this.#get(now, request, isText ? greeting : notAcceptable)
    }
    switch (path[0]) {
      case 'rd':
        if (path.length === 1) return this.#directory(now, request, path)
        if (path.length === 2 && path[1] !== '') return this.#location(now, request, path[1]!)
        return this.#routeApart(now, request, path)
      case 'fw':
        return this.#firmware(now, request, path)
      case 'dp':
        return this.#send(now, request)
      case '.well-known':
        if (!isWellKnownCore(path)) return this.#respond(now, request, notFound)
        return this.#get(now, request, answerWellKnownCore(offeredLinks, request))
      case 'data':
        if (path.length > 1) return this.#respond(now, request, notFound)
        return this.#plainDevices.data(now, request)
      case 'config':
        if (path.length > 1) return this.#respond(now, request, notFound)
        return this.#plainDevices.configuration(now, request)
      default:
        return this.#routeApart(now, request, path)
    }
  }

  /** Small stacks write a path into one segment (`rd/5a`), or leave an empty one at its end. */
  #routeApart(now: Instant, request: InboundRequest, path: readonly string[]): void {
    const apart = path
      .join('/')
      .split('/')
      .filter((segment) => segment !== '')
    const isWhole = apart.length === path.length && apart.every((segment, index) => segment === path[index])
    if (isWhole) return this.#respond(now, request, notFound)
    this.#route(now, request, apart)
  }

  notification(now: Instant, notification: InboundNotification): void {
    const token = hexOf(notification.token)
    this.#engine.deliver(
      now,
      { by: 'observation', token },
      {
        input: 'notification',
        exchange: notification.exchange,
        from: this.#engine.senderOf(notification.peer),
        token,
        code: notification.code,
        sequence: notification.sequence,
        messageId: notification.messageId,
        contentFormat: notification.options.uint(option.contentFormat),
        payload: copyOf(notification.payload),
        more: notification.more,
      },
    )
  }

  /** The store knows no device for what `input` was addressed to. */
  answerUnknownDevice(now: Instant, input: ActorInput): void {
    switch (input.input) {
      case 'update':
      case 'deregister':
        this.#engine.coap.respond(now, input.exchange, notFound)
        return
      case 'notification':
        // Whoever sent it observes for nobody: RST makes it forget (RFC 7641 §3.5).
        this.#engine.coap.reject(now, input.exchange)
        return
      case 'send':
        this.#engine.coap.respond(now, input.exchange, notRegistered)
        return
      case 'data':
      case 'configuration':
        this.#engine.coap.respond(now, input.exchange, unknownPeer)
        return
      case 'command':
        input.reply.reject(unknownDevice(input.command.endpoint))
        return
      default:
        return
    }
  }

  #directory(now: Instant, request: InboundRequest, path: readonly string[]): void {
    if (request.code !== method.post) return this.#respond(now, request, methodNotAllowed)
    const from = this.#engine.senderOf(request.peer)
    const register = parseRegister(request, from.secured ? from.endpoint : undefined, path !== request.path)
    if (isFault(register)) return this.#respond(now, request, reactionTo(register))
    this.#engine.deliver(
      now,
      { by: 'endpoint', endpoint: register.endpoint },
      {
        input: 'register',
        exchange: request.exchange,
        from,
        request: register,
        messageId: request.messageId,
        token: hexOf(request.token),
        newId: registrationIdOf(now, this.#random.bytes(registrationIdOctets)),
      },
    )
  }

  #location(now: Instant, request: InboundRequest, registrationId: string): void {
    const { exchange } = request
    const from = this.#engine.senderOf(request.peer)
    if (request.code === method.delete) {
      this.#engine.deliver(
        now,
        { by: 'registration', registrationId },
        { input: 'deregister', exchange, from, registrationId },
      )
      return
    }
    if (request.code !== method.post && request.code !== method.put)
      return this.#respond(now, request, methodNotAllowed)
    const update = parseUpdate(request)
    if (isFault(update)) return this.#respond(now, request, reactionTo(update))
    this.#engine.deliver(
      now,
      { by: 'registration', registrationId },
      { input: 'update', exchange, from, registrationId, request: update },
    )
  }

  #send(now: Instant, request: InboundRequest): void {
    if (request.code !== method.post) return this.#respond(now, request, methodNotAllowed)
    const from = this.#engine.senderOf(request.peer)
    const key = this.#engine.actors.keyOf(from)
    if (key === undefined) return this.#respond(now, request, notRegistered)
    this.#engine.deliver(now, key, {
      input: 'send',
      exchange: request.exchange,
      from,
      contentFormat: request.options.uint(option.contentFormat),
      payload: copyOf(request.payload),
    })
  }

  /** `/fw/{image}` or `/fw/{image}/{device, base 36}`: the second tells whose progress it is. */
  #firmware(now: Instant, request: InboundRequest, path: readonly string[]): void {
    const body = path.length === 2 || path.length === 3 ? this.#engine.output.image(path[1]!) : undefined
    if (body === undefined) return this.#respond(now, request, notFound)
    if (request.code !== method.get) return this.#respond(now, request, methodNotAllowed)
    if (acceptable(request.options, imageFormats) === undefined) return this.#respond(now, request, notAcceptable)
    if (this.#imageAnswer.body !== body) {
      this.#imageAnswer = { code: codes.content, body, contentFormat: contentFormat.octetStream }
    }
    this.#respond(now, request, this.#imageAnswer)
    if (path.length === 2) return
    const deviceId = numberOf(path[2]!)
    if (deviceId === undefined) return
    const slice = servedSlice(body.size, request.options.uint(option.block2), this.#engine.profileOf(request.peer))
    if (slice === undefined) return
    const { offset, length, sizeExponent } = slice
    const block = { offset, length, size: body.size, blockSize: sizeOf(sizeExponent) }
    const actor = this.#engine.actors.ofId(deviceId)
    const isOwn = actor !== undefined && actor === this.#engine.actors.ofPeer(request.peer)
    if (isOwn) {
      // What waits for it is sent with the next step of its progress: a download is not interrupted by each block.
      actor.lastUplink = now
      actor.silent = false
    }
    if (actor?.takesBlock(now, block) === true) return
    this.#engine.deliver(now, { by: 'id', deviceId }, { input: 'block-served', isOwn, ...block })
  }

  #get(now: Instant, request: InboundRequest, response: OutboundResponse): void {
    this.#respond(now, request, request.code === method.get ? response : methodNotAllowed)
  }

  #respond(now: Instant, request: InboundRequest, response: OutboundResponse): void {
    this.#engine.coap.respond(now, request.exchange, response)
  }
}

/** RFC 7252 §5.10.8: what requests change here is there, without a tag; of what they only read, the answer decides. */
function mayChange({ code, path, options }: InboundRequest): boolean {
  return isSafeMethod(code) || !changing.has(path[0] ?? '') || preconditionHolds(options, noBytes)
}

const changing: ReadonlySet<string> = new Set(['rd', 'dp', 'data'])
const preconditionFailed: OutboundResponse = { code: codes.preconditionFailed }

/** Digits of base 36, without the run-time call `parseInt` is; undefined where they are none, or too many. */
function numberOf(digits: string): number | undefined {
  let number = 0
  for (let i = 0; i < digits.length; i++) {
    const code = digits.charCodeAt(i)
    const digit = code >= 97 ? code - 87 : code - 48
    if (digit < 0 || digit > 35 || (digit > 9 && code < 97)) return undefined
    number = 36 * number + digit
  }
  return Number.isSafeInteger(number) ? number : undefined
}

const notRegistered: OutboundResponse = reactionTo({ fault: 'send.not-registered' })
const notFound: OutboundResponse = { code: codes.notFound }
const notAcceptable: OutboundResponse = { code: codes.notAcceptable }
const greetingFormats = [contentFormat.text]
const imageFormats = [contentFormat.octetStream]
const methodNotAllowed: OutboundResponse = { code: codes.methodNotAllowed }

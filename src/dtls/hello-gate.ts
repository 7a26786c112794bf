/**
 * The door: a ClientHello without the right cookie gets a HelloVerifyRequest, never longer than itself, and
 * leaves no trace here (RFC 6347 §4.2.1). Known sessions and pre-shared keys are no exemption.
 */
import { noBytes, type Bytes } from '../base/bytes.ts'
import type { Instant } from '../base/time.ts'
import { CookieMint } from './cookie.ts'
import type { HandshakesHost } from './handshakes-host.ts'
import { decodeClientHelloPrefix, type ClientHelloPrefix } from './wire/client-hello.ts'
import {
  encodeFragmentHeader,
  handshakeHeaderLength,
  handshakeType,
  type FragmentHeader,
} from './wire/handshake-header.ts'
import { encodeHelloVerifyRequest } from './wire/hello-verify-request.ts'
import { Reader } from './wire/reader.ts'
import { contentType, encodeRecordHeader, recordHeaderLength, type RecordHeader } from './wire/record.ts'

/** A second hello has message_seq 1; each further HelloVerifyRequest adds one (RFC 6347 §4.2.2). */
const helloSequenceLimit = 15
/** A hello's record number we go on counting from; none comes near in earnest. */
const plainSequenceLimit = 2 ** 40

export class HelloGate {
  readonly #host: HandshakesHost
  readonly #cookies: CookieMint
  readonly #out = new Uint8Array(64)

  constructor(host: HandshakesHost) {
    this.#host = host
    this.#cookies = new CookieMint(host.crypto, host.random, host.options.cookieRotation)
  }

  /** The hello's first half where its cookie is right; otherwise undefined, and all is done that is to be done. */
  pass(
    now: Instant,
    path: number,
    address: Bytes,
    buffer: Bytes,
    record: RecordHeader,
    fragment: FragmentHeader,
  ): ClientHelloPrefix | undefined {
    const hello = decodeClientHelloPrefix(new Reader(buffer, fragment.start, fragment.end))
    if (hello === undefined || fragment.messageSequence > helloSequenceLimit || record.sequence > plainSequenceLimit) {
      this.#host.fault('hello-malformed')
      return undefined
    }
    if (fragment.messageSequence > 0 && this.#cookies.isValid(now, address, hello)) return hello
    this.#host.fault('hello-without-cookie')
    this.#sendHelloVerifyRequest(now, path, this.#cookies.make(now, address, hello), record, fragment)
    return undefined
  }

  #sendHelloVerifyRequest(
    now: Instant,
    path: number,
    cookie: Bytes,
    record: RecordHeader,
    fragment: FragmentHeader,
  ): void {
    const body = encodeHelloVerifyRequest(cookie)
    const length = handshakeHeaderLength + body.length
    if (recordHeaderLength + length > record.end - record.at) return
    const out = this.#out
    // RFC 6347 §4.2.1: record number and message_seq are the hello's
    const at = encodeRecordHeader(out, 0, contentType.handshake, 0, record.sequence, noBytes, length)
    const type = handshakeType.helloVerifyRequest
    encodeFragmentHeader(out, at, type, body.length, fragment.messageSequence, 0, body.length)
    out.set(body, at + handshakeHeaderLength)
    this.#host.sink.send(now, path, out, 0, at + length)
  }
}

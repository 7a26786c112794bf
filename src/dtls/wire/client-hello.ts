/**
 * ClientHello (RFC 6347 §4.2.1, RFC 5246 §7.4.1.2): its first half, which a stranger's cookie is made
 * over and which is looked at without keeping anything, and the whole.
 */
import type { Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import { encodeExtensionList } from './extensions/extension.ts'
import {
  decodeClientExtensions,
  extensionsOf,
  type ClientExtensions,
  type OfferedExtensions,
} from './hello-extensions.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

const randomLength = 32
const sessionIdLimit = 32

/** Views of the datagram, or of the reassembled message. */
export interface ClientHelloPrefix {
  readonly version: number
  readonly random: Bytes
  readonly sessionId: Bytes
  readonly cookie: Bytes
  /** Undecoded list of suite numbers. */
  readonly suites: Bytes
}

export interface ClientHello extends ClientHelloPrefix {
  readonly suiteNumbers: readonly number[]
  readonly compressionMethods: Bytes
  readonly extensions: ClientExtensions
}

/** What stands before the compression methods, or undefined where that much is not there or lies about lengths. */
export function decodeClientHelloPrefix(reader: Reader): ClientHelloPrefix | undefined {
  const version = reader.uint16()
  const random = reader.bytes(randomLength)
  const sessionId = reader.vector8()
  const cookie = reader.vector8()
  const suites = reader.vector16()
  if (reader.failed || sessionId.length > sessionIdLimit) return undefined
  if (suites.length === 0 || suites.length % 2 !== 0) return undefined
  return { version, random, sessionId, cookie, suites }
}

export function decodeClientHello(body: Bytes): ClientHello | DtlsFault {
  const reader = new Reader(body)
  const prefix = decodeClientHelloPrefix(reader)
  const compressionMethods = reader.vector8()
  if (prefix === undefined || reader.failed || compressionMethods.length === 0) {
    return dtlsFault('message-malformed', 'ClientHello')
  }
  const extensions = decodeClientExtensions(reader)
  if (isFault(extensions)) return extensions
  const suiteNumbers: number[] = []
  const suites = new Reader(prefix.suites)
  while (suites.remaining > 0) suiteNumbers.push(suites.uint16())
  return { ...prefix, suiteNumbers, compressionMethods, extensions }
}

export interface OfferedClientHello {
  readonly version: number
  readonly random: Bytes
  readonly sessionId: Bytes
  readonly cookie: Bytes
  readonly suiteNumbers: readonly number[]
  readonly extensions: OfferedExtensions
}

export function encodeClientHello(hello: OfferedClientHello): Bytes {
  const writer = new Writer(160).uint16(hello.version).bytes(hello.random)
  writer.vector8(hello.sessionId).vector8(hello.cookie)
  writer.uint16(2 * hello.suiteNumbers.length)
  for (const suite of hello.suiteNumbers) writer.uint16(suite)
  writer.uint8(1).uint8(0) // no compression (RFC 7925 §4.1)
  encodeExtensionList(writer, extensionsOf(hello.extensions))
  return writer.done()
}

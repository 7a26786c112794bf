/** ServerHello (RFC 5246 §7.4.1.3). */
import type { Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import { dtlsFault, type DtlsFault } from '../faults.ts'
import { encodeExtensionList } from './extensions/extension.ts'
import {
  decodeServerExtensions,
  extensionsOf,
  type OfferedExtensions,
  type ServerExtensions,
} from './hello-extensions.ts'
import { Reader } from './reader.ts'
import { version } from './record.ts'
import { Writer } from './writer.ts'

export interface ServerHello {
  readonly version: number
  readonly random: Bytes
  readonly sessionId: Bytes
  readonly suiteNumber: number
  readonly extensions: ServerExtensions
}

export function decodeServerHello(body: Bytes): ServerHello | DtlsFault {
  const reader = new Reader(body)
  const chosenVersion = reader.uint16()
  const random = reader.bytes(32)
  const sessionId = reader.vector8()
  const suiteNumber = reader.uint16()
  const compression = reader.uint8()
  if (reader.failed || sessionId.length > 32) return dtlsFault('message-malformed', 'ServerHello')
  if (compression !== 0) return dtlsFault('compression-unsupported')
  const extensions = decodeServerExtensions(reader)
  if (isFault(extensions)) return extensions
  return { version: chosenVersion, random, sessionId, suiteNumber, extensions }
}

export function encodeServerHello(
  random: Bytes,
  sessionId: Bytes,
  suiteNumber: number,
  extensions: OfferedExtensions,
): Bytes {
  const writer = new Writer(96).uint16(version.dtls12).bytes(random).vector8(sessionId)
  writer.uint16(suiteNumber).uint8(0)
  encodeExtensionList(writer, extensionsOf(extensions))
  return writer.done()
}

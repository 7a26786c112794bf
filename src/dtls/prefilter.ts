/**
 * What can be thrown away by looking at a few octets, before any table is asked: neither scanners nor
 * plain CoAP on the wrong port get further.
 */
import type { Bytes } from '../base/bytes.ts'
import { contentType, recordHeaderLength, version } from './wire/record.ts'

/** Whether the octets could begin a DTLS 1.2 record of ours: type, version, epoch. */
export function mayBeRecord(buffer: Bytes, at: number, end: number): boolean {
  if (end - at < recordHeaderLength) return false
  const type = buffer[at]!
  const recordVersion = buffer[at + 1]! * 0x100 + buffer[at + 2]!
  const epoch = buffer[at + 3]! * 0x100 + buffer[at + 4]!
  if (epoch > 1) return false // there is no renegotiation, so there is no third epoch
  switch (type) {
    case contentType.handshake:
    case contentType.alert:
      // a first hello may still call itself 1.0 (RFC 6347 §4.2.1)
      return recordVersion === version.dtls12 || (recordVersion === version.dtls10 && epoch === 0)
    case contentType.changeCipherSpec:
      return recordVersion === version.dtls12 && epoch === 0
    case contentType.applicationData:
    case contentType.connectionId:
    case contentType.returnRoutability:
      return recordVersion === version.dtls12 && epoch === 1
    default:
      return false
  }
}

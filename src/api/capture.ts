/**
 * Datagrams as a capture file Wireshark opens: libpcap's classic format, link type RAW, with IP and UDP
 * headers made up around each. The server's port is written as 5683 whatever it is, so that the reader sees
 * CoAP: of a secured device this is what was inside DTLS. Reads no network.
 */
import type { Bytes } from '../base/bytes.ts'

export interface CapturedDatagram {
  /** Microseconds since 1970. */
  readonly id: number
  readonly direction: 'received' | 'sent'
  /** Of the device; an empty address is written as the unspecified one. */
  readonly remote: { readonly address: string; readonly port: number }
  /** Octets of the whole datagram, of which `head` is the beginning. */
  readonly size: number
  readonly head: Bytes
}

/** RFC 7252 §6.1 */
const coapPort = 5683
const linkTypeRaw = 101
const snapLength = 65_535
const udpHeader = 8
const protocolUdp = 17
const hopLimit = 64

/** The file; `local` is the address the server listens on. */
export function captureOf(datagrams: readonly CapturedDatagram[], local: string): Bytes {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0) // microseconds
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(snapLength, 16)
  header.writeUInt32LE(linkTypeRaw, 20)
  return Buffer.concat([header, ...datagrams.map((datagram) => recordOf(datagram, local))])
}

function recordOf(datagram: CapturedDatagram, local: string): Buffer {
  const { id, head, size } = datagram
  const packet = packetOf(datagram, local)
  const record = Buffer.alloc(16)
  record.writeUInt32LE(Math.floor(id / 1e6), 0)
  record.writeUInt32LE(id % 1e6, 4)
  record.writeUInt32LE(packet.length, 8)
  record.writeUInt32LE(packet.length + size - head.length, 12)
  return Buffer.concat([record, packet])
}

function packetOf({ direction, remote, size, head }: CapturedDatagram, local: string): Buffer {
  const isV6 = (remote.address || local).includes(':')
  const there = octetsOf(remote.address, isV6)
  const here = octetsOf(local, isV6)
  const [from, to] = direction === 'sent' ? [here, there] : [there, here]
  const [fromPort, toPort] = direction === 'sent' ? [coapPort, remote.port] : [remote.port, coapPort]
  const udp = Buffer.alloc(udpHeader)
  udp.writeUInt16BE(fromPort, 0)
  udp.writeUInt16BE(toPort, 2)
  udp.writeUInt16BE(udpHeader + size, 4)
  // RFC 8200 §8.1: over IPv6 there is a sum, so where octets are missing it cannot be right, but it is there.
  if (head.length < size && isV6) udp.writeUInt16BE(0xffff, 6)
  if (head.length === size) {
    const pseudo = Buffer.from([0, protocolUdp, 0, 0])
    pseudo.writeUInt16BE(udpHeader + size, 2)
    // RFC 768: a sum of 0 is sent as all ones
    udp.writeUInt16BE(checksum(Buffer.concat([from, to, pseudo, udp, head])) || 0xffff, 6)
  }
  const ip = isV6 ? ipv6Header(from, to, udpHeader + size) : ipv4Header(from, to, udpHeader + size)
  return Buffer.concat([ip, udp, head])
}

/** RFC 791 §3.1 */
function ipv4Header(from: Buffer, to: Buffer, length: number): Buffer {
  const header = Buffer.alloc(20)
  header[0] = 0x45
  header.writeUInt16BE(Math.min(header.length + length, 0xffff), 2)
  header.writeUInt16BE(0x4000, 6) // not to be fragmented
  header[8] = hopLimit
  header[9] = protocolUdp
  from.copy(header, 12)
  to.copy(header, 16)
  header.writeUInt16BE(checksum(header), 10)
  return header
}

/** RFC 8200 §3 */
function ipv6Header(from: Buffer, to: Buffer, length: number): Buffer {
  const header = Buffer.alloc(40)
  header[0] = 0x60
  header.writeUInt16BE(length, 4)
  header[6] = protocolUdp
  header[7] = hopLimit
  from.copy(header, 8)
  to.copy(header, 24)
  return header
}

/** RFC 1071 §1 */
function checksum(octets: Bytes): number {
  let sum = 0
  for (let i = 0; i < octets.length; i += 2) sum += (octets[i]! << 8) | (octets[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** Octets of a textual address; the unspecified one where it is of the other family, or none. */
function octetsOf(address: string, isV6: boolean): Buffer {
  const octets = Buffer.alloc(isV6 ? 16 : 4)
  if (address === '' || address.includes(':') !== isV6) return octets
  if (!isV6) return Buffer.from(address.split('.').map(Number))
  const [left = '', right] = address.replace(/%.*$/, '').split('::')
  const [front, back] = [groupsOf(left), groupsOf(right ?? '')]
  front.copy(octets, 0)
  back.copy(octets, 16 - back.length)
  return octets
}

function groupsOf(text: string): Buffer {
  const groups = text === '' ? [] : text.split(':')
  return Buffer.from(
    groups.flatMap((group) => {
      if (group.includes('.')) return group.split('.').map(Number)
      const value = Number.parseInt(group, 16)
      return [value >> 8, value & 0xff]
    }),
  )
}

/** IP addresses as octets, as they stand in a packet, and prefixes of them. Resolves no names. */
import type { Bytes } from './bytes.ts'

/** 4 or 16; all zeros for an address that is none. */
export function octetsOfAddress(address: string): readonly number[] {
  return address.includes(':') ? sixteen(address) : address.split('.').map(Number)
}

/** An address and port as octets: 4 or 16 and 2. All zeros where there is none. */
export function addressOctets(remote: { readonly address: string; readonly port: number } | undefined): Bytes {
  if (remote === undefined) return new Uint8Array(6)
  const { address, port } = remote
  return Uint8Array.from([...octetsOfAddress(address), port >> 8, port & 0xff])
}

export interface AddressPrefix {
  readonly octets: readonly number[]
  /** Leading bits that count. */
  readonly bits: number
}

/** `10.1.0.0/16`, `2001:db8::/32`, or a whole address; undefined where it is neither. */
export function prefixOfText(text: string): AddressPrefix | undefined {
  const [address = '', length, ...rest] = text.trim().split('/')
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(address) || /^[\da-f:.]*:[\da-f:.]*$/i.test(address)
  if (!isAddress || rest.length > 0) return undefined
  const octets = octetsOfAddress(address)
  const most = 8 * octets.length
  const bits = length === undefined ? most : Number(length)
  const isSound = octets.every((octet) => octet >= 0 && octet <= 255) && Number.isInteger(bits)
  return isSound && length !== '' && bits >= 0 && bits <= most ? { octets, bits } : undefined
}

/** An IPv4 address within IPv6 (`::ffff:10.1.2.3`) is the IPv4 address. */
export function isWithinPrefix({ octets, bits }: AddressPrefix, address: string): boolean {
  const plain = address.toLowerCase().startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  const own = octetsOfAddress(plain)
  if (own.length !== octets.length) return false
  return octets.every((octet, index) => {
    const significant = Math.min(8, Math.max(0, bits - 8 * index))
    const mask = (0xff << (8 - significant)) & 0xff
    return (octet & mask) === (own[index]! & mask)
  })
}

function sixteen(address: string): readonly number[] {
  const [head = '', tail] = address.split('%', 1)[0]!.split('::')
  const before = groups(head)
  const behind = tail === undefined ? [] : groups(tail)
  const gap = tail === undefined ? 0 : Math.max(0, 16 - before.length - behind.length)
  return [...before, ...Array.from({ length: gap }, () => 0), ...behind].slice(0, 16)
}

function groups(text: string): readonly number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

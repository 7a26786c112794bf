/** An address and port as octets: 4 or 16 and 2, as they stand in a packet. */
import type { Bytes } from '../base/bytes.ts'
import type { RemoteEndpoint } from './ports.ts'

/** All zeros for an address that is none. */
export function addressOctets(remote: RemoteEndpoint | undefined): Bytes {
  if (remote === undefined) return new Uint8Array(6)
  const { address, port } = remote
  const octets = address.includes(':') ? sixteen(address) : address.split('.').map(Number)
  return Uint8Array.from([...octets, port >> 8, port & 0xff])
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

/**
 * server_name (RFC 6066 §3): which host the client meant. Devices put raw addresses there, which the RFC
 * forbids; such a name is ignored, never fatal.
 */
import { textOf, utf8, type Bytes } from '../../../base/bytes.ts'
import { Reader } from '../reader.ts'
import { Writer } from '../writer.ts'

export const serverNameExtension = 0
const hostName = 0
const dnsName = /^(?=.{1,253}\.?$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/
const numbersOnly = /^[0-9.]+$/

/** The host name in lower case, '' for one to be ignored, undefined where malformed. */
export function decodeServerName(body: Bytes): string | undefined {
  if (body.length === 0) return '' // how a server acknowledges
  const reader = new Reader(body)
  const list = new Reader(reader.vector16())
  if (!reader.finished) return undefined
  let name = ''
  while (list.remaining > 0) {
    const type = list.uint8()
    const value = list.vector16()
    if (list.failed) return undefined
    if (type === hostName && name === '') name = usable(value)
  }
  return name
}

export function encodeServerName(name: string): Bytes {
  const entry = new Writer(3 + name.length).uint8(hostName).vector16(utf8(name)).done()
  return new Writer(2 + entry.length).vector16(entry).done()
}

function usable(value: Bytes): string {
  const name = textOf(value)?.toLowerCase() ?? ''
  return dnsName.test(name) && !numbersOnly.test(name) ? name : ''
}

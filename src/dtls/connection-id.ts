/**
 * Connection ids we hand out: `shard (1) ‖ random`, one length per listener (ARCHITECTURE §4), because a
 * record does not carry the length (RFC 9146 §4).
 */
import { type Bytes } from '../base/bytes.ts'
import type { Random } from '../base/random.ts'

/** A CID as a map's key: a number up to six octets, text beyond. */
export type CidKey = number | string

export function cidKeyOf(buffer: Bytes, start: number, end: number): CidKey {
  if (end - start <= 6) {
    let key = 0
    for (let i = start; i < end; i++) key = key * 0x100 + buffer[i]!
    return key
  }
  let key = ''
  for (let i = start; i < end; i++) key += String.fromCharCode(buffer[i]!)
  return key
}

/** A CID of `length` octets that `isTaken` knows nothing of, or undefined after a few tries: the space is full. */
export function newConnectionId(
  random: Random,
  shard: number,
  length: number,
  isTaken: (key: CidKey) => boolean,
): Bytes | undefined {
  for (let tries = 0; tries < 16; tries++) {
    const cid = random.bytes(length)
    if (length > 1) cid[0] = shard
    if (!isTaken(cidKeyOf(cid, 0, length))) return cid
  }
  return undefined
}

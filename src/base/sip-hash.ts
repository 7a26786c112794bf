/**
 * SipHash-2-4 (Aumasson, Bernstein 2012), 64 bits: a keyed hash for short inputs that somebody without
 * the key cannot forge or steer. Two 32-bit halves a word, because that is what the machine does fast.
 */
import type { Bytes } from './bytes.ts'

/** v0 to v3 as halves: [low, high, low, high, …]. */
const state = new Int32Array(8)

/** The eight octets of the hash of `input`, little end first; `key` has sixteen octets. */
export function sipHash(key: Bytes, input: Bytes): Bytes {
  const halves = [0, 4, 8, 12].map((at) => wordAt(key, at, key.length))
  // "somepseudorandomlygeneratedbytes", as the paper has it
  const initial = [0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462]
  for (let i = 0; i < 8; i++) state[i] = initial[i]! ^ halves[i & 3]!
  const whole = input.length - (input.length % 8)
  for (let at = 0; at < whole; at += 8) absorb(wordAt(input, at, whole), wordAt(input, at + 4, whole))
  const last = input.length << 24
  absorb(wordAt(input, whole, input.length), wordAt(input, whole + 4, input.length) | last)
  state[4]! ^= 0xff
  for (let round = 0; round < 4; round++) mix()
  const low = state[0]! ^ state[2]! ^ state[4]! ^ state[6]!
  const high = state[1]! ^ state[3]! ^ state[5]! ^ state[7]!
  const hash = new Uint8Array(8)
  for (let i = 0; i < 4; i++) {
    hash[i] = low >>> (8 * i)
    hash[i + 4] = high >>> (8 * i)
  }
  return hash
}

/** Four octets, little end first; zero from `end` on. */
function wordAt(bytes: Bytes, at: number, end: number): number {
  let word = 0
  for (let i = 0; i < 4; i++) if (at + i < end) word |= bytes[at + i]! << (8 * i)
  return word
}

function absorb(low: number, high: number): void {
  state[6]! ^= low
  state[7]! ^= high
  mix()
  mix()
  state[0]! ^= low
  state[1]! ^= high
}

function mix(): void {
  add(0, 2)
  add(4, 6)
  rotate(2, 13)
  rotate(6, 16)
  xor(2, 0)
  xor(6, 4)
  rotate(0, 32)
  add(4, 2)
  add(0, 6)
  rotate(2, 17)
  rotate(6, 21)
  xor(2, 4)
  xor(6, 0)
  rotate(4, 32)
}

function add(to: number, from: number): void {
  const low = (state[to]! >>> 0) + (state[from]! >>> 0)
  state[to + 1] = state[to + 1]! + state[from + 1]! + (low > 0xffffffff ? 1 : 0)
  state[to] = low
}

function xor(to: number, from: number): void {
  state[to]! ^= state[from]!
  state[to + 1]! ^= state[from + 1]!
}

function rotate(at: number, by: number): void {
  const low = state[at]!
  const high = state[at + 1]!
  if (by === 32) {
    state[at] = high
    state[at + 1] = low
  } else {
    state[at] = (low << by) | (high >>> (32 - by))
    state[at + 1] = (high << by) | (low >>> (32 - by))
  }
}

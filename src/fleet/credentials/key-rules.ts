/** Which pre-shared keys are too weak to keep: short ones, patterns, words, and keys the whole world knows. */
import { equalBytes, hexOf, textOf, utf8, type Bytes } from '../../base/bytes.ts'

export const shortestKey = 16
export const longestKey = 64

/** Of 16 random octets fewer than this differ once in 10^11 keys; of a pattern nearly always. */
const fewestDistinct = 8

/** What people type: a key of printable characters with one of these in it was not drawn by lot. */
const words =
  /secret|passw|passphrase|default|changeme|admin|sesame|qwert|abcdef|123456|lwm2m|coaps?|dtls|psk|demo|test|sample|example|hello|letmein/i

/** Keys printed in standards that look random; hex. Those of samples are patterns or words. */
const published: readonly string[] = [
  // NIST SP 800-38A, appendix F
  '2b7e151628aed2a6abf7158809cf4f3c',
  '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
  '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
]

/** Why `key` cannot be the key of `endpoint` and `identity`, for people; undefined where it can. */
export function keyProblem(key: Bytes, endpoint: string, identity: Bytes): string | undefined {
  if (key.length < shortestKey) return `a key has at least ${shortestKey} octets, this one has ${key.length}`
  if (key.length > longestKey) return `a key has at most ${longestKey} octets, this one has ${key.length}`
  if (isProgression(key)) return 'the key counts in equal steps: everybody knows it'
  if (isRepetition(key) || new Set(key).size < fewestDistinct) return 'the key is a pattern: anybody can guess it'
  if (published.includes(hexOf(key))) return 'the key is printed in a standard: everybody knows it'
  if (isNamed(key, identity) || isNamed(key, utf8(endpoint))) return 'the key is made of the name of the device'
  const text = textOf(key)
  if (text !== undefined && /^[\x20-\x7e]+$/.test(text) && words.test(text)) {
    return 'the key is made of words: anybody can guess it'
  }
  return undefined
}

/** 00 01 02 … or any other constant step, modulo 256; all the same is step 0. */
function isProgression(key: Bytes): boolean {
  const step = (key[1]! - key[0]!) & 0xff
  for (let i = 2; i < key.length; i++) if (((key[i]! - key[i - 1]!) & 0xff) !== step) return false
  return true
}

/** A shorter string again and again; the last time it may be cut. */
function isRepetition(key: Bytes): boolean {
  for (let period = 1; period <= key.length / 2; period++) {
    let i = period
    while (i < key.length && key[i] === key[i - period]) i++
    if (i === key.length) return true
  }
  return false
}

/** The name itself, or padded with one octet. */
function isNamed(key: Bytes, name: Bytes): boolean {
  if (name.length < 4 || name.length > key.length || !equalBytes(key.subarray(0, name.length), name)) return false
  return new Set(key.subarray(name.length)).size <= 1
}

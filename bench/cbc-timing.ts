/**
 * Does the time of opening a CBC record tell its padding (Lucky 13)? As dudect does it: two classes of forged
 * records in random order, Welch's t over the times, whole and cut at several percentiles, the largest told.
 * |t| below 4.5 shows no difference, above 10 there surely is one. Never an assertion: it measures the machine too.
 */
import { concatBytes, type Bytes } from '../src/base/bytes.ts'
import { SeededRandom } from '../src/base/random.ts'
import type { CbcKeys } from '../src/dtls/association-keys.ts'
import { openCbc } from '../src/dtls/cbc.ts'
import { nodeCrypto } from '../src/server/crypto-node.ts'

const measurements = Number(process.argv[2] ?? 400_000)
const length = 320
const pool = 512
const percentiles = [1, 0.99, 0.95, 0.9, 0.75, 0.5]

const crypto = nodeCrypto()
const random = new SeededRandom(1)
const key = crypto.blockKey(random.bytes(16))
const keys: CbcKeys = { kind: 'cbc', key, mac: crypto.hmacKey('sha256', random.bytes(32)) }
const additionalFor = (contentLength: number): Bytes => new Uint8Array(13).fill(contentLength & 0xff)

/** A record of random octets that ends in `padding` octets of padding, right or not; its MAC is wrong. */
function forged(padding: number, isGood: boolean): Bytes {
  const plaintext = random.bytes(length).fill(padding, length - padding - 1)
  if (!isGood) plaintext[length - padding - 1]! ^= 0x80
  const iv = random.bytes(16)
  return concatBytes(iv, crypto.encryptBlocks(key, iv, plaintext))
}

const classes: Readonly<Record<string, () => Bytes>> = {
  'no padding': () => forged(0, true),
  'no padding, again': () => forged(0, true),
  '15 octets': () => forged(15, true),
  '63 octets': () => forged(63, true),
  '255 octets': () => forged(255, true),
  'wrong padding of 255': () => forged(255, false),
}

for (const [name, make] of Object.entries(classes).slice(1)) {
  const t = compared(classes['no padding']!, make)
  console.log(
    JSON.stringify({
      bench: 'cbc-timing',
      subject: `no padding against ${name}`,
      t: Number(t.toFixed(2)),
      measurements,
    }),
  )
}

/** The largest |t| of two classes. */
function compared(first: () => Bytes, second: () => Bytes): number {
  const pools = [first, second].map((make) => Array.from({ length: pool }, make))
  const times: [number[], number[]] = [[], []]
  for (let i = -20_000; i < measurements; i++) {
    const draw = random.uint32()
    const which = (draw & 1) as 0 | 1
    const record = pools[which]![(draw >>> 1) % pool]!
    const began = process.hrtime.bigint()
    openCbc(crypto, keys, additionalFor, record)
    const took = Number(process.hrtime.bigint() - began)
    if (i >= 0) times[which].push(took)
  }
  const sorted = [...times[0], ...times[1]].sort((a, b) => a - b)
  const cuts = percentiles.map((share) => sorted[Math.ceil(share * sorted.length) - 1]!)
  return Math.max(
    ...cuts.map((cut) =>
      Math.abs(welch(...(times.map((all) => all.filter((one) => one <= cut)) as [number[], number[]]))),
    ),
  )
}

function welch(a: readonly number[], b: readonly number[]): number {
  const [one, other] = [momentsOf(a), momentsOf(b)]
  return (one.mean - other.mean) / Math.sqrt(one.variance / a.length + other.variance / b.length)
}

function momentsOf(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) }
}

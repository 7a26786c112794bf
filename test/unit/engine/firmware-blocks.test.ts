/** A firmware image over CoAP: any block, in any size, at any time, and never more than was asked for. */
import { expect, test } from 'vitest'
import { bodySource } from '../../support/body-source.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const key = '0123456789ab'
const image = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)

function house(): EngineHarness {
  const harness = new EngineHarness()
  harness.images.set(key, bodySource(image, Uint8Array.of(0xab, 0xcd)))
  return harness
}

let id = 0
function block(harness: EngineHarness, asked: string): string {
  harness.receive(1, `CON ${++id} GET [01] /fw/${key} ${asked}`)
  harness.settle()
  return harness.sent(1).join(' | ')
}

// The device grows its blocks where the radio is good and shrinks them where it is not (RFC 7959 §2.4).
test.each([
  ['from the start', 'Block2=0/0/256', 'Block2=0/1/256', 0, 256],
  ['on in smaller blocks', 'Block2=4/0/64', 'Block2=4/1/64', 256, 320],
  ['on in larger blocks', 'Block2=1/0/512', 'Block2=1/0/512', 512, 1000],
  ['the last octets', 'Block2=62/0/16', 'Block2=62/0/16', 992, 1000],
  ['again what it had', 'Block2=4/0/64', 'Block2=4/1/64', 256, 320],
])('%s', (_what, asked, told, start, end) => {
  const answer = block(house(), `${asked} Size2=0`)
  expect(answer).toMatch(/^ACK \d+ 2\.05 \[01\] /)
  expect(answer).toContain('ETag=0xabcd')
  expect(answer).toContain(told)
  expect(answer).toContain('Size2=1000')
  expect(answer).toContain(Buffer.from(image.subarray(start, end)).toString('hex'))
  expect(answer).not.toContain(
    Buffer.from(image.subarray(start, end + 8))
      .toString('hex')
      .padEnd(2 * (end + 8 - start), '.'),
  )
})

test('sizes change in the middle of one transfer, and the octets are those of the image', () => {
  const harness = house()
  const asked: [number, number][] = [
    [0, 128],
    [2, 64],
    [3, 64],
    [1, 256],
    [4, 128],
    [10, 64],
    [44, 16],
    [45, 16],
    [23, 32],
    [3, 256],
  ]
  const octets = asked.map(([number, size]) => {
    const answer = block(harness, `Block2=${number}/0/${size}`)
    return /<([0-9a-f]+)>/.exec(answer)?.[1] ?? answer
  })
  expect(octets.join('')).toBe(Buffer.from(image).toString('hex'))
})

test.each(['1', 'zz', 'ZZ', '-1', '1.5', 'x'.repeat(40), 'ü', ''])('/fw/KEY/%s is served, device or none', (device) => {
  const harness = house()
  harness.receive(1, `CON ${++id} GET [01] /fw/${key}/${device} Block2=0/0/16`)
  harness.settle()
  expect(harness.sent(1).join(' | ')).toContain('2.05')
})

test('an image in another format than it has is not acceptable (RFC 7252 §5.10.4)', () => {
  const harness = house()
  expect(block(harness, 'Accept=42 Block2=0/0/64')).toContain('2.05')
  expect(block(harness, 'Accept=0 Block2=0/0/64')).toMatch(/^ACK \d+ 4\.06 \[01\]$/)
  harness.receive(1, 'CON 900 GET [01] Accept=40')
  expect(harness.sent(1)).toEqual(['ACK 900 4.06 [01]'])
})

test('asked for in larger blocks than the network bears, it comes in smaller ones (RFC 7959 §2.4)', () => {
  const harness = house()
  // The listener's profile bears 512 octets
  expect(block(harness, 'Block2=0/0/1024')).toContain('Block2=0/1/512')
})

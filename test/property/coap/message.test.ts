/**
 * The codec against every message and every datagram: what was written is read back, two encoders that
 * share no code agree, and no octets at all make the decoder throw or look outside its bounds.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageView } from '../../../src/coap/message.ts'
import { MessageWriter } from '../../../src/coap/message-writer.ts'
import { definitionOf, isCritical } from '../../../src/coap/options.ts'
import { requestKey } from '../../../src/coap/request-key.ts'
import { datagramOf, lineOf } from '../../support/coap-notation.ts'

/** Options no rule drops: elective ones nobody registered, and repeatable opaque ones. */
const options = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc
          .integer({ min: 0, max: 32_767 })
          .map((n) => 2 * n)
          .filter((n) => definitionOf(n) === undefined),
        fc.constantFrom(292, 4),
      ),
      fc.uint8Array({ maxLength: 400 }),
    ),
    { maxLength: 12 },
  )
  .map((list) =>
    list.map(([n, value]): [number, Uint8Array] =>
      n === 292
        ? [n, value.slice(0, 8)]
        : n === 4
          ? [n, value.length === 0 ? Uint8Array.of(1) : value.slice(0, 8)]
          : [n, value],
    ),
  )

const message = fc.record({
  type: fc.constantFrom(0, 1, 2, 3),
  code: fc.constantFrom(1, 2, 5, 69, 68, 132, 160),
  messageId: fc.nat(0xffff),
  token: fc.uint8Array({ maxLength: 8 }),
  options,
  payload: fc.uint8Array({ maxLength: 300 }),
})

describe('the codec', () => {
  it('reads back what it wrote, wherever in the slab it lies (RFC 7252 §3)', () => {
    const writer = new MessageWriter(new Uint8Array(20_000))
    const view = new MessageView()
    fc.assert(
      fc.property(message, fc.nat(50), (sent, margin) => {
        writer.begin(sent.type, sent.code, sent.messageId, sent.token)
        for (const [number, value] of sent.options) writer.add(number, value)
        const end = writer.finish(sent.payload)
        const slab = new Uint8Array(end + 2 * margin).fill(0xff)
        slab.set(writer.slab.subarray(0, end), margin)
        const fault = view.decode(slab, margin, margin + end)
        const isReply = sent.type === 3 || (sent.type === 2 && sent.code < 32)
        if (isReply) expect(fault).toBeDefined()
        else {
          expect(fault).toBeUndefined()
          expect([view.type, view.code, view.messageId]).toEqual([sent.type, sent.code, sent.messageId])
          expect([...view.token]).toEqual([...sent.token])
          expect([...view.payload]).toEqual([...sent.payload])
          const sorted = sent.options
            .map(([n, v], i) => [n, v, i] as const)
            .toSorted((a, b) => a[0] - b[0] || a[2] - b[2])
          const read = Array.from({ length: view.count }, (_, i) => [
            view.numberAt(i),
            [...slab.subarray(view.startAt(i), view.endAt(i))],
          ])
          expect(read).toEqual(sorted.map(([n, v]) => [n, [...v]]))
          for (const [n, v] of sent.options) expect(view.includes(n, v)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('agrees with an encoder it shares no code with', () => {
    const writer = new MessageWriter(new Uint8Array(20_000))
    fc.assert(
      fc.property(message, (sent) => {
        writer.begin(sent.type, sent.code, sent.messageId, sent.token)
        for (const [number, value] of sent.options) writer.add(number, value)
        const bytes = writer.slab.slice(0, writer.finish(sent.payload))
        const line = lineOf(bytes).replace(/"[^"]*"$|\{\d+\.\.\d+\}$/, `<${Buffer.from(sent.payload).toString('hex')}>`)
        expect(Buffer.from(datagramOf(line)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'))
      }),
      { numRuns: 300 },
    )
  })

  it('is total: any octets give a message or a fault, and every accessor works on it', () => {
    const view = new MessageView()
    const slab = new Uint8Array(600)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.nat(100), (bytes, likely, start) => {
        slab.fill(0xb1)
        slab.set(bytes, start)
        if (likely && bytes.length > 1) slab[start] = 0x40 | (bytes[0]! & 0x38)
        const end = start + bytes.length
        const fault = view.decode(slab, start, end, bytes.length % 2 === 0)
        for (let i = 0; i < view.count; i++) {
          expect(view.startAt(i)).toBeGreaterThanOrEqual(start)
          expect(view.endAt(i)).toBeLessThanOrEqual(end)
          const number = view.numberAt(i)
          expect(view.has(number)).toBe(true)
          view.uint(number)
          view.text(number)
          view.texts(number)
        }
        requestKey(view)
        expect(view.payload.length).toBe(view.payloadLength)
        expect(view.payloadStart).toBeLessThanOrEqual(end)
        if (fault === undefined) expect(view.notUnderstood === 0 || isCritical(view.notUnderstood)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })

  it('writes nothing outside its slab and says so when a message does not fit', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 12, max: 200 }), (sent, size) => {
        const memory = new Uint8Array(1000).fill(0xee)
        const writer = new MessageWriter(memory.subarray(0, size))
        writer.begin(sent.type, sent.code, sent.messageId, sent.token)
        for (const [number, value] of sent.options) writer.add(number, value)
        expect(writer.finish(sent.payload)).toBeLessThanOrEqual(size)
        expect(memory.subarray(size).every((octet) => octet === 0xee)).toBe(true)
      }),
    )
  })

  it('keys differ where method or options do, and only there (RFC 7959 §2.5)', () => {
    const keyOf = (code: number, list: readonly [number, Uint8Array][], token: Uint8Array): string => {
      const writer = new MessageWriter(new Uint8Array(20_000))
      writer.begin(0, code, 7, token)
      for (const [number, value] of list) writer.add(number, value)
      const view = new MessageView()
      view.decode(writer.slab, 0, writer.finish())
      return requestKey(view)
    }
    const keyed = fc.array(
      fc.tuple(
        fc.constantFrom(11, 15, 292),
        fc.uint8Array({ minLength: 1, maxLength: 8 }).map((v) => v.map((o) => o & 0x7f)),
      ),
      { maxLength: 4 },
    )
    fc.assert(
      fc.property(keyed, keyed, fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b, s, t) => {
        const canonical = (list: [number, Uint8Array][]): string =>
          list
            .map(([n, v], i) => [n, i, [...v].join()] as const)
            .toSorted((x, y) => x[0] - y[0] || x[1] - y[1])
            .map(([n, , v]) => `${n}:${v}`)
            .join(';')
        expect(keyOf(2, a, s) === keyOf(2, b, t)).toBe(canonical(a) === canonical(b))
        expect(keyOf(2, a, s)).not.toBe(keyOf(3, a, s))
        // Block options, sizes and Echo tell no bodies apart
        expect(keyOf(2, [...a, [27, Uint8Array.of(8)], [60, Uint8Array.of(1)], [252, Uint8Array.of(1)]], s)).toBe(
          keyOf(2, a, t),
        )
      }),
    )
  })
})

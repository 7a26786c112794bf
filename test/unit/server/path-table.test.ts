import { describe, expect, it } from 'vitest'
import { canonicalAddress, PathTable } from '../../../src/server/path-table.ts'

const noMask = new Uint8Array(6)
const someMask = Uint8Array.of(0xff, 0x12, 0x80, 0x07, 0xab, 0xcd)

describe('PathTable', () => {
  it.each([noMask, someMask])('gives one number to one address and port, and another to every other', (mask) => {
    const table = new PathTable(100, mask, () => undefined)
    const addresses = [
      '10.0.0.1',
      '10.0.0.2',
      '1.10.0.1',
      '255.255.255.255',
      '0.0.0.0',
      '::1',
      'fe80::1%eth0',
      'fe80::1',
    ]
    const numbers = addresses.flatMap((address) => [1, 5683, 65_535].map((port) => table.intern(address, port).number))
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(addresses.flatMap((address) => [1, 5683, 65_535].map((port) => table.intern(address, port).number))).toEqual(
      numbers,
    )
    expect(table.size).toBe(24)
  })

  it('knows an IPv4 address mapped into IPv6 as the same path', () => {
    const table = new PathTable(10, someMask, () => undefined)
    expect(table.intern('::ffff:192.0.2.7', 5).number).toBe(table.intern('192.0.2.7', 5).number)
  })

  it('forgets the path used longest ago, and never gives its number again', () => {
    const forgotten: number[] = []
    const table = new PathTable(3, someMask, (path) => forgotten.push(path))
    const [a, b, c] = ['10.0.0.1', '::1', '10.0.0.3'].map((address) => table.intern(address, 7).number)
    table.use(a!)
    table.intern('10.0.0.3', 7)
    const d = table.intern('10.0.0.4', 7).number
    expect(forgotten).toEqual([b])
    expect(table.use(b!)).toBeUndefined()
    const again = table.intern('::1', 7).number
    expect(forgotten).toEqual([b, a])
    expect(new Set([a, b, c, d, again]).size).toBe(5)
    expect(table.use(c!)?.address).toBe('10.0.0.3')
    expect(table.size).toBe(3)
  })

  it('stays exact over a long random sequence, compared with a plain list', () => {
    const model: { key: string; number: number }[] = []
    const forgotten: number[] = []
    const expected: number[] = []
    const table = new PathTable(16, someMask, (path) => forgotten.push(path))
    let seed = 7
    for (let step = 0; step < 5000; step++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      const host = (seed >>> 8) % 40
      const address = host % 2 === 0 ? `10.1.0.${host}` : `2001:db8::${host.toString(16)}`
      const at = model.findIndex(({ key }) => key === address)
      const { number } = table.intern(address, 5683)
      if (at >= 0) {
        expect(number).toBe(model[at]!.number)
        model.push(...model.splice(at, 1))
      } else {
        if (model.length === 16) expected.push(model.shift()!.number)
        model.push({ key: address, number })
      }
    }
    expect(forgotten).toEqual(expected)
    expect(new Set(forgotten).size).toBe(forgotten.length)
  })
})

describe('canonicalAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['fe80:0::1%eth0', 'fe80::1%eth0'],
    ['example.org', undefined],
    ['1.2.3', undefined],
    ['', undefined],
  ])('%s is %s', (text, expected) => {
    expect(canonicalAddress(text)).toBe(expected)
  })
})

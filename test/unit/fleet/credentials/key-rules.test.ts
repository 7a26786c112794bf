/** Weak keys: what everybody knows or can guess is refused, what was drawn by lot is taken. */
import { describe, expect, it } from 'vitest'
import { bytesOfHex, utf8 } from '../../../../src/base/bytes.ts'
import { SeededRandom } from '../../../../src/base/random.ts'
import { keyProblem } from '../../../../src/fleet/credentials/key-rules.ts'

const problemOf = (hex: string, endpoint = 'urn:dev:a', identity = endpoint): string | undefined =>
  keyProblem(bytesOfHex(hex)!, endpoint, utf8(identity))
const ascii = (text: string): string => Buffer.from(text).toString('hex')

describe('a weak key', () => {
  it.each<[string, string, RegExp]>([
    ['the demo key of half the world', '000102030405060708090a0b0c0d0e0f', /equal steps/],
    ['the same backwards', '0f0e0d0c0b0a09080706050403020100', /equal steps/],
    ['doubled nibbles', '00112233445566778899aabbccddeeff', /equal steps/],
    ['all zero', '00'.repeat(16), /equal steps/],
    ['all ones, long', 'ff'.repeat(64), /equal steps/],
    ['dead beef', 'deadbeef'.repeat(4), /pattern/],
    ['a half twice', '0123456789abcdef'.repeat(2), /pattern/],
    ['a pattern cut at its end', `${'a1b2c3d4e5f60718'.repeat(2)}a1b2`, /pattern/],
    ['few different octets', 'a1b2a1a1b2b2c3c3a1b2c3a1c3b2a1a1', /pattern/],
    ['a key out of a standard', '2b7e151628aed2a6abf7158809cf4f3c', /standard/],
    ["'secret' in ASCII", ascii('secretPSKofThis1'), /words/],
    ['a password', ascii('MyPassword12345!'), /words/],
    ['a word of the trade', ascii('anLwM2Mkey7fQx9z'), /words/],
    ['its endpoint name', ascii('urn:imei:123456789012345'), /name of the device/],
    ['its endpoint name, padded', `${ascii('urn:imei:123456')}00`, /name of the device/],
    ['15 octets', 'a94f1e07c3d28b6590e7f1a2b3c4d5', /at least 16 octets, this one has 15/],
    ['65 octets', Buffer.from(new SeededRandom(3).bytes(65)).toString('hex'), /at most 64 octets, this one has 65/],
    ['nothing', '', /at least 16 octets, this one has 0/],
  ])('%s is refused', (_what, hex, problem) => {
    const endpoint = problem.source.includes('name') ? Buffer.from(hex, 'hex').toString().replace(/\0$/, '') : 'dev'
    expect(problemOf(hex, endpoint)).toMatch(problem)
  })

  it('may be its identity under another endpoint name', () => {
    expect(problemOf(ascii('sensor-00417-berlin'), 'urn:dev:7', 'sensor-00417-berlin')).toMatch(/name of the device/)
  })
})

describe('a key drawn by lot', () => {
  it('is taken, whatever its length', () => {
    const random = new SeededRandom(7)
    for (let octets = 16; octets <= 64; octets++) {
      for (let i = 0; i < 400; i++) expect(keyProblem(random.bytes(octets), 'urn:dev:a', utf8('id'))).toBeUndefined()
    }
  })

  it('is taken where a factory wrote its hex as text', () => {
    const random = new SeededRandom(8)
    const texts = Array.from({ length: 1000 }, () => Buffer.from(random.bytes(16)).toString('hex'))
    const refused = texts.filter((text) => problemOf(ascii(text)) !== undefined)
    // What looks typed may be refused though it was drawn: 123456 and abcdef are hex.
    expect(refused.filter((text) => !/123456|abcdef/.test(text))).toEqual([])
  })
})

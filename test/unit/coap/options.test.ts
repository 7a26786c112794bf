import { describe, expect, it } from 'vitest'
import {
  definitionOf,
  isCritical,
  isNoCacheKey,
  isUnsafe,
  maxLength,
  minLength,
  occurrence,
  option,
  optionDefinitions,
  optionName,
} from '../../../src/coap/options.ts'

describe('the option registry', () => {
  // RFC 7252 table 4 and the RFCs after it: number, name, C U N R, format, length
  it.each([
    [1, 'If-Match', 'C--R', 'opaque', 0, 8],
    [3, 'Uri-Host', 'CU--', 'string', 1, 255],
    [4, 'ETag', '---R', 'opaque', 1, 8],
    [5, 'If-None-Match', 'C---', 'empty', 0, 0],
    [6, 'Observe', '-U--', 'uint', 0, 3],
    [7, 'Uri-Port', 'CU--', 'uint', 0, 2],
    [8, 'Location-Path', '---R', 'string', 0, 255],
    [9, 'OSCORE', 'C---', 'opaque', 0, 255],
    [11, 'Uri-Path', 'CU-R', 'string', 0, 255],
    [12, 'Content-Format', '----', 'uint', 0, 2],
    [14, 'Max-Age', '-U--', 'uint', 0, 4],
    [15, 'Uri-Query', 'CU-R', 'string', 0, 255],
    [16, 'Hop-Limit', '----', 'uint', 0, 4],
    [17, 'Accept', 'C---', 'uint', 0, 2],
    [20, 'Location-Query', '---R', 'string', 0, 255],
    [23, 'Block2', 'CU--', 'uint', 0, 3],
    [27, 'Block1', 'CU--', 'uint', 0, 3],
    [28, 'Size2', '--N-', 'uint', 0, 4],
    [35, 'Proxy-Uri', 'CU--', 'string', 1, 1034],
    [39, 'Proxy-Scheme', 'CU--', 'string', 1, 255],
    [60, 'Size1', '--N-', 'uint', 0, 4],
    [252, 'Echo', '--N-', 'opaque', 1, 40],
    [258, 'No-Response', '-U--', 'uint', 0, 1],
    [292, 'Request-Tag', '---R', 'opaque', 0, 8],
  ])(
    '%i %s is %s %s %i–%i (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2.1, RFC 9175, RFC 7967)',
    (number, name, traits, format, min, max) => {
      const definition = definitionOf(number)!
      expect(definition).toMatchObject({ number, name, format, min, max, repeatable: traits[3] === 'R' })
      expect([isCritical(number), isUnsafe(number), isNoCacheKey(number)]).toEqual([
        traits[0] === 'C',
        traits[1] === 'U',
        traits[2] === 'N',
      ])
      expect(optionName(number)).toBe(name)
    },
  )

  it('has a row for every name, once, in order', () => {
    const numbers = optionDefinitions.map(({ number }) => number)
    expect(numbers).toEqual(Object.values(option).toSorted((a, b) => a - b))
    expect(new Set(optionDefinitions.map(({ name }) => name)).size).toBe(numbers.length)
    expect(optionName(9999)).toBe('9999')
  })

  it('tables by number say what the rows say', () => {
    for (const { number, min, max, repeatable, understood } of optionDefinitions) {
      expect(occurrence[number]).toBe(understood ? (repeatable ? 2 : 1) : 0)
      if (understood) expect([minLength[number], maxLength[number]]).toEqual([min, max])
    }
  })
})

import { describe, expect, it } from 'vitest'
import {
  classOf,
  codeName,
  codeOf,
  codeText,
  isKnownMethod,
  isRequestCode,
  isResponseCode,
  isSafeMethod,
  isSuccess,
  method,
  response,
} from '../../../src/coap/codes.ts'

describe('codes (RFC 7252 §3, §12.1)', () => {
  it.each([
    [0, '0.00', 'Empty'],
    [1, '0.01', 'GET'],
    [7, '0.07', 'iPATCH'],
    [65, '2.01', 'Created'],
    [69, '2.05', 'Content'],
    [95, '2.31', 'Continue'],
    [128, '4.00', 'Bad Request'],
    [136, '4.08', 'Request Entity Incomplete'],
    [157, '4.29', 'Too Many Requests'],
    [160, '5.00', 'Internal Server Error'],
    [165, '5.05', 'Proxying Not Supported'],
    [168, '5.08', 'Hop Limit Reached'],
    [31, '0.31', undefined],
    [255, '7.31', undefined],
  ])('%i is %s %s', (code, text, name) => {
    expect(codeText(code)).toBe(text)
    expect(codeName(code)).toBe(name)
    expect(codeOf(classOf(code), code & 31)).toBe(code)
  })

  it('falls into requests, responses and neither', () => {
    const all = Array.from({ length: 256 }, (_, code) => code)
    expect(all.filter(isRequestCode)).toEqual(all.slice(1, 32))
    expect(all.filter(isResponseCode)).toEqual(all.slice(64, 192))
    expect(all.filter(isKnownMethod)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(all.filter(isSuccess)).toEqual(all.slice(64, 96))
  })

  it('knows which methods change nothing (RFC 7252 §5.1, RFC 8132 §2)', () => {
    expect(Object.values(method).filter(isSafeMethod)).toEqual([method.get, method.fetch])
  })

  it('gives every response code of ours a name', () => {
    for (const code of Object.values(response)) expect(codeName(code)).toBeDefined()
  })
})

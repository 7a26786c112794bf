/** The bearer token: what it looks like and what passes for it. */
import { expect, it } from 'vitest'
import { bearerCheck, isToken, newToken } from '../../../src/api/token.ts'

const random = (octets: number): Uint8Array => Uint8Array.from({ length: octets }, (_, i) => i * 7)

it('has 256 random bits', () => {
  expect(newToken(random)).toBe('cst_AAcOFRwjKjE4P0ZNVFtiaXB3foWMk5qhqK-2vcTL0tk')
  expect(isToken(newToken(random))).toBe(true)
})

it.each([
  '',
  'short',
  'has blanks in it and is long enough otherwise',
  'x'.repeat(300),
  'ümlaut-is-not-fit-for-a-header',
])('is never %j', (text) => {
  expect(isToken(text)).toBe(false)
})

it.each([
  ['Bearer secret-token', true],
  ['bearer secret-token', true],
  ['Bearer  secret-token ', true],
  ['Bearer secret-tokem', false],
  ['Bearer secret-token extra', false],
  ['secret-token', false],
  ['', false],
  [undefined, false],
])('Authorization %j: %j', (header, right) => {
  expect(bearerCheck('secret-token')(header)).toBe(right)
})

/** Revisions: the same words have the same one in whatever order, other words another. */
import { expect, test } from 'vitest'
import { revisionOf } from '../../../src/base/revision.ts'

test.each<[string, unknown, unknown, boolean]>([
  ['members in another order', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }, true],
  ['a member that is undefined', { a: 1, b: undefined }, { a: 1 }, true],
  ['elements in another order', [1, 2], [2, 1], false],
  ['a value moved to another member', { a: 'x', b: '' }, { a: '', b: 'x' }, false],
  ['nothing and an empty text', { a: null }, { a: '' }, false],
])('%s', (_, one, other, same) => {
  expect(revisionOf(one)).toMatch(/^[0-9a-f]{16}$/)
  expect(revisionOf(one) === revisionOf(other)).toBe(same)
})

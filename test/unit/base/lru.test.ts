/** What a bounded map keeps, and what it lets go of. */
import { expect, test } from 'vitest'
import { LruMap } from '../../../src/base/lru.ts'

test('what was used longest ago goes first, and its owner hears of it', () => {
  const gone: string[] = []
  const map = new LruMap<string, number>(2, (key, value) => gone.push(`${key}${value}`))
  map.set('a', 1)
  map.set('b', 2)
  expect(map.use('a')).toBe(1)
  map.set('c', 3)
  expect(gone).toEqual(['b2'])
  expect([...map.entries()]).toEqual([
    ['a', 1],
    ['c', 3],
  ])
})

test.each(['use', 'peek'] as const)('%s finds no more what was taken out while it was the newest', (look) => {
  const map = new LruMap<string, number>(2)
  map.set('a', 1)
  expect(map.use('a')).toBe(1)
  expect(map.delete('a')).toBe(true)
  expect(map[look]('a')).toBeUndefined()
  map.set('a', 2)
  expect(map[look]('a')).toBe(2)
})

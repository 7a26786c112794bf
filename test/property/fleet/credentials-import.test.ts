/** Importing keys as a property: any rows, any order, any often; whatever is taken once is never a problem again. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvRecords } from '../../../src/fleet/credentials/csv.ts'
import { credentialsWorld, keyHex } from '../../unit/fleet/credentials/fixtures.ts'

/** Few of each, so that they collide; some of them wrong. */
const row = fc
  .record({
    endpoint: fc.constantFrom('a', 'b', 'c', 'd', ''),
    identity: fc.constantFrom('', 'a', 'b', 'x', '0x00', '0xz'),
    key: fc.constantFrom(...[1, 2, 3, 4].map((n) => keyHex(n)), '00'.repeat(16), ''),
    product: fc.constantFrom('', 'meter', 'valve'),
    tags: fc.constantFrom('', 'site=x', 'site=y;floor=1', 'broken'),
  })
  .map(({ endpoint, identity, key, product, tags }) => [endpoint, identity, key, product, tags].join(','))
const rows = fc.array(row, { minLength: 1, maxLength: 12 })
const textOf = (lines: readonly string[]): string => `endpoint,identity,key,product,tags\n${lines.join('\n')}\n`

test('a file taken in part is, taken again, a file with nothing new in it and the same problems', async () => {
  await fc.assert(
    fc.asyncProperty(rows, async (lines) => {
      const { service, store } = credentialsWorld()
      const first = await service.import(textOf(lines), { partial: true })
      const before = store.credentials({}, 0, 100)
      const again = await service.import(textOf(lines), { partial: true })
      expect(again).toMatchObject({ added: 0, failed: first.failed })
      expect(again.problems.map(({ line }) => line)).toEqual(first.problems.map(({ line }) => line))
      expect(store.credentials({}, 0, 100).map(({ id, identity }) => [id, identity])).toEqual(
        before.map(({ id, identity }) => [id, identity]),
      )
    }),
    { numRuns: 500 },
  )
})

test('one active credential an endpoint, one identity and one key each, whatever is imported, revoked and rotated', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: rows.map((lines) => ({ what: 'import', lines }) as const) },
    { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c').map((name) => ({ what: 'revoke', name }) as const) },
    { weight: 1, arbitrary: fc.constantFrom('a', 'b', 'c').map((name) => ({ what: 'rotate', name }) as const) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const { service, store } = credentialsWorld()
      for (const one of steps) {
        // What is refused, is refused; what is not, must hold.
        await (
          one.what === 'import'
            ? service.import(textOf(one.lines), { partial: true })
            : one.what === 'revoke'
              ? service.revoke(one.name)
              : service.rotate(one.name, {})
        ).catch(() => undefined)
      }
      const all = store.credentials({}, 0, 1000)
      const live = all.filter(({ state }) => state !== 'revoked')
      const active = live.filter(({ state }) => state === 'active')
      const isSet = (values: readonly unknown[]): boolean => new Set(values).size === values.length
      expect(isSet(active.map(({ endpoint }) => endpoint))).toBe(true)
      expect(isSet(live.map(({ identity }) => String(identity)))).toBe(true)
      expect(isSet(live.map(({ keyFingerprint }) => keyFingerprint))).toBe(true)
      const owners = new Set(all.map(({ keyFingerprint, endpoint }) => `${keyFingerprint} ${endpoint}`))
      expect(isSet([...owners].map((pair) => pair.split(' ')[0]))).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('reading a file is total, and what was quoted comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const records = csvRecords(text)
      if (typeof records !== 'number') for (const { cells } of records) expect(cells.length).toBeGreaterThan(0)
    }),
  )
  const cells = fc.array(fc.string(), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(cells, { maxLength: 5 }), (table) => {
      const text = table.map((line) => line.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\n')
      const records = csvRecords(text)
      const kept = table.filter((line) => line.some((cell) => cell !== ''))
      expect(typeof records === 'number' ? records : records.map((record) => record.cells)).toEqual(kept)
    }),
  )
})

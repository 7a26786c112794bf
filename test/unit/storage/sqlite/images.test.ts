/** Signing keys and deltas come back as they were put, and deltas go with their images. */
import { expect, test } from 'vitest'
import type { Delta } from '../../../../src/fleet/images/types.ts'
import type { SigningKey } from '../../../../src/fleet/signing-keys/types.ts'
import { MemoryStore } from '../../../../src/sim/memory-store.ts'
import { image, openStore, start } from '../fixtures.ts'

const [a, b, c] = [
  image('aaaaaaaaaaaa'),
  image('bbbbbbbbbbbb', { version: '2' }),
  image('cccccccccccc', { version: '3' }),
]
const deltaOf = (key: string, from: string, to: string): Delta => {
  return { from, to, sha256: key.padEnd(64, '0'), key, size: 7, madeBy: 'uploaded', addedAt: start }
}
const ab = deltaOf('dddddddddddd', a.sha256, b.sha256)
const bc = deltaOf('eeeeeeeeeeee', b.sha256, c.sha256)
const key: SigningKey = { name: 'k', kind: 'ed25519', fingerprint: 'ff', pem: 'PEM', addedAt: start }
const bound: SigningKey = { ...key, name: 'a', fingerprint: 'ee', product: 'meter' }

test.each([
  ['SQLite', openStore],
  ['memory', () => new MemoryStore()],
])('%s', (_where, open) => {
  const store = open()
  store.commit([a, b, c].map((one) => ({ op: 'image.put', image: one })))
  store.commit([ab, bc].map((delta) => ({ op: 'delta.put', delta })))
  store.commit([key, bound].map((one) => ({ op: 'signing-key.put', key: one })))
  expect(store.delta(a.sha256, b.sha256)).toEqual(ab)
  expect(store.delta(b.sha256, a.sha256)).toBeUndefined()
  expect(store.deltaByKey(bc.key)).toEqual(bc)
  expect(store.deltas(undefined)).toHaveLength(2)
  expect(store.deltas(c.sha256)).toEqual([bc])
  expect(store.deltasFrom(a.sha256)).toEqual([ab])
  expect(store.signingKeys()).toEqual([bound, key])
  expect(store.signingKey('k')).toEqual(key)
  store.commit([
    { op: 'signing-key.delete', name: 'k' },
    { op: 'image.delete', sha256: a.sha256 },
  ])
  expect(store.signingKeys()).toEqual([bound])
  expect(store.deltas(undefined)).toEqual([bc])
  store.commit([{ op: 'delta.delete', from: b.sha256, to: c.sha256 }])
  expect(store.deltas(undefined)).toEqual([])
})

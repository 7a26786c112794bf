/** Associations in SQLite and in the store double: found, moved, and kept within their limits. */
import { describe, expect, test } from 'vitest'
import { after, milliseconds, type Instant } from '../../../../src/base/time.ts'
import type { StoredAssociation } from '../../../../src/fleet/associations/types.ts'
import type { Store, StoreOp } from '../../../../src/fleet/store.ts'
import { MemoryStore } from '../../../../src/sim/memory-store.ts'
import { openStore, start } from '../fixtures.ts'

const at = (offset: number): Instant => after(start, milliseconds(offset))

function association(id: number, more: Partial<StoredAssociation> = {}): StoredAssociation {
  return {
    id,
    cid: `00000000000${id}`,
    identity: 'meter',
    endpoint: 'urn:dev:meter',
    address: '192.0.2.1',
    port: 5684 + id,
    sealed: new Uint8Array([id, 2, 3]),
    reservedUpTo: 64,
    windowEdge: 3,
    windowBitmap: 15n,
    openedAt: start,
    heardAt: at(id),
    ...more,
  }
}

const put = (id: number, more?: Partial<StoredAssociation>): StoreOp => ({
  op: 'association.put',
  association: association(id, more),
})
/** SQLite hands out octets as a Buffer. */
const plain = (found: StoredAssociation | undefined): StoredAssociation | undefined =>
  found && { ...found, sealed: new Uint8Array(found.sealed) }
const ids = (store: Store, cids: readonly number[]): readonly number[] =>
  cids.filter((id) => store.associationByCid(`00000000000${id}`) !== undefined)

describe.each([
  ['SQLite', (): Store => openStore()],
  ['the store double', (): Store => new MemoryStore()],
])('associations in %s', (_, open) => {
  test('are found by connection id, by address where they have none, and by endpoint: the newest', () => {
    const store = open()
    store.commit([put(1), put(2, { cid: '', port: 7 }), put(3, { cid: '', port: 7 }), put(4, { endpoint: 'other' })])
    expect(plain(store.associationByCid('000000000001'))).toEqual(association(1))
    expect(store.associationByAddress('192.0.2.1', 7)?.id).toBe(3)
    expect(store.associationByAddress('192.0.2.1', 5685)).toBeUndefined()
    expect(store.associationByEndpoint('urn:dev:meter')?.id).toBe(3)
    expect(store.associationByCid('')).toBeUndefined()
    expect(store.lastAssociationId()).toBe(4)
  })

  test('what an identity has goes with it, and everything where nothing can be trusted', () => {
    const store = open()
    store.commit([put(1), put(2), put(3, { identity: 'other' })])
    store.commit([{ op: 'association.revoke', identity: 'meter' }])
    expect(ids(store, [1, 2, 3])).toEqual([3])
    expect(store.associationMark()).toBeUndefined()
    store.commit([{ op: 'association.clear' }, { op: 'association.mark', mark: 7 }])
    store.commit([{ op: 'association.mark', mark: 8 }])
    expect([ids(store, [3]), store.associationMark(), store.lastAssociationId()]).toEqual([[], 8, 3])
  })

  test('of two with the same connection id the newer is kept', () => {
    const store = open()
    store.commit([put(1, { cid: '00aa' }), put(2, { cid: '00aa' }), put(3, { cid: '' }), put(4, { cid: '', port: 9 })])
    store.commit([put(2, { cid: '00aa', port: 7 })])
    expect(store.associationByCid('00aa')).toMatchObject({ id: 2, port: 7 })
    expect(store.associationByAddress('192.0.2.1', 5687)?.id).toBe(3)
    store.commit([{ op: 'association.delete', id: 2 }])
    expect(store.associationByCid('00aa')).toBeUndefined()
  })

  test('move forwards only: an older window changes nothing', () => {
    const store = open()
    const moved = { windowBitmap: 2n ** 64n - 1n, address: '192.0.2.9', port: 9, heardAt: at(50) }
    store.commit([put(1), { op: 'association.window', id: 1, windowEdge: 70, ...moved }])
    store.commit([{ op: 'association.window', id: 1, windowEdge: 69, ...moved, windowBitmap: 1n }])
    store.commit([{ op: 'association.reserve', id: 1, upTo: 128 }])
    expect(plain(store.associationByCid('000000000001'))).toEqual(
      association(1, { ...moved, windowEdge: 70, reservedUpTo: 128 }),
    )
  })

  test('of one identity are kept as many as it may have, the newest', () => {
    const store = open()
    store.commit([put(1, { identity: 'other' }), put(2, { heardAt: at(100) }), put(3), put(4), put(5)])
    store.commit([{ op: 'association.prune', identity: 'meter', keep: 2 }])
    expect(ids(store, [1, 2, 3, 4, 5])).toEqual([1, 4, 5])
    store.commit([{ op: 'association.prune', identity: 'nobody', keep: 2 }])
    expect(ids(store, [1, 2, 3, 4, 5])).toEqual([1, 4, 5])
  })

  test('are gone once nobody was heard for too long', () => {
    const store = open()
    store.commit([put(1), put(2), put(3)])
    store.commit([{ op: 'association.expire', heardBefore: at(2) }])
    expect(ids(store, [1, 2, 3])).toEqual([2, 3])
    expect(store.lastAssociationId()).toBe(3)
  })
})

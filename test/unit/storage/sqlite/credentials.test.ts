/** Credentials on disk and in memory: the same answers, and nothing twice that is to be there once. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../../src/base/bytes.ts'
import { InvariantError } from '../../../../src/base/errors.ts'
import { after, seconds } from '../../../../src/base/time.ts'
import type { Credential } from '../../../../src/fleet/credentials/types.ts'
import type { Store } from '../../../../src/fleet/store.ts'
import { MemoryStore } from '../../../../src/sim/memory-store.ts'
import { openStore, start, temporaryDirectory } from '../fixtures.ts'

function credential(id: number, more: Partial<Credential> = {}): Credential {
  return {
    id,
    endpoint: `e${id}`,
    kind: 'psk',
    identity: utf8(`i${id}`),
    tags: {},
    state: 'active',
    createdAt: start,
    ...more,
  }
}

const full = credential(1, {
  identity: new Uint8Array([0, 255, 0x23, 0]),
  sealedKey: new Uint8Array([1, 2, 0]),
  keyFingerprint: 'f1',
  product: 'meter',
  tags: { site: 'x', ['größe']: 'y' },
  lastUsedAt: after(start, seconds(1)),
  acceptedUntil: after(start, seconds(2)),
  revokedAt: after(start, seconds(3)),
  replaces: 7,
  rule: 8,
  state: 'retiring',
})

const stores: [string, () => Store][] = [
  ['SQLite', () => openStore()],
  ['memory', () => new MemoryStore()],
]

describe.each(stores)('credentials in %s', (_name, open) => {
  function storeOf(...credentials: Credential[]): Store {
    const store = open()
    store.commit(credentials.map((one) => ({ op: 'credential.put', credential: one })))
    return store
  }

  it('come back as they were put, found by number, identity, key and endpoint', () => {
    const store = storeOf(full, credential(2))
    expect(plain(store.credential(1))).toEqual(plain(full))
    expect(store.credentialByIdentity('psk', full.identity)?.id).toBe(1)
    expect(store.credentialByIdentity('certificate', full.identity)).toBeUndefined()
    expect(store.credentialByIdentity('psk', full.identity.subarray(1))).toBeUndefined()
    expect(store.credentialByKey('f1')?.id).toBe(1)
    expect(store.credentialByKey('f2')).toBeUndefined()
    expect(store.credentialsOfEndpoint('e2', 9).map(({ id }) => id)).toEqual([2])
    expect(store.lastCredentialId()).toBe(2)
  })

  it('are replaced in what may change', () => {
    const store = storeOf(credential(1, { product: 'meter' }))
    const { product: _, ...rest } = credential(1, { state: 'revoked', revokedAt: start, tags: { a: 'b' } })
    store.commit([{ op: 'credential.put', credential: rest }])
    expect(plain(store.credential(1))).toEqual(plain(rest))
    store.commit([{ op: 'credential.used', id: 1, at: after(start, seconds(9)) }])
    expect(store.credential(1)?.lastUsedAt).toBe(after(start, seconds(9)))
    store.commit([{ op: 'credential.used', id: 99, at: start }])
    expect(store.credential(99)).toBeUndefined()
  })

  it('the newest of an identity and of an endpoint comes first', () => {
    const gone = { endpoint: 'e', identity: utf8('i'), state: 'revoked' } as const
    const store = storeOf(credential(1, gone), credential(2, { ...gone, state: 'active' }))
    expect(store.credentialByIdentity('psk', utf8('i'))?.id).toBe(2)
    expect(store.credentialsOfEndpoint('e', 9).map(({ id }) => id)).toEqual([2, 1])
    expect(store.credentialsOfEndpoint('e', 1).map(({ id }) => id)).toEqual([2])
  })

  it('certificate names and what they let in are listed apart', () => {
    const name = { kind: 'certificate-name', endpoint: '*' } as const
    const letIn = { kind: 'certificate', rule: 1 } as const
    const store = storeOf(
      credential(1, name),
      credential(2, { ...name, state: 'revoked' }),
      credential(3, name),
      credential(4, letIn),
      credential(5, { ...letIn, state: 'revoked' }),
      credential(6, { ...letIn, rule: 3 }),
    )
    expect(store.certificateNames(9).map(({ id }) => id)).toEqual([1, 3])
    expect(store.certificateNames(1).map(({ id }) => id)).toEqual([1])
    expect(store.credentialsOfRule(1, 9).map(({ id }) => id)).toEqual([4])
    expect(store.credentialsOfEndpoint('*', 9)).toEqual([])
  })

  it('whose grace is over come earliest first', () => {
    const until = (s: number) => ({ state: 'retiring', acceptedUntil: after(start, seconds(s)) }) as const
    const store = storeOf(
      credential(1, until(3)),
      credential(2, until(1)),
      credential(3, { state: 'retiring' }),
      credential(4, { ...until(1), state: 'revoked' }),
    )
    const over = (s: number, limit = 9): number[] =>
      store.credentialsOver(after(start, seconds(s)), limit).map(({ id }) => id)
    expect([over(0), over(1), over(3), over(3, 1)]).toEqual([[], [2], [2, 1], [2]])
  })

  it.each<[Parameters<Store['credentials']>[0], number[]]>([
    [{}, [1, 2, 3, 4]],
    [{ state: 'active' }, [1, 3, 4]],
    [{ product: 'meter' }, [2, 3]],
    [{ product: 'meter', state: 'active' }, [3]],
    [{ kind: 'certificate' }, [4]],
    [{ kind: 'psk', state: 'revoked' }, [2]],
    [{ endpoint: 'e3' }, [3]],
    [{ endpoint: 'e3', state: 'revoked' }, []],
    [{ endpoint: 'e3', product: 'meter', state: 'active', kind: 'psk' }, [3]],
    [{ endpoint: 'e1', product: 'meter' }, []],
  ])('are listed by %j', (filter, ids) => {
    const store = storeOf(
      credential(1),
      credential(2, { product: 'meter', state: 'revoked' }),
      credential(3, { product: 'meter' }),
      credential(4, { kind: 'certificate' }),
    )
    expect(store.credentials(filter, 0, 9).map(({ id }) => id)).toEqual(ids)
    expect(store.credentials(filter, ids[0] ?? 0, 1).map(({ id }) => id)).toEqual(ids.slice(1, 2))
  })

  it('the check of the store key is kept', () => {
    const store = open()
    expect(store.storeKeyCheck()).toBeUndefined()
    for (const check of [utf8('one'), utf8('two')]) store.commit([{ op: 'store-key.put', check }])
    expect(new Uint8Array(store.storeKeyCheck()!)).toEqual(utf8('two'))
  })
})

describe('SQLite', () => {
  it.each<[string, Credential, Credential]>([
    ['two active ones of an endpoint', credential(1), credential(2, { endpoint: 'e1' })],
    ['two live ones of an identity', credential(1), credential(2, { identity: utf8('i1'), state: 'retiring' })],
  ])('takes no %s, whatever its user overlooked', (_what, first, second) => {
    const store = openStore()
    store.commit([{ op: 'credential.put', credential: first }])
    expect(() => store.commit([{ op: 'credential.put', credential: second }])).toThrow(InvariantError)
    expect(store.credential(2)).toBeUndefined()
  })

  it('gives no number again', () => {
    const file = join(temporaryDirectory(), 'coapstan.db')
    const store = openStore(file)
    store.commit([{ op: 'credential.put', credential: credential(41) }])
    expect(store.lastCredentialId()).toBe(41)
  })
})

/** Octets as numbers, so that a Buffer and an array of octets are alike. */
function plain(value: Credential | undefined): unknown {
  if (value === undefined) return undefined
  const { identity, sealedKey, ...rest } = value
  return { ...rest, identity: [...identity], ...(sealedKey === undefined ? {} : { sealedKey: [...sealedKey] }) }
}

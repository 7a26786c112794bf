/** Credentials over a store in memory: added, looked up, rotated, revoked, and what nobody is ever told. */
import { beforeEach, describe, expect, it } from 'vitest'
import { bytesOfHex, hexOf, utf8 } from '../../../../src/base/bytes.ts'
import { EnvironmentError } from '../../../../src/base/errors.ts'
import { after, hours, minutes, seconds } from '../../../../src/base/time.ts'
import type { Credential } from '../../../../src/fleet/credentials/types.ts'
import { start } from '../fixtures.ts'
import { credentialsWorld, grace, keyHex, psk, type CredentialsWorld } from './fixtures.ts'

let world: CredentialsWorld
let service: CredentialsWorld['service']
beforeEach(() => {
  world = credentialsWorld()
  service = world.service
})

const refused = (code: string, status: number) => expect.objectContaining({ code, status }) as Error
const add = (endpoint: string, more: { identity?: string; key?: string } = {}) =>
  service.add({ endpoint, kind: 'psk', ...more })
const find = (identity: string) => service.lookup({ kind: 'psk', identity: utf8(identity) })
const shake = async (identity: string): Promise<void> => {
  service.used(psk(utf8(identity)))
  await service.tend()
}
const states = (): string[] => service.list({}, { limit: 100 }).map(({ id, state }) => `${id} ${state}`)

describe('a new credential', () => {
  it('is found by its identity, with the endpoint it stands for', async () => {
    const key = keyHex(1)
    const { credential, newKey } = await add('urn:dev:a', { identity: '0x00ff', key })
    expect(newKey).toBeUndefined()
    expect(credential).toMatchObject({ id: 1, identity: '0x00ff', state: 'active', createdAt: start })
    expect(service.lookup({ kind: 'psk', identity: bytesOfHex('00ff')! })).toEqual({
      found: 'key',
      key: bytesOfHex(key),
      endpoint: 'urn:dev:a',
    })
    expect(find('urn:dev:a')).toEqual({ found: 'unknown' })
  })

  it('gets a key of ours where none is given, told this once', async () => {
    const { newKey, credential } = await add('urn:dev:a')
    expect(newKey).toMatch(/^[0-9a-f]{32}$/)
    expect(find('urn:dev:a')).toMatchObject({ found: 'key', key: bytesOfHex(newKey!) })
    expect(credential.key).toEqual({ begins: newKey!.slice(0, 2), length: 16, fingerprint: expect.any(String) })
  })

  it('is never shown, logged or told with its key, nor kept in the clear', async () => {
    const key = keyHex(2, 32)
    await add('urn:dev:a', { key })
    const shown = JSON.stringify([service.list({}, { limit: 9 }), service.credential('urn:dev:a'), world.events])
    expect(shown).not.toContain(key.slice(0, 8))
    const row = world.store.credential(1)!
    expect(hexOf(row.sealedKey!)).not.toContain(key.slice(0, 8))
    expect(row.keyFingerprint).toHaveLength(16)
    expect(world.events).toEqual([
      {
        kind: 'credential.added',
        cause: 'operator',
        endpoint: 'urn:dev:a',
        detail: { credential: 1, kind: 'psk', identity: 'urn:dev:a' },
      },
    ])
  })

  it('keeps what the device is', async () => {
    await service.add({ endpoint: 'e', kind: 'psk', product: 'meter', tags: { site: 'x' } })
    expect(service.credential('e')).toMatchObject({ product: 'meter', tags: { site: 'x' } })
  })

  it.each<[string, Parameters<typeof service.add>[0], string, number]>([
    ['a weak key', { endpoint: 'b', kind: 'psk', key: '00'.repeat(16) }, 'credential.key', 422],
    ['a key that is no hex', { endpoint: 'b', kind: 'psk', key: 'xyz' }, 'credential.key', 422],
    ['a bad identity', { endpoint: 'b', kind: 'psk', identity: '0xz' }, 'credential.identity', 422],
    ['no endpoint name', { endpoint: '', kind: 'psk' }, 'device.endpoint', 422],
    ['a bad tag', { endpoint: 'b', kind: 'psk', tags: { 'a b': 'x' } }, 'device.tags', 422],
    ['a public key unnamed', { endpoint: 'b', kind: 'raw-public-key' }, 'credential.identity', 422],
    [
      'a key for a certificate',
      { endpoint: 'b', kind: 'certificate', identity: 'ab'.repeat(32), key: '11' },
      'credential.key',
      422,
    ],
    ['a pattern without sense', { endpoint: 'b', kind: 'certificate-name', identity: '*' }, 'credential.rule', 422],
    ['a second one for an endpoint', { endpoint: 'a', kind: 'psk', identity: 'i2' }, 'credential.endpoint-taken', 409],
    ['an identity in use', { endpoint: 'b', kind: 'psk', identity: 'a' }, 'credential.identity-taken', 409],
    ['a key in use', { endpoint: 'b', kind: 'psk', key: keyHex(1) }, 'credential.key-shared', 409],
  ])('with %s is refused, and nothing is written', async (_what, draft, code, status) => {
    await add('a', { key: keyHex(1) })
    await expect(service.add(draft)).rejects.toThrow(refused(code, status))
    expect(world.commits).toHaveLength(1)
  })

  it('asked for twice at once is made once', async () => {
    const results = await Promise.allSettled([add('a'), add('a'), add('a')])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  it('that could not be written is not there, and the next one is', async () => {
    world.failure = new EnvironmentError('store.full', 'the disk is full', { retriable: true })
    await expect(add('a')).rejects.toThrow('the disk is full')
    expect(find('a')).toEqual({ found: 'unknown' })
    await expect(add('a')).resolves.toMatchObject({ credential: { id: 1 } })
  })
})

describe('a lookup', () => {
  it('finds a raw public key and a certificate by what was shown', async () => {
    const publicKey = bytesOfHex('300a3003020100030300aabb')!
    await service.add({ endpoint: 'r', kind: 'raw-public-key', identity: hexOf(publicKey) })
    await service.add({ endpoint: 'c', kind: 'certificate', identity: 'ab'.repeat(32) })
    expect(service.lookup({ kind: 'raw-public-key', publicKey })).toEqual({ found: 'trusted', endpoint: 'r' })
    const principal = { kind: 'certificate', fingerprint: bytesOfHex('ab'.repeat(32))!, names: ['x'] } as const
    expect(service.lookup({ kind: 'certificate', principal })).toEqual({ found: 'trusted', endpoint: 'c' })
    // The octets of one kind are no identity of another.
    expect(service.lookup({ kind: 'psk', identity: publicKey })).toEqual({ found: 'unknown' })
  })

  it('finds nobody whose row was tampered with', async () => {
    await add('a')
    await add('b')
    const [a, b] = [world.store.credential(1)!, world.store.credential(2)!]
    const swapped = { ...a, sealedKey: b.sealedKey! }
    const target = credentialsWorld()
    target.store.credentialByIdentity = () => swapped
    expect(target.service.lookup({ kind: 'psk', identity: utf8('a') })).toEqual({ found: 'unknown' })
    const flipped = a.sealedKey!.slice()
    flipped[20]! ^= 1
    target.store.credentialByIdentity = () => ({ ...a, sealedKey: flipped })
    expect(target.service.lookup({ kind: 'psk', identity: utf8('a') })).toEqual({ found: 'unknown' })
  })

  it('takes identities as they are: NUL, case and normal forms tell them apart', async () => {
    const identities = ['Ä', 'A\u0308', 'a', 'A', 'a\0']
    for (const [i, identity] of identities.entries()) await add(`e${i}`, { identity: `0x${hexOf(utf8(identity))}` })
    for (const [i, identity] of identities.entries()) expect(find(identity)).toMatchObject({ endpoint: `e${i}` })
  })
})

describe('the last use', () => {
  it('is written once a minute at most, and never from within the handshake', async () => {
    await add('a')
    service.used(psk(utf8('a')))
    service.used(psk(utf8('a')))
    expect(world.commits).toHaveLength(1)
    await service.tend()
    expect(world.commits[1]).toEqual([{ op: 'credential.used', id: 1, at: start }])
    world.now = after(start, seconds(59))
    await shake('a')
    expect(world.commits).toHaveLength(2)
    world.now = after(start, minutes(1))
    await shake('a')
    expect(service.credential('a').lastUsedAt).toBe(world.now)
  })

  it('survives a store that takes no writes', async () => {
    await add('a')
    service.used(psk(utf8('a')))
    world.failure = new EnvironmentError('store.full', 'the disk is full', { retriable: true })
    await expect(service.tend()).rejects.toThrow('full')
    await service.tend()
    expect(service.credential('a').lastUsedAt).toBe(start)
  })
})

describe('a rotated key', () => {
  it('is accepted until its successor was used and the grace is over', async () => {
    await add('a')
    const { credential, newKey } = await service.rotate('a', {})
    expect(credential).toMatchObject({ id: 2, identity: 'a#2', state: 'active', replaces: 1 })
    expect([find('a').found, find('a#2').found]).toEqual(['key', 'key'])
    expect(find('a#2')).toMatchObject({ key: bytesOfHex(newKey!), endpoint: 'a' })

    // The old one goes on for as long as the device does not have the new one.
    world.now = after(start, hours(10_000))
    await shake('a')
    expect(find('a').found).toBe('key')
    await shake('a#2')
    expect(service.credential('1').acceptedUntil).toBe(after(world.now, grace))
    const used = world.now
    world.now = after(used, hours(1))
    await shake('a#2')
    expect(service.credential('1').acceptedUntil).toBe(after(used, grace))

    world.now = after(used, grace)
    expect([find('a').found, find('a#2').found]).toEqual(['unknown', 'key'])
    expect(world.revoked).toEqual([])
    await service.tend()
    expect(states()).toEqual(['1 revoked', '2 active'])
    expect(world.revoked).toEqual([psk(utf8('a'))])
    expect(world.events.at(-1)).toMatchObject({ kind: 'credential.revoked', cause: 'grace over' })
  })

  it('whose successor nobody ever used is rotated from again', async () => {
    await add('a')
    await service.rotate('a', {})
    const { credential } = await service.rotate('a', {})
    expect(credential).toMatchObject({ id: 3, identity: 'a#3', replaces: 1 })
    expect(states()).toEqual(['1 retiring', '2 revoked', '3 active'])
    expect(world.revoked).toEqual([psk(utf8('a#2'))])
    await shake('a#3')
    expect(service.credential('1')).toHaveProperty('acceptedUntil')
  })

  it('whose successor is in use makes way for the next', async () => {
    await add('a')
    await service.rotate('a', {})
    await shake('a#2')
    await service.rotate('a', {})
    expect(states()).toEqual(['1 retiring', '2 retiring', '3 active'])
    expect([find('a').found, find('a#2').found, find('a#3').found]).toEqual(['key', 'key', 'key'])
  })

  it('in wrong hands goes at once, and the identity may stay', async () => {
    await add('a')
    await service.rotate('a', {})
    const { credential, newKey } = await service.rotate('a', { immediately: true })
    expect(credential.identity).toBe('a#2')
    expect(find('a')).toEqual({ found: 'unknown' })
    expect(find('a#2')).toMatchObject({ key: bytesOfHex(newKey!) })
    expect(states()).toEqual(['1 revoked', '2 revoked', '3 active'])
    expect(world.revoked).toHaveLength(2)
  })

  it('can be given by hand', async () => {
    await add('a', { key: keyHex(1) })
    await service.rotate('a', { identity: 'b', key: keyHex(2) })
    expect(find('b')).toMatchObject({ key: bytesOfHex(keyHex(2)), endpoint: 'a' })
  })

  it.each<[string, Parameters<typeof service.rotate>, string, number]>([
    ['of nobody', ['zz', {}], 'credential.unknown', 404],
    ['that is on its way out', ['1', {}], 'credential.not-active', 409],
    ['that is a pattern', ['3', {}], 'credential.not-active', 409],
    ['to its own identity with an overlap', ['a', { identity: 'a#2' }], 'credential.same-identity', 409],
    ['to an identity in use', ['a', { identity: 'a' }], 'credential.identity-taken', 409],
    ['to the key it has', ['a', { key: keyHex(2) }], 'credential.key', 422],
    ['to a weak key', ['a', { key: 'ab'.repeat(16) }], 'credential.key', 422],
  ])('%s is refused', async (_what, [reference, wishes], code, status) => {
    await add('a', { key: keyHex(1) })
    await service.rotate('a', { key: keyHex(2) })
    await service.add({ endpoint: '*', kind: 'certificate-name', identity: '*' })
    await expect(service.rotate(reference, wishes)).rejects.toThrow(refused(code, status))
    expect(states()).toEqual(['1 retiring', '2 active', '3 active'])
  })
})

describe('a revoked credential', () => {
  it('opens nothing more, and what it had open is closed', async () => {
    await add('a')
    await service.rotate('a', {})
    expect((await service.revoke('a')).map(({ id }) => id)).toEqual([2, 1])
    expect(world.revoked).toEqual([psk(utf8('a#2')), psk(utf8('a'))])
    expect([find('a'), find('a#2')]).toEqual([{ found: 'unknown' }, { found: 'unknown' }])
    expect(service.acceptedOf('a')).toEqual([])
    await expect(service.revoke('a')).rejects.toThrow(refused('credential.not-active', 409))
    await expect(service.revoke('b')).rejects.toThrow(refused('credential.unknown', 404))
  })

  it('may be one of several', async () => {
    await add('a')
    await service.rotate('a', {})
    await service.revoke('1')
    expect(states()).toEqual(['1 revoked', '2 active'])
    expect(service.acceptedOf('a')).toEqual([psk(utf8('a#2'))])
  })

  it('used while it was being revoked is told again', async () => {
    await add('a')
    await service.revoke('a')
    await shake('a')
    expect(world.revoked).toEqual([psk(utf8('a')), psk(utf8('a'))])
    expect(service.credential('1')).not.toHaveProperty('lastUsedAt')
  })

  it('leaves its name, identity and even its key to a new one of the same endpoint', async () => {
    await add('a', { key: keyHex(1) })
    await service.revoke('a')
    await expect(add('b', { key: keyHex(1) })).rejects.toThrow(refused('credential.key-shared', 409))
    await add('a', { key: keyHex(1) })
    expect(find('a')).toMatchObject({ found: 'key' })
    expect(states()).toEqual(['1 revoked', '2 active'])
  })

  it('of an endpoint called like a number is found by its name first', async () => {
    await add('x')
    await add('1')
    expect(service.credential('1')).toMatchObject({ id: 2 } satisfies Partial<Credential>)
  })
})

it('lists page by page, by endpoint, state, kind and product', async () => {
  for (let i = 0; i < 5; i++) await service.add({ endpoint: `e${i}`, kind: 'psk', ...(i > 2 && { product: 'meter' }) })
  await service.revoke('e4')
  const ids = (...[filter, page]: Parameters<typeof service.list>): number[] =>
    service.list(filter, page).map(({ id }) => id)
  expect(ids({}, { limit: 2 })).toEqual([1, 2])
  expect(ids({}, { limit: 2, after: 2 })).toEqual([3, 4])
  expect(ids({ state: 'revoked' }, { limit: 9 })).toEqual([5])
  expect(ids({ product: 'meter', state: 'active' }, { limit: 9 })).toEqual([4])
  expect(ids({ endpoint: 'e1' }, { limit: 9 })).toEqual([2])
  expect(ids({ kind: 'certificate' }, { limit: 9 })).toEqual([])
})

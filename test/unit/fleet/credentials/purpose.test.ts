/** Credentials for bootstrapping beside those for management: one never stands in for the other. */
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../../../src/base/bytes.ts'
import { instantOf } from '../../../../src/base/time.ts'
import { MemoryStore } from '../../../../src/sim/memory-store.ts'
import { credentialsOver, psk } from './fixtures.ts'

const endpoint = 'urn:dev:one'
const identity = psk(utf8(endpoint))

function world() {
  const store = new MemoryStore()
  const revoked: string[] = []
  const service = credentialsOver(
    () => instantOf(1_800_000_000_000),
    store,
    (ops) => store.commit(ops),
    (_identity, purpose) => revoked.push(purpose),
  )
  return { store, service, revoked }
}

describe('credentials for bootstrapping', () => {
  it('are accepted for bootstrapping only, those for management for management only', async () => {
    const { service } = world()
    await service.add({ endpoint, kind: 'psk', purpose: 'bootstrap' })
    expect(service.lookup(identity, 'bootstrap')).toMatchObject({ found: 'key', endpoint })
    expect(service.lookup(identity, 'management')).toEqual({ found: 'unknown' })
    await service.add({ endpoint: 'urn:dev:two', kind: 'psk' })
    expect(service.lookup(psk(utf8('urn:dev:two')), 'bootstrap')).toEqual({ found: 'unknown' })
  })

  it('may bear the same identity for the same endpoint, never the same key', async () => {
    const { service } = world()
    const { newKey } = await service.add({ endpoint, kind: 'psk', purpose: 'bootstrap' })
    await expect(service.add({ endpoint, kind: 'psk', key: newKey! })).rejects.toMatchObject({
      code: 'credential.key-shared',
    })
    await service.add({ endpoint, kind: 'psk' })
    expect(service.lookup(identity, 'management')).toMatchObject({ found: 'key' })
    expect(service.list({ purpose: 'bootstrap' }, { limit: 9 }).map(({ id }) => id)).toEqual([1])
  })

  it('rotate by themselves, and go with the endpoint when that is revoked', async () => {
    const { service, revoked } = world()
    await service.add({ endpoint, kind: 'psk', purpose: 'bootstrap' })
    await service.add({ endpoint, kind: 'psk' })
    await service.rotate(endpoint, { immediately: true })
    expect(service.lookup(identity, 'bootstrap')).toMatchObject({ found: 'key' })
    expect(revoked).toEqual(['management'])
    await service.revoke(endpoint)
    expect(service.lookup(identity, 'bootstrap')).toEqual({ found: 'unknown' })
    expect(revoked.toSorted()).toEqual(['bootstrap', 'management', 'management'])
  })

  it('come in with a file, by a column of their own', async () => {
    const { service } = world()
    const rows = [
      'endpoint,identity,key,product,tags,purpose',
      'a,,8f1c2b3a4d5e6f708192a3b4c5d6e7f8,,,bootstrap',
      'a,,9f1c2b3a4d5e6f708192a3b4c5d6e7f9,,,',
      'b,,af1c2b3a4d5e6f708192a3b4c5d6e7fa,,,nonsense',
    ].join('\n')
    const report = await service.import(rows, { partial: true })
    expect(report).toMatchObject({ added: 2, failed: 1, problems: [{ line: 4 }] })
    expect(service.lookup(psk(utf8('a')), 'bootstrap')).toMatchObject({ found: 'key' })
    expect(service.lookup(psk(utf8('a')), 'management')).toMatchObject({ found: 'key' })
  })
})

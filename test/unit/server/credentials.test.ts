/** Credentials in DTLS' words: lookups, revocations, and associations from before that are accepted no longer. */
import { describe, expect, it, vi } from 'vitest'
import { bytesOfHex, utf8 } from '../../../src/base/bytes.ts'
import { silentLog } from '../../../src/base/log.ts'
import { SeededRandom } from '../../../src/base/random.ts'
import { profiles } from '../../../src/config/profiles.ts'
import { defaultSettings } from '../../../src/config/tunables.ts'
import type { Principal } from '../../../src/dtls/principal.ts'
import type { StoredAssociation } from '../../../src/fleet/associations/types.ts'
import { openCredentials } from '../../../src/server/credentials.ts'
import { deviceProfiles } from '../../../src/server/device-profile.ts'
import { MemoryStore } from '../../../src/sim/memory-store.ts'
import { device, start } from '../fleet/fixtures.ts'

function world() {
  const store = new MemoryStore()
  const revoked: Principal[] = []
  const credentials = openCredentials({
    store,
    control: {
      commitNow: (ops) => store.commit(ops),
      revoke: (principal) => void revoked.push(principal),
    },
    profileOf: deviceProfiles(store, defaultSettings),
    storeKey: new Uint8Array(32).fill(5),
    random: new SeededRandom(1),
    now: () => start,
    settings: defaultSettings,
    log: silentLog,
  })
  return { store, revoked, credentials }
}

/** As the engine writes one down. */
const association = (identity: string, endpoint?: string): StoredAssociation => ({
  id: 1,
  cid: '00a1',
  identity,
  ...(endpoint === undefined ? {} : { endpoint }),
  address: '192.0.2.1',
  port: 5000,
  sealed: new Uint8Array(0),
  reservedUpTo: 0,
  windowEdge: 0,
  windowBitmap: 0n,
  openedAt: start,
  heardAt: start,
})
const psk = (identity: string) => ({ kind: 'psk', identity: utf8(identity) }) as const
const query = { path: 1, serverName: undefined }

describe('a lookup of DTLS', () => {
  it('is answered with the key and the endpoint it stands for', async () => {
    const { credentials } = world()
    const { newKey } = await credentials.service.add({ endpoint: 'dev', kind: 'psk', identity: 'id' })
    expect(credentials.lookup({ ...query, ...psk('id') })).toEqual({
      kind: 'key',
      key: bytesOfHex(newKey!),
      holder: 'dev',
      profile: profiles.nbiot,
    })
    expect(credentials.lookup({ ...query, ...psk('dev') })).toEqual({ kind: 'unknown' })
    expect([credentials.knows(psk('id')), credentials.knows(psk('dev'))]).toEqual([true, false])
    expect(credentials.knows({ kind: 'anonymous' })).toBe(false)
  })

  it('says what network the device is on, so that the handshake keeps time with it', async () => {
    const { credentials, store } = world()
    await credentials.service.add({ endpoint: 'dev', kind: 'psk', identity: 'id' })
    store.commit([{ op: 'device.put', device: { ...device, endpoint: 'dev', profile: 'ip' } }])
    expect(credentials.lookup({ ...query, ...psk('id') })).toMatchObject({ profile: profiles.ip })
  })

  it('of a raw public key is answered with trust', async () => {
    const { credentials } = world()
    const publicKey = bytesOfHex('30053003616263')!
    await credentials.service.add({ endpoint: 'dev', kind: 'raw-public-key', identity: '30053003616263' })
    expect(credentials.lookup({ ...query, kind: 'raw-public-key', publicKey })).toEqual({
      kind: 'trusted',
      holder: 'dev',
      profile: profiles.nbiot,
    })
  })
})

describe('an association from before a restart', () => {
  it('goes on for as long as what it was opened with is accepted', async () => {
    const { credentials, revoked } = world()
    await credentials.service.add({ endpoint: 'dev', kind: 'psk' })
    await credentials.service.rotate('dev', {})
    const [before, next] = [association('dev', 'dev'), association('dev#2', 'dev')]
    expect([credentials.accepts(before), credentials.accepts(next)]).toEqual([true, true])
    await credentials.service.revoke('1')
    expect([credentials.accepts(before), credentials.accepts(next)]).toEqual([false, true])
    await credentials.service.revoke('dev')
    expect(credentials.accepts(next)).toBe(false)
    expect(revoked).toEqual([psk('dev'), psk('dev#2')])
  })

  it.each<[string, StoredAssociation]>([
    ['of another identity', association('other', 'dev')],
    ['of an endpoint without credentials', association('dev', 'zz')],
    ['that stands for no endpoint', association('dev')],
  ])('%s is not taken up', async (_what, stored) => {
    const { credentials } = world()
    await credentials.service.add({ endpoint: 'dev', kind: 'psk' })
    expect(credentials.accepts(stored)).toBe(false)
  })

  it('opened with a certificate goes on while that very certificate is accepted', async () => {
    const { credentials, store } = world()
    await credentials.service.add({ endpoint: 'dev', kind: 'certificate', identity: '11'.repeat(32) })
    await credentials.service.rotate('dev', { identity: '22'.repeat(32) })
    const [before, next] = ['11', '22'].map((octet) => association(`x509:${octet.repeat(32)}`, 'dev'))
    store.commit([
      { op: 'association.put', association: before! },
      { op: 'association.put', association: { ...next!, id: 2, cid: '00a2' } },
    ])
    expect([credentials.accepts(before!), credentials.accepts(next!)]).toEqual([true, true])
    await credentials.service.revoke('1')
    expect([credentials.accepts(before!), credentials.accepts(next!)]).toEqual([false, true])
    // Gone from the store with the credential, whether it was in memory or not.
    expect([store.associationByCid('00a1'), store.associationByCid('00a2')?.id]).toEqual([undefined, 2])
  })

  it('opened with a certificate that was let in by its name goes on after a crash at once', async () => {
    const { credentials } = world()
    const fingerprint = new Uint8Array(32).fill(0x33)
    await credentials.service.add({ endpoint: '*', kind: 'certificate-name', identity: '*.meters.example' })
    credentials.used({ kind: 'certificate', fingerprint, names: ['a7.meters.example'] })
    const stored = association(`x509:${'33'.repeat(32)}`, 'a7')
    await vi.waitFor(() => expect(credentials.accepts(stored)).toBe(true))
  })
})

it('what is left to write is written when the server stops', async () => {
  const { credentials, store } = world()
  await credentials.service.add({ endpoint: 'dev', kind: 'psk' })
  const stop = credentials.start()
  credentials.service.used(psk('dev'))
  await stop()
  expect(store.credential(1)?.lastUsedAt).toBe(start)
})

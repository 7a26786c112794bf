/** Certificates let in by a name in them: seen one by one from then on, renewed with a grace, revoked like any other. */
import { beforeEach, describe, expect, it } from 'vitest'
import { bytesOfHex } from '../../../../src/base/bytes.ts'
import { after } from '../../../../src/base/time.ts'
import type { ProvenIdentity } from '../../../../src/fleet/credentials/types.ts'
import { credentialsWorld, grace, type CredentialsWorld } from './fixtures.ts'

let world: CredentialsWorld
let service: CredentialsWorld['service']
beforeEach(async () => {
  world = credentialsWorld()
  service = world.service
  await service.add({
    endpoint: 'urn:meter:*',
    kind: 'certificate-name',
    identity: '*.meters.example',
    product: 'meter',
  })
})

/** Certificate number `n`, with these names in it. */
const certificate = (n: number, ...names: string[]): ProvenIdentity & { kind: 'certificate' } => ({
  kind: 'certificate',
  fingerprint: new Uint8Array(32).fill(n),
  names,
})
const find = (principal: ProvenIdentity) => service.lookup({ kind: 'certificate', principal })
const shake = async (principal: ProvenIdentity): Promise<void> => {
  service.used(principal)
  await service.tend()
}
const rows = (): string[] =>
  service.list({ kind: 'certificate' }, { limit: 99 }).map(({ id, endpoint, state }) => `${id} ${endpoint} ${state}`)

const a7 = certificate(7, 'a7.meters.example')

describe('a certificate with a name that fits', () => {
  it('is let in, and is a credential of its own from then on', async () => {
    expect(find(a7)).toEqual({ found: 'trusted', endpoint: 'urn:meter:a7' })
    expect(rows()).toEqual([])
    await shake(a7)
    expect(service.credential('urn:meter:a7')).toMatchObject({
      id: 2,
      identity: '07'.repeat(32),
      product: 'meter',
      rule: 1,
      lastUsedAt: world.now,
    })
    expect(world.events.at(-1)).toMatchObject({ kind: 'credential.added', cause: 'certificate name 1' })
    await shake(a7)
    expect(rows()).toEqual(['2 urn:meter:a7 active'])
    expect(find(a7)).toEqual({ found: 'trusted', endpoint: 'urn:meter:a7' })
  })

  it('is let in by the oldest rule that fits', async () => {
    await service.add({ endpoint: '*', kind: 'certificate-name', identity: '*' })
    expect(find(a7)).toMatchObject({ endpoint: 'urn:meter:a7' })
    expect(find(certificate(8, 'urn:dev:8'))).toMatchObject({ endpoint: 'urn:dev:8' })
  })

  it('is not let in where it stands for nothing, or for what no device can be called', async () => {
    await service.add({ endpoint: 'x-*', kind: 'certificate-name', identity: '*' })
    expect(find(certificate(8))).toEqual({ found: 'unknown' })
    expect(find(certificate(8, 'a\u0007'))).toEqual({ found: 'unknown' })
    expect(find(certificate(8, 'y'.repeat(254)))).toEqual({ found: 'unknown' })
  })

  it('is not let in as an endpoint that was given a credential of its own', async () => {
    await service.add({ endpoint: 'urn:meter:a7', kind: 'psk' })
    expect(find(a7)).toEqual({ found: 'unknown' })
    await service.revoke('urn:meter:a7')
    expect(find(a7)).toEqual({ found: 'trusted', endpoint: 'urn:meter:a7' })
  })

  it('that is revoked by itself stays out, though its name fits', async () => {
    await shake(a7)
    await service.revoke('urn:meter:a7')
    expect(find(a7)).toEqual({ found: 'unknown' })
    expect(world.revoked).toEqual([{ kind: 'certificate', fingerprint: a7.fingerprint, names: [] }])
  })

  it('that replaces another of the same name is a renewal: the old one has its grace', async () => {
    await shake(a7)
    const renewed = certificate(8, 'a7.meters.example')
    expect(find(renewed)).toEqual({ found: 'trusted', endpoint: 'urn:meter:a7' })
    await shake(renewed)
    expect(rows()).toEqual(['2 urn:meter:a7 retiring', '3 urn:meter:a7 active'])
    expect(find(a7).found).toBe('trusted')
    world.now = after(world.now, grace)
    expect([find(a7).found, find(renewed).found]).toEqual(['unknown', 'trusted'])
  })

  it('and two of one name in the same second are a renewal too', async () => {
    service.used(a7)
    service.used(certificate(8, 'a7.meters.example'))
    await service.tend()
    expect(rows()).toEqual(['2 urn:meter:a7 retiring', '3 urn:meter:a7 active'])
  })
})

describe('a rule that is revoked', () => {
  it('takes all it let in with it, those of a moment ago too', async () => {
    for (let n = 0; n < 250; n++) service.used(certificate(n, `d${n}.meters.example`))
    await service.tend()
    service.used(certificate(251, 'late.meters.example'))
    await service.revoke('1')
    expect(world.revoked).toHaveLength(251)
    expect(service.list({ state: 'active' }, { limit: 9 })).toEqual([])
    expect(find(certificate(3, 'd3.meters.example'))).toEqual({ found: 'unknown' })
    expect(find(certificate(252, 'new.meters.example'))).toEqual({ found: 'unknown' })
  })

  it('closes what was still shaking hands', async () => {
    await service.revoke('1')
    await shake(a7)
    expect(world.revoked).toEqual([a7])
    expect(rows()).toEqual([])
  })
})

it('an operator names a certificate by its fingerprint, and rotates it to a new one', async () => {
  await service.add({ endpoint: 'e', kind: 'certificate', identity: '11'.repeat(32) })
  await expect(service.rotate('e', {})).rejects.toThrow(/named by its identity/)
  await service.rotate('e', { identity: '22'.repeat(32) })
  const principals = ['11', '22'].map((hex) => ({ ...certificate(0), fingerprint: bytesOfHex(hex.repeat(32))! }))
  expect(principals.map((principal) => find(principal).found)).toEqual(['trusted', 'trusted'])
})

it('there are not more rules than can be tried for a stranger', async () => {
  for (let n = 2; n <= 256; n++) {
    await service.add({ endpoint: `e${n}`, kind: 'certificate-name', identity: `n${n}` })
  }
  await expect(service.add({ endpoint: 'f', kind: 'certificate-name', identity: 'f' })).rejects.toThrow(
    expect.objectContaining({ code: 'credential.rules-full', status: 409 }),
  )
})

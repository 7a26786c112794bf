/** Templates with something wrong: everything is told at once, each with its field. */
import { describe, expect, it } from 'vitest'
import type { TemplateDraft } from '../../../../src/fleet/bootstrap/draft.ts'
import { BootstrapHarness } from '../../../support/bootstrap-harness.ts'

const self = { uri: 'self', shortId: 1 } as const
const masterKey = '8f1c2b3a4d5e6f708192a3b4c5d6e7f8'

describe('a template', () => {
  it.each<[string, TemplateDraft, string, RegExp]>([
    [
      'two servers with one short id',
      { servers: [self, { uri: 'coap://a', shortId: 1 }] },
      'body.servers.1.shortId',
      /another server/,
    ],
    ['self twice', { servers: [self, { ...self, shortId: 2 }] }, 'body.servers', /twice/],
    ['no URI', { servers: [{ uri: 'lwm2m.example', shortId: 1 }] }, 'body.servers.0.uri', /self, or a URI/],
    ['a URI with a path', { servers: [{ uri: 'coap://a/rd', shortId: 1 }] }, 'body.servers.0.uri', /without a path/],
    [
      'psk over coap',
      { servers: [{ uri: 'coap://a', shortId: 1, security: 'psk' }] },
      'body.servers.0.security',
      /coaps/,
    ],
    ['a key for self', { servers: [{ ...self, key: masterKey }] }, 'body.servers.0.key', /itself/],
    ['another server without a key', { servers: [{ uri: 'coaps://a', shortId: 1 }] }, 'body.servers.0', /masterKey/],
    [
      'a weak key',
      { servers: [{ uri: 'coaps://a', shortId: 1, key: '00'.repeat(16) }] },
      'body.servers.0.key',
      /steps|pattern/,
    ],
    [
      'a range backwards',
      { servers: [{ ...self, registration: { retryTimer: '90..30' } }] },
      'body.servers.0.registration.retryTimer',
      /range/,
    ],
    [
      'a resource it names itself',
      { servers: [{ ...self, serverResources: { 1: 5 } }] },
      'body.servers.0.serverResources.1',
      /name of its own/,
    ],
    [
      'a value of another type',
      { servers: [{ ...self, serverResources: { 2: 'x' } }] },
      'body.servers.0',
      /Default Minimum Period/,
    ],
    [
      'rights of a server it does not have',
      { servers: [self], accessControl: [{ object: 3, instance: 0, owner: 9, rights: {} }] },
      'body.accessControl.0.owner',
      /short id 9/,
    ],
    [
      'an instance of object 1',
      { servers: [self], instances: { '/1/5': { 0: 1 } } },
      'body.instances./1/5',
      /objects 0 to 2/,
    ],
    ['a path to delete that is a resource', { servers: [self], delete: ['/5/0/1'] }, 'body.delete.0', /path like/],
    ['a format no write can have', { servers: [self], format: 'text' }, 'body.format', /one of/],
  ])('with %s is refused', async (_, draft, field, message) => {
    const harness = new BootstrapHarness()
    await expect(harness.template('any', draft)).rejects.toMatchObject({
      code: 'request.invalid',
      status: 422,
      members: { errors: expect.arrayContaining([{ field, message: expect.stringMatching(message) }]) },
    })
    expect(harness.service.templates()).toEqual([])
  })

  it('of a name that is none is refused', async () => {
    await expect(new BootstrapHarness().template('a b', { servers: [self] })).rejects.toMatchObject({ status: 422 })
  })

  it('keeps its keys sealed, and shows what they are told apart by', async () => {
    const harness = new BootstrapHarness()
    await harness.template('any', { servers: [{ uri: 'coaps://a', shortId: 1, masterKey }] })
    const kept = JSON.stringify(harness.service.templates())
    expect(kept).not.toContain(masterKey)
    expect(harness.service.template('any').servers[0]!.key).toMatchObject({
      from: 'master',
      fingerprint: expect.any(String),
    })
  })

  it('is chosen by the longest beginning of the name, then the product, then tags', async () => {
    const harness = new BootstrapHarness()
    const none = { ...self, security: 'none' } as const
    await harness.template('all', { servers: [none] })
    await harness.template('tagged', { for: { tags: { site: 'berlin' } }, servers: [none] })
    await harness.template('meters', { for: { product: 'meter' }, servers: [none] })
    await harness.template('named', { for: { endpoint: 'urn:x:' }, servers: [none] })
    const add = (endpoint: string, about: { product?: string; tags?: Record<string, string> }) =>
      harness.credentials.add({ endpoint, kind: 'psk', ...about })
    await add('b', { tags: { site: 'berlin' } })
    await add('c', { tags: { site: 'berlin' }, product: 'meter' })
    await add('urn:x:d', { product: 'meter' })
    for (const [path, name] of ['a', 'b', 'c', 'urn:x:d'].entries()) harness.client(path + 1, name).ask(harness.now)
    harness.settle()
    const chosen = ['a', 'b', 'c', 'urn:x:d'].map((name) => harness.store.bootstrapRun(name)?.template)
    expect(chosen).toEqual(['all', 'tagged', 'meters', 'named'])
  })
})

/** Images that MCUboot's own tool signed, and the keys it signed them with. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Inspection } from '../../../src/fleet/images/store.ts'
import { imageInspector } from '../../../src/server/image-inspector.ts'
import { fileOf, keyNamed } from '../../support/image-octets.ts'

const recorded = JSON.parse(readFileSync(new URL('imgtool-2.5.0.json', import.meta.url), 'utf8')) as {
  readonly keys: Readonly<Record<string, string>>
  readonly images: Readonly<Record<string, string>>
}
const keys = Object.entries(recorded.keys).map(([name, pem]) => keyNamed(name, pem))
const octetsOf = (name: string): Buffer => Buffer.from(recorded.images[name]!, 'hex')
const inspect = (name: string, known = keys): Promise<Inspection> =>
  imageInspector.inspect(fileOf(octetsOf(name)), known)

describe('an image of imgtool', () => {
  const verified = (key: string) => ({ state: 'verified', key })

  it.each<[string, object]>([
    [
      'ecdsa-p256',
      {
        version: '1.2.3+4',
        securityCounter: 7,
        dependencies: [{ image: 1, version: '2.0.1+3' }],
        signature: verified('ecdsa-p256'),
      },
    ],
    ['ecdsa-p384', { version: '1.2.3', dependencies: [], signature: verified('ecdsa-p384') }],
    ['ed25519', { version: '1.2.3', dependencies: [], signature: verified('ed25519') }],
    ['ed25519-pure', { version: '1.2.3', dependencies: [], signature: verified('ed25519') }],
    ['rsa-2048', { version: '1.2.3', securityCounter: 3, dependencies: [], signature: verified('rsa-2048') }],
    ['full-key', { version: '1.2.3', dependencies: [], signature: verified('ecdsa-p256') }],
    ['padded-signature', { version: '1.2.3', dependencies: [], signature: verified('ecdsa-p256') }],
    ['unsigned', { version: '0.9.0', dependencies: [], signature: { state: 'unsigned' } }],
  ])('%s is read, its hash and signature right', async (name, expected) => {
    expect(await inspect(name)).toEqual({ format: 'mcuboot', ...expected })
  })

  it('encrypted, cannot be checked beyond its form', async () => {
    expect(await inspect('encrypted')).toMatchObject({
      format: 'mcuboot',
      signature: { state: 'unchecked', reason: 'the image is encrypted, and its signature is over what is not' },
    })
  })

  it('padded to its slot is refused', async () => {
    expect(await inspect('padded')).toMatchObject({ format: 'damaged', field: 'size' })
  })

  it('is unchecked without its key', async () => {
    expect(await inspect('rsa-2048', [])).toMatchObject({ signature: { reason: 'no key is registered' } })
    const others = keys.filter(({ name }) => name !== 'rsa-2048')
    expect(await inspect('rsa-2048', others)).toMatchObject({
      signature: { state: 'unchecked', reason: 'it is signed with a key that is not registered' },
    })
  })

  it.each(Object.keys(recorded.images).filter((name) => name !== 'encrypted' && name !== 'padded'))(
    '%s is noticed wherever an octet of what is hashed is another',
    async (name) => {
      const octets = octetsOf(name)
      for (let at = 32; at < 32 + 64; at++) {
        const changed = Buffer.from(octets)
        changed[at]! ^= 1
        expect(await imageInspector.inspect(fileOf(changed), keys)).toMatchObject({ format: 'damaged', field: 'hash' })
      }
    },
  )

  it.each(['ecdsa-p256', 'ed25519', 'rsa-2048'])(
    '%s is noticed where its signature is of something else',
    async (name) => {
      const octets = octetsOf(name)
      octets[octets.length - 1]! ^= 1
      expect(await imageInspector.inspect(fileOf(octets), keys)).toMatchObject({
        signature: { state: 'wrong', key: name },
      })
    },
  )

  it('is damaged wherever it ends early', async () => {
    const octets = octetsOf('ecdsa-p256')
    for (let length = 4; length < octets.length; length++) {
      expect(await imageInspector.inspect(fileOf(octets.subarray(0, length)), keys)).toMatchObject({
        format: 'damaged',
      })
    }
  })
})

it('a private key, or no key, is no key to register', () => {
  expect(imageInspector.keyOf('-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----')).toBeUndefined()
  expect(imageInspector.keyOf('hello')).toBeUndefined()
  expect(imageInspector.keyOf(recorded.keys['ecdsa-p256']!)).toMatchObject({ kind: 'ecdsa-p256' })
})

/** What the secured listener shows and whom it trusts, out of files; a file that cannot be used is said by name. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defaultSettings, type Settings } from '../../../src/config/tunables.ts'
import { dtlsPartsOf, type DtlsParts } from '../../../src/server/dtls-parts.ts'
import { authorityPem, devicePem, serverCertificate, serverPem } from '../../support/dtls-certificates.ts'

let directory: string
const file = (name: string): string => join(directory, name)

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-parts-'))
  writeFileSync(file('server.pem'), serverPem.certificate)
  writeFileSync(file('server.key'), serverPem.key)
  writeFileSync(file('device.key'), devicePem.key)
  writeFileSync(file('authority.pem'), authorityPem.certificate + devicePem.certificate)
  writeFileSync(file('text'), 'hello')
})
afterAll(() => rmSync(directory, { recursive: true }))

function partsOf(files: Readonly<Record<string, string>>): DtlsParts | undefined {
  const named = Object.entries(files).map(([knob, name]) => [knob, knob === 'coaps.listen' ? name : file(name)])
  return dtlsPartsOf({ ...defaultSettings, ...(Object.fromEntries(named) as Partial<Settings>) }, new Uint8Array(32))
}

it('shows a certificate, or the raw public key alone, and trusts the authorities', () => {
  const whole = partsOf({
    'coaps.certificate': 'server.pem',
    'coaps.key': 'server.key',
    'coaps.authorities': 'authority.pem',
  })!.options
  expect(whole.certificate).toMatchObject({ chain: serverCertificate.chain, publicKey: serverCertificate.publicKey })
  expect(whole.authorities.map(({ commonName }) => commonName)).toEqual(['Test Authority', 'urn:imei:350000000000002'])
  expect(partsOf({ 'coaps.key': 'server.key' })!.options.certificate).toMatchObject({ chain: [], group: 'secp256r1' })
  expect(partsOf({})!.options).toMatchObject({ certificate: undefined, authorities: [] })
  expect(partsOf({ 'coaps.listen': 'off' })).toBeUndefined()
})

it.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['a certificate without its key', { 'coaps.certificate': 'server.pem' }, /needs its private key/],
  ['the key of another', { 'coaps.certificate': 'server.pem', 'coaps.key': 'device.key' }, /is not of .*device\.key/],
  ['no key at all', { 'coaps.key': 'text' }, /text cannot be used as a private key/],
  ['a missing file', { 'coaps.key': 'nowhere' }, /nowhere cannot be used/],
  ['authorities without a certificate', { 'coaps.authorities': 'server.key' }, /there is no certificate in it/],
])('refuses %s', (_what, files, message) => {
  expect(() => partsOf(files)).toThrow(message)
})

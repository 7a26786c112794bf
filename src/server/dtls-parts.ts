/** What the secured listener is made of: options from the settings, keys and certificates from files. */
import { readFileSync } from 'node:fs'
import { equalBytes, type Bytes } from '../base/bytes.ts'
import { UsageError } from '../base/errors.ts'
import type { Settings } from '../config/tunables.ts'
import type { Certificate, DtlsCrypto } from '../dtls/crypto.ts'
import { dtlsOptionsOf, type DtlsOptions, type OwnCertificate } from '../dtls/options.ts'
import { nativeCrypto } from './crypto-native.ts'
import { nodeCrypto, signingKeyOf } from './crypto-node.ts'
import { nativeAddon } from './native-addon.ts'
import { deriveKey } from './store-key.ts'

export interface DtlsParts {
  readonly options: DtlsOptions
  readonly crypto: DtlsCrypto
}

/** Undefined where the secured listener is off. Throws UsageError 'coaps.file' for a file that cannot be used. */
export function dtlsPartsOf(settings: Settings, storeKey: Bytes): DtlsParts | undefined {
  if (settings['coaps.listen'] === 'off') return undefined
  const addon = settings['udp.transport'] === 'dgram' ? undefined : nativeAddon()
  const crypto = addon === undefined || 'missing' in addon ? nodeCrypto() : nativeCrypto(addon.addon)
  const options: DtlsOptions = {
    ...dtlsOptionsOf(settings),
    storeKey: deriveKey(storeKey, 'dtls associations'),
    certificate: certificateOf(settings, crypto),
    authorities: authoritiesOf(settings['coaps.authorities'], crypto),
  }
  return { options, crypto }
}

function certificateOf(settings: Settings, crypto: DtlsCrypto): OwnCertificate | undefined {
  const { 'coaps.key': keyFile, 'coaps.certificate': certificateFile } = settings
  if (keyFile === '') {
    if (certificateFile === '') return undefined
    throw new UsageError('coaps.file', 'a certificate needs its private key', { hint: 'name it with --coaps-key' })
  }
  const key = used(keyFile, 'a private key on P-256 or P-384', (pem) => signingKeyOf(pem))
  if (certificateFile === '') return { ...key, chain: [] }
  const chain = used(certificateFile, 'certificates', (pem) => {
    const found = certificatesOf(pem)
    const own = crypto.certificate(found[0]!)
    if (own === undefined) throw new TypeError('the first of them cannot be read')
    if (!equalBytes(own.publicKey, key.publicKey)) throw new TypeError(`the first of them is not of ${keyFile}`)
    return found
  })
  return { ...key, chain }
}

function authoritiesOf(file: string, crypto: DtlsCrypto): readonly Certificate[] {
  if (file === '') return []
  return used(file, 'certificates', (pem) =>
    certificatesOf(pem).map((der) => {
      const certificate = crypto.certificate(der)
      if (certificate === undefined) throw new TypeError('one of them cannot be read')
      return certificate
    }),
  )
}

/** DER of each certificate in a PEM text. */
function certificatesOf(pem: string): readonly Bytes[] {
  const blocks = [...pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g)]
  if (blocks.length === 0) throw new TypeError('there is no certificate in it')
  return blocks.map((block) => new Uint8Array(Buffer.from(block[1]!, 'base64')))
}

function used<T>(file: string, what: string, read: (pem: string) => T): T {
  try {
    return read(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new UsageError('coaps.file', `${file} cannot be used as ${what}: ${(cause as Error).message}`, {
      hint: 'PEM, readable by the user the server runs as',
    })
  }
}

/** Cipher suites by IANA number: what each is made of, and which are offered unless someone asks for more. */
import type { AeadName, HashName } from './crypto.ts'

export type KeyExchangeName = 'psk' | 'ecdhe-psk' | 'ecdhe-ecdsa'

interface SuiteBase {
  readonly number: number
  /** IANA name without the leading TLS_. */
  readonly name: string
  readonly keyExchange: KeyExchangeName
  /** Of the PRF and the handshake hash. */
  readonly hash: HashName
  readonly keyLength: number
}

export interface AeadSuite extends SuiteBase {
  readonly kind: 'aead'
  readonly aead: AeadName
  /** Octets of the nonce taken from the key block. */
  readonly fixedIvLength: 4 | 12
  /** Octets of the nonce sent with each record. */
  readonly explicitNonceLength: 8 | 0
  readonly tagLength: 8 | 16
}

/** AES-128-CBC with HMAC-SHA256, MAC then encrypt: off unless a listener asks for it. */
export interface CbcSuite extends SuiteBase {
  readonly kind: 'cbc'
  readonly macKeyLength: 32
}

export type CipherSuite = AeadSuite | CbcSuite

const aeadShapes: Readonly<
  Record<AeadName, Pick<AeadSuite, 'keyLength' | 'fixedIvLength' | 'explicitNonceLength' | 'tagLength'>>
> = {
  'aes-128-ccm-8': { keyLength: 16, fixedIvLength: 4, explicitNonceLength: 8, tagLength: 8 },
  'aes-128-ccm': { keyLength: 16, fixedIvLength: 4, explicitNonceLength: 8, tagLength: 16 },
  'aes-256-ccm-8': { keyLength: 32, fixedIvLength: 4, explicitNonceLength: 8, tagLength: 8 },
  'aes-256-ccm': { keyLength: 32, fixedIvLength: 4, explicitNonceLength: 8, tagLength: 16 },
  'aes-128-gcm': { keyLength: 16, fixedIvLength: 4, explicitNonceLength: 8, tagLength: 16 },
  'aes-256-gcm': { keyLength: 32, fixedIvLength: 4, explicitNonceLength: 8, tagLength: 16 },
  'chacha20-poly1305': { keyLength: 32, fixedIvLength: 12, explicitNonceLength: 0, tagLength: 16 },
}

function aeadSuite(number: number, name: string, keyExchange: KeyExchangeName, aead: AeadName): AeadSuite {
  const hash = name.endsWith('SHA384') ? 'sha384' : 'sha256'
  return { kind: 'aead', number, name, keyExchange, aead, hash, ...aeadShapes[aead] }
}

function cbcSuite(number: number, name: string, keyExchange: KeyExchangeName): CbcSuite {
  return { kind: 'cbc', number, name, keyExchange, hash: 'sha256', keyLength: 16, macKeyLength: 32 }
}

/** In our order of preference: what costs a device least air and energy first (RFC 7925 §4.2, §4.4). */
export const defaultSuites: readonly AeadSuite[] = [
  aeadSuite(0xc0a8, 'PSK_WITH_AES_128_CCM_8', 'psk', 'aes-128-ccm-8'),
  aeadSuite(0xc0ae, 'ECDHE_ECDSA_WITH_AES_128_CCM_8', 'ecdhe-ecdsa', 'aes-128-ccm-8'),
  aeadSuite(0xd003, 'ECDHE_PSK_WITH_AES_128_CCM_8_SHA256', 'ecdhe-psk', 'aes-128-ccm-8'),
  aeadSuite(0xc0a4, 'PSK_WITH_AES_128_CCM', 'psk', 'aes-128-ccm'),
  aeadSuite(0xc0ac, 'ECDHE_ECDSA_WITH_AES_128_CCM', 'ecdhe-ecdsa', 'aes-128-ccm'),
  aeadSuite(0xd005, 'ECDHE_PSK_WITH_AES_128_CCM_SHA256', 'ecdhe-psk', 'aes-128-ccm'),
  aeadSuite(0xc0a9, 'PSK_WITH_AES_256_CCM_8', 'psk', 'aes-256-ccm-8'),
  aeadSuite(0xc0af, 'ECDHE_ECDSA_WITH_AES_256_CCM_8', 'ecdhe-ecdsa', 'aes-256-ccm-8'),
  aeadSuite(0xc0a5, 'PSK_WITH_AES_256_CCM', 'psk', 'aes-256-ccm'),
  aeadSuite(0xc0ad, 'ECDHE_ECDSA_WITH_AES_256_CCM', 'ecdhe-ecdsa', 'aes-256-ccm'),
  aeadSuite(0x00a8, 'PSK_WITH_AES_128_GCM_SHA256', 'psk', 'aes-128-gcm'),
  aeadSuite(0xc02b, 'ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'ecdhe-ecdsa', 'aes-128-gcm'),
  aeadSuite(0xd001, 'ECDHE_PSK_WITH_AES_128_GCM_SHA256', 'ecdhe-psk', 'aes-128-gcm'),
  aeadSuite(0xccab, 'PSK_WITH_CHACHA20_POLY1305_SHA256', 'psk', 'chacha20-poly1305'),
  aeadSuite(0xcca9, 'ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ecdhe-ecdsa', 'chacha20-poly1305'),
  aeadSuite(0xccac, 'ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256', 'ecdhe-psk', 'chacha20-poly1305'),
  aeadSuite(0x00a9, 'PSK_WITH_AES_256_GCM_SHA384', 'psk', 'aes-256-gcm'),
  aeadSuite(0xc02c, 'ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 'ecdhe-ecdsa', 'aes-256-gcm'),
  aeadSuite(0xd002, 'ECDHE_PSK_WITH_AES_256_GCM_SHA384', 'ecdhe-psk', 'aes-256-gcm'),
]

/** Some modems offer nothing else (Quectel BC66): only where a listener says so. */
export const legacyCbcSuites: readonly CbcSuite[] = [
  cbcSuite(0x00ae, 'PSK_WITH_AES_128_CBC_SHA256', 'psk'),
  cbcSuite(0xc037, 'ECDHE_PSK_WITH_AES_128_CBC_SHA256', 'ecdhe-psk'),
]

const byNumber: ReadonlyMap<number, CipherSuite> = new Map(
  [...defaultSuites, ...legacyCbcSuites].map((suite) => [suite.number, suite]),
)

export function suiteOf(number: number): CipherSuite | undefined {
  return byNumber.get(number)
}

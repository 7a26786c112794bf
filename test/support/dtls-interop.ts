/** What every interop test shares: the server's answers, keys as files, weather for the relay. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concatBytes, utf8, type Bytes } from '../../src/base/bytes.ts'
import { profiles } from '../../src/config/profiles.ts'
import type { DtlsOptions } from '../../src/dtls/options.ts'
import { defaultSuites, legacyCbcSuites } from '../../src/dtls/suites.ts'
import {
  authority,
  authorityPem,
  behindPem,
  devicePem,
  serverCertificate,
  serverPem,
  strangerPem,
} from './dtls-certificates.ts'
import type { PeerOptions } from './dtls-peer.ts'
import type { Weather } from './dtls-udp-server.ts'

export const pskIdentity = 'interop-device'
/** As text, because libcoap's tools take it so. */
export const pskText = 'secretPSK'
export const pskHex = Buffer.from(pskText).toString('hex')

/** Serves every suite we know, PSK and certificates of our authority or raw. */
export function interopServer(options: Partial<DtlsOptions> = {}, datagramLimit = 1280): PeerOptions {
  return {
    profile: { ...profiles.ip, datagramLimit },
    lookup: (query) => {
      if (query.kind !== 'psk') return { kind: 'trusted' }
      const isKnown = new TextDecoder().decode(query.identity) === pskIdentity
      return isKnown ? { kind: 'key', key: utf8(pskText) } : { kind: 'unknown' }
    },
    options: {
      suites: [...defaultSuites, ...legacyCbcSuites],
      certificate: serverCertificate,
      authorities: [authority],
      clientAuthentication: 'wanted',
      ...options,
    },
  }
}

export const echo = (data: Bytes): Bytes => data

/** 2.05 with "hello world" to a CoAP request, piggybacked. */
export function coapAnswer(request: Bytes): Bytes | undefined {
  const tokenLength = request[0]! & 0xf
  if (request.length < 4 + tokenLength || request[1] === 0) return undefined
  const head = new Uint8Array([0x60 | tokenLength, 0x45, request[2]!, request[3]!])
  return concatBytes(head, request.subarray(4, 4 + tokenLength), new Uint8Array([0xff]), utf8('hello world'))
}

/** Paths of PEM files; where nothing else is said, of the device. */
export interface KeyFiles {
  readonly serverCertificate: string
  readonly serverKey: string
  /** Of a device behind an intermediate authority, with both certificates. */
  readonly behind: string
  /** Signed by an authority nobody trusts. */
  readonly stranger: string
  readonly strangerSec1: string
  readonly certificateAndKey: string
  readonly authority: string
  readonly key: string
  readonly publicKey: string
  /** The key in SEC 1 form, which libcoap wants for raw public keys. */
  readonly sec1: string
}

export function keyFiles(): KeyFiles {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-interop-'))
  const file = (name: string, text: string | Buffer): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  const key = createPrivateKey(devicePem.key)
  const sec1 = (pem: string) => createPrivateKey(pem).export({ type: 'sec1', format: 'pem' })
  return {
    serverCertificate: file('server.pem', serverPem.certificate),
    serverKey: file('server.key', serverPem.key),
    behind: file('behind.pem', behindPem.certificate + behindPem.key),
    stranger: file('stranger.pem', strangerPem.certificate + strangerPem.key),
    strangerSec1: file('stranger.sec1', sec1(strangerPem.key)),
    certificateAndKey: file('device.pem', devicePem.certificate + devicePem.key),
    authority: file('authority.pem', authorityPem.certificate),
    key: file('device.key', devicePem.key),
    publicKey: file('device.pub', createPublicKey(key).export({ type: 'spki', format: 'pem' })),
    sec1: file('device.sec1', sec1(devicePem.key)),
  }
}

/** Ill will of several kinds, by name. */
export const weathers: Readonly<Record<string, Weather>> = {
  'the first of each direction lost': (_direction, index) => ({ copies: index === 0 ? 0 : 1, delay: 0 }),
  'the second of each direction lost': (_direction, index) => ({ copies: index === 1 ? 0 : 1, delay: 0 }),
  'the first two answers lost': (direction, index) => ({ copies: direction === 'down' && index < 2 ? 0 : 1, delay: 0 }),
  'each handshake message lost once': (_direction, _index, repetition) => ({
    copies: repetition === 0 ? 0 : 1,
    delay: 0,
  }),
  'everything twice': () => ({ copies: 2, delay: 0 }),
  'everything late, every other one later': (_direction, index) => ({ copies: 1, delay: index % 2 === 0 ? 60 : 10 }),
}

/** Those a handshake bears whose timers are not ours and start at a second. */
export const briefWeathers = Object.keys(weathers).filter((name) => !name.includes('each handshake message'))

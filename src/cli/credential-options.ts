/** The options that say what a device proves itself with, and what they mean to the API. */
import { X509Certificate } from 'node:crypto'
import type { Command } from 'commander'
import type { CredentialDraftJson } from '../api/contract/credential.ts'
import { usageFailure } from './failure.ts'
import type { Surroundings } from './surroundings.ts'

export interface IdentityOptions {
  readonly identity?: string
  readonly key?: string
  readonly keyFile?: string
  readonly publicKey?: string
  readonly certificate?: string
}

type Wishes = Pick<CredentialDraftJson, 'kind' | 'identity' | 'key'>

export function identityOptions(command: Command): Command {
  return command
    .option('--identity <identity>', 'the PSK identity: text, or 0x and hex; the endpoint name unless told')
    .option('--key <hex>', 'the key, 16 to 64 octets; without one the server makes it')
    .option('--key-file <file>', 'a file with the key in hex, so that it stands in no shell history')
    .option('--public-key <key>', 'a raw public key instead: a PEM file, or hex of SubjectPublicKeyInfo')
    .option('--certificate <certificate>', 'a certificate instead: a PEM file, or its SHA-256')
}

/** Throws CommandFailure where the options do not go together or a file does not hold what it should. */
export function wishesOf(
  { identity, key, keyFile, publicKey, certificate }: IdentityOptions,
  surroundings: Pick<Surroundings, 'readText'>,
  certificateName?: string,
): Wishes {
  const isPsk = identity !== undefined || key !== undefined || keyFile !== undefined
  const kinds = [isPsk || undefined, publicKey, certificate, certificateName].filter((one) => one !== undefined)
  if (kinds.length > 1)
    throw usageFailure('a credential is of one kind: a pre-shared key, a public key, a certificate …')
  if (key !== undefined && keyFile !== undefined) throw usageFailure('--key and --key-file say the same thing twice')
  if (publicKey !== undefined) {
    return { kind: 'raw-public-key', identity: surroundings.readText(publicKey) ?? hexText('--public-key', publicKey) }
  }
  if (certificate !== undefined) {
    const pem = surroundings.readText(certificate)
    const fingerprint = pem === undefined ? hexText('--certificate', certificate) : fingerprintOf(certificate, pem)
    return { kind: 'certificate', identity: fingerprint }
  }
  if (certificateName !== undefined) return { kind: 'certificate-name', identity: certificateName }
  const hex = keyFile === undefined ? key : keyIn(keyFile, surroundings)
  return { kind: 'psk', ...(identity !== undefined && { identity }), ...(hex !== undefined && { key: hex }) }
}

function keyIn(file: string, { readText }: Pick<Surroundings, 'readText'>): string {
  const text = readText(file)?.trim()
  if (text === undefined) throw usageFailure(`there is no file ${file}`)
  if (text === '') throw usageFailure(`${file} is empty`)
  return text
}

function hexText(option: string, text: string): string {
  if (/^(?:0x|sha256:)?[0-9a-f:]+$/i.test(text)) return text
  throw usageFailure(`${option} '${text}' is neither a file nor hex`)
}

function fingerprintOf(file: string, pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256
  } catch {
    throw usageFailure(`${file} is no certificate in PEM`)
  }
}

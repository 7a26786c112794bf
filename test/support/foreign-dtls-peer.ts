/**
 * DTLS clients we did not write, driven line by line: hex to send, `move` for another local port. The one on the
 * system's Mbed TLS is compiled when it is asked for; the others come from `scripts/build-peers.sh`.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hexOf, type Bytes } from '../../src/base/bytes.ts'
import { LinePeer } from './line-peer.ts'

const peers = fileURLToPath(new URL('../interop/dtls/peers/', import.meta.url))
const built = `${peers}build/`

/** Each undefined where it was not built. */
export const pionPeer = whereBuilt('pion-peer')
/** Mbed TLS 3 has connection ids as RFC 9146 has them. */
export const mbedtls3Peer = whereBuilt('mbedtls3-client')
/** Mbed TLS 2.28 has those of a draft, under the number 254. */
export const mbedtlsCidPeer = whereBuilt('mbedtls-cid-client')
/** wolfSSL has connection ids as RFC 9146 has them, and resumes: told `resume`. */
export const wolfsslPeer = whereBuilt('wolfssl-client')
/** TinyDTLS has none; told `again` it begins anew from the same port, told `close` it ends. */
export const tinydtlsPeer = whereBuilt('tinydtls-client')
/** The class path of Scandium and its client: `java -cp` that, `Client`. */
export const scandiumPeer = existsSync(`${built}scandium/client.jar`) ? `${built}scandium/*` : undefined
/** Debian's Mbed TLS 2.28, without any; undefined where there is no C compiler or no libmbedtls-dev. */
export const mbedtlsPeer = compiled('mbedtls-client', ['-lmbedtls', '-lmbedx509', '-lmbedcrypto'])

function whereBuilt(name: string): string | undefined {
  return existsSync(built + name) ? built + name : undefined
}

function compiled(name: string, libraries: readonly string[]): string | undefined {
  const [source, program] = [`${peers}${name}.c`, `${built}${name}`]
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program
  mkdirSync(built, { recursive: true })
  return spawnSync('cc', ['-O1', '-o', program, source, ...libraries]).status === 0 ? program : undefined
}

export class ForeignDtlsPeer extends LinePeer {
  /** The next line it prints; 'silent' where none comes within `patience` milliseconds. */
  async says(patience = 10_000): Promise<string> {
    return (await this.hear(() => true, patience)) ?? 'silent'
  }

  /** Sends a message and waits for the next line. */
  ask(message: Bytes): Promise<string> {
    this.tell(hexOf(message))
    return this.says()
  }

  /** From another port from here on, as behind a NAT that has forgotten it. */
  move(): Promise<string> {
    this.tell('move')
    return this.says()
  }
}

/**
 * Finds and loads the native add-on (`native/`), once. Where there is none, everything works on Node's
 * own modules; this file only says why.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Bytes } from '../base/bytes.ts'

/** A socket of the add-on; the layouts are in `native/udp.c`. */
export interface NativeSocket {
  readonly socket: object
  readonly local: readonly [address: string, port: number]
  readonly receiveBuffer: number
  readonly receiveSlab: ArrayBuffer
  readonly sendSlab: ArrayBuffer
  readonly shared: ArrayBuffer
}

/** What `native/` offers; arguments are explained there, beside each function. */
export interface NativeAddon {
  udpOpen(
    this: void,
    address: string,
    port: number,
    pathLimit: number,
    receiveBuffer: number,
    reusePort: boolean,
    wake: (readable: boolean) => void,
  ): NativeSocket
  udpClose(socket: object): void
  udpWait(socket: object, what: number): void
  udpReceive(socket: object): number
  udpSend(socket: object, count: number): number
  udpPathOf(socket: object, address: string, port: number): number
  udpAddressOf(socket: object, path: number): readonly [address: string, port: number] | undefined
  aeadKey(algorithm: number, key: Bytes): number
  aeadKeyFree(key: number): void
  aeadRun(
    this: void,
    seal: 0 | 1,
    key: number,
    nonce: Bytes,
    additional: Bytes,
    buffer: Bytes,
    start: number,
    end: number,
    out: Bytes,
    at: number,
  ): number
}

export type NativeFound = { readonly addon: NativeAddon } | { readonly missing: string }

let found: NativeFound | undefined

/** The add-on, or one sentence that says why there is none. */
export function nativeAddon(): NativeFound {
  found ??= load(fileURLToPath(new URL(`../../native/build/${platform}-${arch}/coapstan.node`, import.meta.url)))
  return found
}

function load(file: string): NativeFound {
  if (platform !== 'linux') return { missing: `the native add-on is for Linux, this is ${platform}` }
  if (!existsSync(file)) return { missing: 'the native add-on is not built: npm run build:native (needs a C compiler)' }
  try {
    return { addon: createRequire(import.meta.url)(file) as NativeAddon }
  } catch (error) {
    return { missing: `the native add-on does not load: ${error instanceof Error ? error.message : String(error)}` }
  }
}

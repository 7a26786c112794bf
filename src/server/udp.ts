/** Chooses how datagrams travel: the native add-on where it works, else `node:dgram`. */
import { UsageError } from '../base/errors.ts'
import { nativeAddon } from './native-addon.ts'
import { openDgramTransport } from './udp-dgram.ts'
import { openNativeTransport } from './udp-native.ts'
import type { UdpOptions, UdpTransport } from './udp-open.ts'

/** The knob `udp.transport`. */
export type TransportChoice = 'auto' | 'native' | 'dgram'

/**
 * Opens and binds a UDP socket. Rejects with `EnvironmentError` `udp.port-in-use` and its siblings, and with
 * `UsageError` where the add-on was asked for and is missing.
 */
export async function openUdpTransport(choice: TransportChoice, options: UdpOptions): Promise<UdpTransport> {
  const found = nativeAddon()
  if (choice === 'dgram' || (choice === 'auto' && 'missing' in found)) return openDgramTransport(options)
  if ('missing' in found) {
    throw new UsageError('udp.native-missing', found.missing, { hint: 'or set udp.transport to auto' })
  }
  try {
    return await openNativeTransport(options)
  } catch (error) {
    // A machine without IPv6 in its kernel has no socket for the add-on, which uses IPv6 ones throughout.
    const noIpv6 = error instanceof Error && 'code' in error && error.code === 'udp.family-unavailable'
    if (choice === 'auto' && noIpv6) return openDgramTransport(options)
    throw error
  }
}

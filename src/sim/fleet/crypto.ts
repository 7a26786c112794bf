/** The cryptography a simulated fleet runs on: the server's own, because ten thousand devices share its cores. */
import type { Random } from '../../base/random.ts'
import type { DtlsCrypto } from '../../dtls/crypto.ts'
import { nativeCrypto } from '../../server/crypto-native.ts'
import { nodeCrypto } from '../../server/crypto-node.ts'
import { nativeAddon } from '../../server/native-addon.ts'
import { SystemRandom } from '../../server/system-random.ts'

export function fleetCrypto(): DtlsCrypto {
  const found = nativeAddon()
  return 'missing' in found ? nodeCrypto() : nativeCrypto(found.addon)
}

/** For keys, tokens and handshakes of devices that meet a real server. */
export function fleetRandom(): Random {
  return new SystemRandom()
}

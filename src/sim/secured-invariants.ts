/** What must hold of a world on DTLS once everything is over: each check returns what is wrong, in words. */
import type { Settings } from '../config/tunables.ts'
import type { Security } from './security.ts'
import type { VirtualServer } from './virtual-server.ts'

/** Of handshakes nothing is left, of associations no more than the limits say, and of devices without power nothing. */
export function associationsBounded(server: VirtualServer, settings: Settings, security: Security): readonly string[] {
  const perIdentity = settings['dtls.associations-per-identity']
  const { associations, cids, paths, identities, sessions, deadlines, ...others } =
    server.process!.engine.secure!.dtls.sizes()
  const wrong = [
    ...leftIn('server', others),
    ...leftIn('devices', security.tunnels?.dtls.sizes() ?? {}),
    ...(sessions <= settings['dtls.sessions'] ? [] : [`${sessions} sessions`]),
  ]
  if (cids + paths > associations || deadlines > associations || associations > perIdentity * identities) {
    wrong.push(
      `${associations} associations of ${identities} identities, ${cids + paths} names for them, ${deadlines} deadlines`,
    )
  }
  const mostStored = security.books.stored.mostOfOneIdentity
  if (mostStored > perIdentity) wrong.push(`${mostStored} associations of one identity in the store`)
  return wrong
}

function leftIn(whose: string, sizes: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(sizes)
    .filter(([, size]) => size !== 0)
    .map(([table, size]) => `${size} left in dtls.${table} of ${whose}`)
}

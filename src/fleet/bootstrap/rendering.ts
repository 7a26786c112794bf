/**
 * A template for one device: its names put in, its numbers drawn, its keys where they belong. Pure but for the
 * random numbers it is handed.
 */
import { hexOf, utf8, type Bytes } from '../../base/bytes.ts'
import type { Random } from '../../base/random.ts'
import { accessControlObject, securityObject, serverObject } from '../../lwm2m/bootstrap/inventory.ts'
import type { WriteJson } from '../../lwm2m/content-json.ts'
import type { BootstrapTemplate, PlannedInstance, ServerTemplate, Spread } from './types.ts'

export interface RenderPorts {
  readonly endpoint: string
  readonly random: Random
  /** The URI devices reach this server by. */
  readonly selfUri: (secured: boolean) => string
  /** PSK identity and sealed key for a server. */
  readonly keyFor: (server: ServerTemplate, identity: Bytes) => { readonly identity: Bytes; readonly sealedKey: string }
}

/** Security modes of /0/x/2. */
const pskMode = 0
const noSecMode = 3

type Resources = Readonly<Record<string, WriteJson>>

/** Accounts first, Security before Server: what a device needs most comes first. */
export function render(template: BootstrapTemplate, ports: RenderPorts): readonly PlannedInstance[] {
  const security = template.servers.map((server) => securityInstance(server, ports))
  const servers = template.servers.map((server) => serverInstance(server, ports.random))
  const rights = template.accessControl.map(({ object, instance, owner, rights: bits }) => ({
    object: accessControlObject,
    resources: { 0: object, 1: instance, 2: bits, 3: owner } satisfies Resources,
  }))
  return [...security, ...servers, ...rights, ...template.instances]
}

function securityInstance(server: ServerTemplate, ports: RenderPorts): PlannedInstance {
  const { uri, shortId, security, securityResources } = server
  const common = {
    0: uri === 'self' ? ports.selfUri(security === 'psk') : uri,
    1: false,
    10: shortId,
  }
  if (security === 'none') {
    const resources: Resources = { ...common, 2: noSecMode, 3: '', 4: '', 5: '', ...securityResources }
    return { object: securityObject, resources }
  }
  const wanted = utf8(server.identity.replaceAll('{endpoint}', ports.endpoint))
  const { identity, sealedKey } = ports.keyFor(server, wanted)
  const resources: Resources = { ...common, 2: pskMode, 3: hexOf(identity), 4: '', ...securityResources }
  return { object: securityObject, resources, sealedKey }
}

function serverInstance(server: ServerTemplate, random: Random): PlannedInstance {
  const { shortId, lifetime, storeNotifications, binding, registration: r, serverResources } = server
  const drawn = (spread: Spread | undefined): number | undefined =>
    spread === undefined ? undefined : draw(spread, random)
  const behaviour: Readonly<Record<string, WriteJson | undefined>> = {
    13: r.order,
    14: drawn(r.initialDelay),
    15: r.blockOnFailure,
    16: r.bootstrapOnFailure,
    17: drawn(r.retries),
    18: drawn(r.retryTimer),
    19: drawn(r.sequenceDelay),
    20: drawn(r.sequenceRetries),
  }
  const given = Object.entries(behaviour).filter((pair): pair is [string, WriteJson] => pair[1] !== undefined)
  return {
    object: serverObject,
    resources: {
      0: shortId,
      1: lifetime,
      6: storeNotifications,
      7: binding,
      ...Object.fromEntries(given),
      ...serverResources,
    },
  }
}

function draw(spread: Spread, random: Random): number {
  if (typeof spread === 'number') return spread
  return spread.from + Math.floor(random.fraction() * (spread.to - spread.from + 1))
}

/** What the server offers devices, as `/.well-known/core` lists it (RFC 6690 §4). */
import { contentFormat } from '../../coap/content-formats.ts'
import type { Link } from '../../coap/link-format.ts'
import { configurationFormats } from './configuration.ts'
import { telemetryFormats } from './telemetry.ts'

export const offeredLinks: readonly Link[] = [
  link('/rd', { rt: 'core.rd', ct: String(contentFormat.linkFormat) }),
  link('/dp', {}),
  link('/data', { rt: 'coapstan.data', ct: telemetryFormats.join(' ') }),
  link('/config', { rt: 'coapstan.config', ct: configurationFormats.join(' '), obs: undefined }),
  link('/fw', {}),
]

function link(target: string, attributes: Readonly<Record<string, string | undefined>>): Link {
  return { target, attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })) }
}

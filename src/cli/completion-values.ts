/**
 * What an argument or the value of an option may be, for shells: words that never change, or a command that lists them
 * one a line. Knows no shell.
 */
import { campaignDeviceQuerySchema } from '../api/contract/campaign.ts'
import { campaignDraftSchema } from '../api/contract/campaign-draft.ts'
import { credentialQuerySchema } from '../api/contract/credential.ts'
import { deviceQuerySchema } from '../api/contract/device.ts'
import { eventSchema } from '../api/contract/event.ts'
import { operationQuerySchema } from '../api/contract/operation.ts'
import { profileNames } from '../config/profiles.ts'
import { knobNames } from '../config/tunables.ts'
import { formats } from './output.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export type Values = { readonly words: readonly string[] } | { readonly ask: string }

const asking = (command: string): Values => ({ ask: `coapstan ${command} 2>/dev/null` })
const words = (list: readonly unknown[]): Values => ({ words: list.map(String) })
const wordsOf = (schema: { readonly enum: readonly unknown[] }): Values => words(schema.enum)

const devices = asking('devices -o name')
/** By version: a key says nothing to a person. */
const images: Values = { ask: 'coapstan firmware list -o csv 2>/dev/null | sed 1d | cut -d, -f3' }

/** By the name of an argument, or of the value of an option: `<image>`. */
const byName: Readonly<Partial<Record<string, Values>>> = {
  endpoint: devices,
  campaign: asking('campaign list -o name'),
  image: images,
  credential: devices,
  profile: words(profileNames),
  format: words(formats),
  knob: words(knobNames),
  scenario: asking('sim list -o name'),
  object: asking('objects -o name'),
  shell: words(shells),
}

/** Where a name means something else, by the command and the name or the option. */
const byPlace: Readonly<Partial<Record<string, Values>>> = {
  'bootstrap template show name': asking('bootstrap template -o name'),
  'bootstrap template add name': asking('bootstrap template -o name'),
  'bootstrap template remove name': asking('bootstrap template -o name'),
  'firmware keys remove name': asking('firmware keys list -o name'),
  'firmware delta remove key': asking('firmware delta list -o name'),
  'observe rules delete id': asking('observe rules -o name'),
  'campaign plan --endpoint': devices,
  'campaign create --endpoint': devices,
  'credentials list --endpoint': devices,
  'campaign plan --approval': wordsOf(campaignDraftSchema.properties.approval),
  'campaign create --approval': wordsOf(campaignDraftSchema.properties.approval),
  'campaign plan --on-breach': wordsOf(campaignDraftSchema.properties.onBreach),
  'campaign create --on-breach': wordsOf(campaignDraftSchema.properties.onBreach),
  'devices list --status': wordsOf(deviceQuerySchema.properties.status),
  'operations list --state': wordsOf(operationQuerySchema.properties.state),
  'campaign devices --state': wordsOf(campaignDeviceQuerySchema.properties.state),
  'credentials list --state': wordsOf(credentialQuerySchema.properties.state),
  'credentials list --kind': wordsOf(credentialQuerySchema.properties.kind),
  'credentials list --for': wordsOf(credentialQuerySchema.properties.purpose),
  'events --kind': wordsOf(eventSchema.properties.kind),
}

/** `option` where it is the value of one, `--state`; else `name` is an argument. */
export function valuesOf(path: string, name: string, option?: string): Values | undefined {
  const special = byPlace[`${path} ${option ?? name}`]
  // What `coap` accepts is a content format, no output format.
  if (special !== undefined || path.startsWith('coap ')) return special
  return byName[name]
}

/**
 * Who is bootstrapped, and by which template: pure decisions over what is known of a name. Over DTLS the credential
 * vouches for the name. In the clear nobody does, so nothing secret is handed out there to a name that has used a
 * credential before.
 */
import { after, milliseconds, type Instant } from '../../base/time.ts'
import type { Settings } from '../../config/tunables.ts'
import { isOver } from './rules.ts'
import type { BootstrapRun, BootstrapTemplate } from './types.ts'

/** What the store knows of a name when it asks. */
export interface BootstrapFacts {
  /** A device, or a credential of any kind, has this name. */
  readonly known: boolean
  readonly blocked?: 'retired' | 'quarantined'
  readonly product?: string
  readonly tags: Readonly<Record<string, string>>
  /** A credential that is accepted now has been used. */
  readonly proven: boolean
  /** It has a credential for bootstrapping, so it has no business in the clear. */
  readonly mustProve: boolean
  /** The newest. */
  readonly run?: BootstrapRun
}

export type Admission =
  | { readonly admission: 'admitted'; readonly template: BootstrapTemplate }
  | { readonly admission: 'refused'; readonly fault: string; readonly reason: string }
  /** Too soon after the last one: silence, and its own repetition asks again. */
  | { readonly admission: 'later' }

type AdmissionSettings = Pick<Settings, 'bootstrap.policy' | 'bootstrap.pause'>

export function admissionOf(
  endpoint: string,
  secured: boolean,
  facts: BootstrapFacts,
  templates: readonly BootstrapTemplate[],
  now: Instant,
  settings: AdmissionSettings,
): Admission {
  if (facts.blocked !== undefined) return refused('bootstrap.refused', `the device is ${facts.blocked}`)
  if (!secured && !facts.known && settings['bootstrap.policy'] === 'closed') {
    return refused('bootstrap.refused', 'the name is not known, and bootstrap.policy is closed')
  }
  const template = templateFor(endpoint, facts, templates)
  if (template === undefined) return refused('bootstrap.no-template', 'no template is for this device')
  if (!secured) {
    const reason = whyNotInTheClear(template, facts)
    if (reason !== undefined) return refused('bootstrap.refused', reason)
  }
  const { run } = facts
  const rests = run?.finishedAt !== undefined && now < after(run.finishedAt, milliseconds(settings['bootstrap.pause']))
  return run !== undefined && isOver(run) && rests ? { admission: 'later' } : { admission: 'admitted', template }
}

function refused(fault: string, reason: string): Admission {
  return { admission: 'refused', fault, reason }
}

function whyNotInTheClear({ servers }: BootstrapTemplate, facts: BootstrapFacts): string | undefined {
  const { mustProve, proven, run } = facts
  if (mustProve) return 'the name has a credential for bootstrapping'
  if (run?.secured === true && !isOver(run)) return 'the device is being bootstrapped over DTLS'
  if (servers.some(({ key }) => key !== undefined && key.from !== 'issued')) {
    return 'the template holds keys for other servers: they are given over DTLS only'
  }
  if (!proven || servers.every(({ key }) => key === undefined)) return undefined
  return 'the name has a credential: a new key for it is given over DTLS only'
}

/** The one that says most about the device; of several that say as much, the first by name. */
export function templateFor(
  endpoint: string,
  { product, tags }: Pick<BootstrapFacts, 'product' | 'tags'>,
  templates: readonly BootstrapTemplate[],
): BootstrapTemplate | undefined {
  const fitting = templates.filter(({ for: wanted }) => {
    if (wanted.product !== undefined && wanted.product !== product) return false
    if (wanted.endpoint !== undefined && !endpoint.startsWith(wanted.endpoint)) return false
    return Object.entries(wanted.tags).every(([name, value]) => tags[name] === value)
  })
  return fitting.toSorted((a, b) => weightOf(b) - weightOf(a) || (a.name < b.name ? -1 : 1))[0]
}

/** A longer beginning of the name says more than a product, that more than any tags. */
function weightOf({ for: { product, tags, endpoint = '' } }: BootstrapTemplate): number {
  return endpoint.length * 10_000 + (product === undefined ? 0 : 1000) + Object.keys(tags).length
}

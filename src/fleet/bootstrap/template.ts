/**
 * From what an operator wrote to a template: defaults filled in, keys sealed, everything held against the object
 * model. All that is wrong is told at once, each with its field.
 */
import { bytesOfHex, type Bytes } from '../../base/bytes.ts'
import { UsageError } from '../../base/errors.ts'
import { isFault } from '../../base/fault.ts'
import { SeededRandom } from '../../base/random.ts'
import type { Instant } from '../../base/time.ts'
import { bootstrapFormats } from '../../lwm2m/bootstrap/request.ts'
import { entriesOf, type InstanceContent } from '../../lwm2m/bootstrap/messages.ts'
import { isWriteJson } from '../../lwm2m/content-json.ts'
import type { DeviceModel } from '../../lwm2m/model/library.ts'
import { parsePath } from '../../lwm2m/path.ts'
import { formatName, formatNamed } from '../../lwm2m/payload/content-format.ts'
import { isRefusal } from '../../lwm2m/refusal.ts'
import {
  rights,
  type AccessDraft,
  type ServerDraft,
  type SpreadDraft,
  type TemplateDraft,
  type Values,
} from './draft.ts'
import { render } from './rendering.ts'
import type {
  AccessTemplate,
  BootstrapTemplate,
  KeySource,
  RegistrationBehaviour,
  ServerTemplate,
  Spread,
} from './types.ts'

export interface TemplatePorts {
  readonly model: DeviceModel
  readonly seal: (key: Bytes) => string
  readonly fingerprint: (key: Bytes) => string
  readonly keyProblem: (key: Bytes, name: string) => string | undefined
  readonly now: Instant
}

export interface FieldProblem {
  readonly field: string
  readonly message: string
}

/** Seconds; a day, as everywhere a device names none (LwM2M Core 1.2 §6.2.1). */
const usualLifetime = 86_400
/** What a device has room for. */
const instanceLimit = 32
const largestNumber = 2 ** 32 - 1

/** Throws UsageError 'request.invalid' (422) with the member `errors`. */
export function templateOf(name: string, draft: TemplateDraft, ports: TemplatePorts): BootstrapTemplate {
  const reading = new Reading(ports)
  const template = reading.template(name, draft)
  if (reading.problems.length === 0) reading.checkValues(template)
  const { problems } = reading
  if (problems.length === 0) return template
  const [first] = problems
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more)`
  throw new UsageError('request.invalid', `${first!.field}: ${first!.message}${more}`, {
    status: 422,
    members: { errors: problems },
  })
}

class Reading {
  readonly problems: FieldProblem[] = []
  readonly #ports: TemplatePorts

  constructor(ports: TemplatePorts) {
    this.#ports = ports
  }

  template(name: string, draft: TemplateDraft): BootstrapTemplate {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
      this.#wrong('params.name', 'a name has 1 to 64 letters, digits, dots, dashes and underscores')
    }
    const { for: wanted = {}, writes = 'instance', verify = false, assumedAccount = 0 } = draft
    const servers = draft.servers.map((server, i) => this.#server(`body.servers.${i}`, server))
    this.#checkTogether(draft)
    const format = this.#format(draft.format)
    return {
      name,
      for: { ...wanted, tags: wanted.tags ?? {} },
      servers,
      accessControl: (draft.accessControl ?? []).map((access, i) =>
        this.#access(`body.accessControl.${i}`, access, draft),
      ),
      instances: Object.entries(draft.instances ?? {}).flatMap(([path, values]) => this.#instance(path, values)),
      delete: (draft.delete ?? []).map((path, i) => this.#deletion(`body.delete.${i}`, path)),
      ...(format !== undefined && { format }),
      writes,
      verify,
      assumedAccount,
      changedAt: this.#ports.now,
    }
  }

  /** Every value against type and range of its resource. */
  checkValues(template: BootstrapTemplate): void {
    const content = render(template, {
      endpoint: 'urn:dev:any',
      random: new SeededRandom(1),
      selfUri: (secured) => (secured ? 'coaps://any' : 'coap://any'),
      keyFor: (_server, identity) => ({ identity, sealedKey: '' }),
    })
    const servers = template.servers.length
    for (const [index, { object, resources }] of content.entries()) {
      const found = entriesOf([{ object, instance: 0, resources }], this.#ports.model)
      if (!isRefusal(found)) continue
      const field =
        index < servers * 2
          ? `body.servers.${index % servers}`
          : index < servers * 2 + template.accessControl.length
            ? `body.accessControl.${index - servers * 2}`
            : 'body.instances'
      this.#wrong(field, found.message)
    }
  }

  #server(field: string, draft: ServerDraft): ServerTemplate {
    const isSelf = draft.uri === 'self'
    const secure = isSelf ? draft.security !== 'none' : /^coaps(\+tcp)?:\/\/[^/\s]+$/.test(draft.uri)
    const security = draft.security ?? (secure ? 'psk' : 'none')
    if (!isSelf && !/^coaps?(\+tcp)?:\/\/[^/?#\s]+$/.test(draft.uri)) {
      this.#wrong(`${field}.uri`, 'self, or a URI like coaps://lwm2m.example.net:5684 without a path')
    } else if (secure !== (security === 'psk')) {
      this.#wrong(`${field}.security`, 'psk goes with coaps://, none with coap://')
    }
    const identity = draft.identity ?? '{endpoint}'
    const key = security === 'psk' ? this.#key(field, draft, isSelf, identity) : undefined
    if (security === 'none' && (draft.key ?? draft.masterKey) !== undefined) {
      this.#wrong(`${field}.key`, 'a server without security takes no key')
    }
    return {
      uri: draft.uri,
      shortId: draft.shortId,
      security,
      identity,
      ...(key !== undefined && { key }),
      lifetime: draft.lifetime ?? usualLifetime,
      binding: draft.binding ?? 'U',
      storeNotifications: draft.storeNotifications ?? true,
      registration: this.#behaviour(field, draft.registration ?? {}),
      securityResources: this.#values(`${field}.securityResources`, draft.securityResources, [
        '0',
        '1',
        '2',
        '3',
        '5',
        '10',
      ]),
      serverResources: this.#values(`${field}.serverResources`, draft.serverResources, ['0', '1', '6', '7']),
    }
  }

  #key(field: string, { key, masterKey }: ServerDraft, isSelf: boolean, identity: string): KeySource | undefined {
    if (isSelf) {
      if ((key ?? masterKey) !== undefined)
        this.#wrong(`${field}.key`, 'this server makes a key for each device itself')
      return { from: 'issued' }
    }
    if ((key === undefined) === (masterKey === undefined)) {
      this.#wrong(field, 'another server takes a masterKey (a key for each device is made of it) or one key for all')
      return undefined
    }
    const [from, hex] = key === undefined ? (['master', masterKey!] as const) : (['fixed', key] as const)
    const octets = bytesOfHex(hex.replace(/^0x/, '').replaceAll(/[\s:]/g, ''))
    const problem =
      octets === undefined ? 'a key is an even number of hex digits' : this.#ports.keyProblem(octets, identity)
    if (octets === undefined || problem !== undefined) {
      this.#wrong(`${field}.${key === undefined ? 'masterKey' : 'key'}`, problem!)
      return undefined
    }
    return { from, sealed: this.#ports.seal(octets), fingerprint: this.#ports.fingerprint(octets) }
  }

  #behaviour(field: string, draft: NonNullable<ServerDraft['registration']>): RegistrationBehaviour {
    const { order, blockOnFailure, bootstrapOnFailure, ...spreads } = draft
    const drawn = Object.entries(spreads).flatMap(([name, spread]) => {
      const read = spread === undefined ? undefined : this.#spread(`${field}.registration.${name}`, spread)
      return read === undefined ? [] : [[name, read] as const]
    })
    return {
      ...(order !== undefined && { order }),
      ...(blockOnFailure !== undefined && { blockOnFailure }),
      ...(bootstrapOnFailure !== undefined && { bootstrapOnFailure }),
      ...Object.fromEntries(drawn),
    }
  }

  #spread(field: string, draft: SpreadDraft): Spread | undefined {
    const match = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(String(draft).trim())
    const from = Number(match?.[1])
    const to = Number(match?.[2] ?? match?.[1])
    if (match !== null && from <= to && to <= largestNumber) return from === to ? from : { from, to }
    this.#wrong(field, 'a whole number, or a range like 30..90')
    return undefined
  }

  #access(
    field: string,
    { object, instance, owner, rights: given }: AccessDraft,
    { servers }: TemplateDraft,
  ): AccessTemplate {
    const ids = new Set(servers.map(({ shortId }) => shortId))
    if (!ids.has(owner)) this.#wrong(`${field}.owner`, `no server of the template has the short id ${owner}`)
    const bits: Record<string, number> = {}
    for (const [id, names] of Object.entries(given)) {
      if (!/^\d{1,5}$/.test(id) || (id !== '0' && !ids.has(Number(id)))) {
        this.#wrong(`${field}.rights.${id}`, 'a short id of the template, or 0 for all other servers')
      }
      bits[id] = names.reduce((sum, name) => sum | (1 << rights.indexOf(name)), 0)
    }
    return { object, instance, owner, rights: bits }
  }

  #instance(text: string, values: Readonly<Record<string, unknown>>): readonly InstanceContent[] {
    const field = `body.instances.${text}`
    const path = parsePath(text)
    if (isFault(path) || path.length !== 2 || path[0] <= 2) {
      this.#wrong(field, 'an instance like /11/0; objects 0 to 2 are made of servers and accessControl')
      return []
    }
    return [{ object: path[0], instance: path[1], resources: this.#values(field, values, []) }]
  }

  #deletion(field: string, text: string): string {
    const path = parsePath(text)
    if (isFault(path) || path.length > 2) this.#wrong(field, 'a path like /, /5 or /11/0')
    return `/${isFault(path) ? '' : path.join('/')}`
  }

  #values(field: string, values: Readonly<Record<string, unknown>> = {}, taken: readonly string[]): Values {
    for (const [id, value] of Object.entries(values)) {
      if (!/^\d{1,5}$/.test(id)) this.#wrong(`${field}.${id}`, 'resources are named by their number')
      else if (taken.includes(id)) this.#wrong(`${field}.${id}`, 'the template says this by a name of its own')
      else if (!isWriteJson(value)) this.#wrong(`${field}.${id}`, 'neither a value nor values by number')
    }
    return values as Values
  }

  #format(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const found = formatNamed(text)
    if (found !== undefined && bootstrapFormats.includes(found)) return found
    this.#wrong('body.format', `one of ${bootstrapFormats.map(formatName).join(', ')}`)
    return undefined
  }

  #checkTogether({ servers, accessControl = [], instances = {} }: TemplateDraft): void {
    const ids = servers.map(({ shortId }) => shortId)
    const twice = ids.findIndex((id, i) => ids.indexOf(id) !== i)
    if (twice >= 0)
      this.#wrong(`body.servers.${twice}.shortId`, `another server has the short id ${ids[twice]} already`)
    if (servers.filter(({ uri }) => uri === 'self').length > 1) this.#wrong('body.servers', 'self stands there twice')
    const count = servers.length * 2 + accessControl.length + Object.keys(instances).length
    if (count > instanceLimit)
      this.#wrong('body', `${count} instances are more than the ${instanceLimit} a template may have`)
  }

  #wrong(field: string, message: string): void {
    this.problems.push({ field, message })
  }
}

/**
 * Register and Update as devices send them (LwM2M Core 1.2 §6.2, Transport §6.4.1): read leniently into
 * what the device means and what was odd about how it said it. Decides nothing about the device.
 */
import { textOf, utf8, type Bytes } from '../base/bytes.ts'
import { isFault, type Fault } from '../base/fault.ts'
import type { Instant } from '../base/time.ts'
import { method } from '../coap/codes.ts'
import { option } from '../coap/options.ts'
import type { InboundRequest } from '../coap/types.ts'
import type { EnablerVersion } from './model/library.ts'
import { QuirkSet, type QuirkName } from './quirks.ts'
import { parseSupportedObjects } from './supported-objects.ts'

/** Seconds a registration lives where the device names no lifetime (LwM2M Core 1.2 §6.2.1). */
export const defaultLifetime = 86_400
/** Seconds, 68 years: what a longer lifetime, and 0 for "without end", become. */
export const longestLifetime = 2 ** 31 - 1
/** Octets (LwM2M Core 1.2 §7.3.1 leaves it open; a Uri-Query cannot carry more). */
export const endpointNameLimit = 255
/** Parameters we do not know that are kept of one Register; the rest is dropped. */
export const attributeLimit = 16

export interface RegisterRequest {
  readonly endpoint: string
  readonly version: EnablerVersion
  /** Seconds. */
  readonly lifetime: number
  /** As sent; `U` where the device names none. */
  readonly binding: string
  readonly queueMode: boolean
  readonly smsNumber?: string
  /** LwM2M 1.2. */
  readonly profileId?: string
  /** The object list as sent, for `parseSupportedObjects`. */
  readonly links: string
  /** Parameters LwM2M does not define, as sent. */
  readonly attributes: Readonly<Record<string, string>>
  readonly quirks: readonly QuirkName[]
}

/** Only what the device wants changed; everything absent stays as it is. */
export interface UpdateRequest {
  /** Seconds. */
  readonly lifetime?: number
  readonly binding?: string
  readonly queueMode?: boolean
  readonly smsNumber?: string
  /** Absent payload means unchanged; an empty list would be a list. */
  readonly links?: string
  readonly quirks: readonly QuirkName[]
}

type Request = Pick<InboundRequest, 'code' | 'query' | 'options' | 'payload'>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * A Register (POST /rd). `derivedEndpoint` is the name the credential stands for, used where the device
 * names none (legal from 1.1); `oddPath`: its path had to be taken apart. Faults: registration.version, .endpoint-missing, .endpoint, links.*.
 */
export function parseRegister(
  request: Request,
  derivedEndpoint?: string,
  oddPath: boolean = false,
): RegisterRequest | Fault {
  const quirks = new QuirkSet()
  if (oddPath) quirks.add('registration.path-spelling')
  const parameters = parametersOf(request.query, quirks)
  const version = versionOf(parameters.get('lwm2m'), quirks)
  if (version === undefined) {
    return { fault: 'registration.version', detail: 'this server speaks LwM2M 1.0, 1.1 and 1.2' }
  }
  const endpoint = parameters.get('ep') ?? derivedEndpoint ?? ''
  if (endpoint === '') return { fault: 'registration.endpoint-missing', detail: 'ep= is missing' }
  if (!isEndpointName(endpoint)) {
    return { fault: 'registration.endpoint', detail: 'ep= is longer than 255 octets or has control characters' }
  }
  const links = linksOf(request, quirks)
  if (isFault(links)) return links
  if (links === undefined) quirks.add('registration.links-missing')
  const smsNumber = parameters.get('sms')
  const profileId = parameters.get('pid')
  const register: Mutable<RegisterRequest> = {
    endpoint,
    version,
    lifetime: lifetimeOf(parameters.get('lt'), quirks) ?? defaultLifetime,
    binding: bindingOf(parameters.get('b'), quirks) ?? 'U',
    queueMode: queueModeOf(parameters, version, quirks) ?? false,
    links: links ?? '',
    attributes: otherParameters(parameters),
    quirks: quirks.list(),
  }
  if (smsNumber !== undefined && smsNumber !== '') register.smsNumber = smsNumber
  if (profileId !== undefined && profileId !== '') register.profileId = profileId
  return register
}

/** An Update (POST to the location). Faults: links.*. */
export function parseUpdate(request: Request): UpdateRequest | Fault {
  const quirks = new QuirkSet()
  const parameters = parametersOf(request.query, quirks)
  if (request.code === method.put) quirks.add('registration.update-by-put')
  if (parameters.has('ep')) quirks.add('registration.endpoint-in-update')
  const links = linksOf(request, quirks)
  if (isFault(links)) return links
  const lifetime = lifetimeOf(parameters.get('lt'), quirks)
  const binding = bindingOf(parameters.get('b'), quirks)
  const queueMode = queueModeOf(parameters, undefined, quirks)
  const smsNumber = parameters.get('sms')
  const update: Mutable<UpdateRequest> = { quirks: quirks.list() }
  if (lifetime !== undefined) update.lifetime = lifetime
  if (binding !== undefined) update.binding = binding
  if (queueMode !== undefined) update.queueMode = queueMode
  if (smsNumber !== undefined) update.smsNumber = smsNumber
  if (links !== undefined) update.links = links
  return update
}

/** 1–255 octets of UTF-8 without control characters. */
export function isEndpointName(text: string): boolean {
  if (text === '' || text.length > endpointNameLimit || /\p{Cc}/u.test(text)) return false
  // No UTF-16 unit takes more than three octets.
  return 3 * text.length <= endpointNameLimit || utf8(text).length <= endpointNameLimit
}

const knownParameters = ['ep', 'lt', 'lwm2m', 'b', 'Q', 'sms', 'pid']

function parametersOf(query: readonly string[], quirks: QuirkSet): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const argument of query) {
    const at = argument.indexOf('=')
    const given = at < 0 ? argument : argument.slice(0, at)
    // The same text again would be hashed, and kept by V8, for the map.
    const name = knownParameters.find((known) => known === given) ?? given
    const value = at < 0 ? '' : unescaped(argument.slice(at + 1), quirks)
    if (!parameters.has(name)) parameters.set(name, value)
    else if (parameters.get(name) !== value) quirks.add('registration.parameter-twice')
  }
  return parameters
}

/** Uri-Query is not percent-encoded (RFC 7252 §5.10.1), but some modems write URIs into it. */
function unescaped(text: string, quirks: QuirkSet): string {
  if (!/%[0-9a-fA-F]{2}/.test(text)) return text
  try {
    const decoded = decodeURIComponent(text)
    quirks.add('registration.parameter-escaped')
    return decoded
  } catch {
    // A % that escapes nothing is an ordinary character of the name.
    return text
  }
}

const noParameters: Readonly<Record<string, string>> = {}

function otherParameters(parameters: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  let others: [name: string, value: string][] | undefined
  for (const parameter of parameters) {
    const [name] = parameter
    if (name === '' || knownParameters.includes(name)) continue
    others ??= []
    if (others.length < attributeLimit) others.push(parameter)
  }
  return others === undefined ? noParameters : Object.fromEntries(others)
}

const enablerVersions: readonly EnablerVersion[] = ['1.0', '1.1', '1.2']

/** The enabler version; 1.0 where the device names none (LwM2M Core 1.0 §5.2.1), undefined for an unknown one. */
function versionOf(text: string | undefined, quirks: QuirkSet): EnablerVersion | undefined {
  if (text === undefined) return '1.0'
  const version = enablerVersions.find((known) => known === text)
  if (version !== undefined) return version
  const match = /^"?\s*1(?:\.([012])(?:\.\d{1,3})?)?\s*"?$/.exec(text)
  if (!match) return undefined
  quirks.add('registration.version-spelling')
  return `1.${match[1] ?? '0'}` as EnablerVersion
}

function lifetimeOf(text: string | undefined, quirks: QuirkSet): number | undefined {
  if (text === undefined) return undefined
  if (!/^\d{1,20}$/.test(text)) {
    quirks.add('registration.lifetime-unusable')
    return undefined
  }
  const lifetime = Number(text)
  return lifetime === 0 || lifetime > longestLifetime ? longestLifetime : lifetime
}

/** U UDP, T TCP, S SMS, N non-IP, H HTTP, M MQTT, Q queue mode of 1.0. */
function bindingOf(text: string | undefined, quirks: QuirkSet): string | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^[UTSNHMQ]{1,7}$/.test(text)) quirks.add('registration.binding-unknown')
  return text
}

function queueModeOf(
  parameters: ReadonlyMap<string, string>,
  version: EnablerVersion | undefined,
  quirks: QuirkSet,
): boolean | undefined {
  const binding = parameters.get('b')
  const inBinding = binding?.includes('Q') === true
  if (inBinding && version !== undefined && version !== '1.0') quirks.add('registration.queue-in-binding')
  const flag = parameters.get('Q')
  if (flag !== undefined) {
    if (flag !== '') quirks.add('registration.queue-with-value')
    return !/^(0|false)$/i.test(flag)
  }
  return binding === undefined || binding === '' ? undefined : inBinding
}

/** The object list as text; undefined without a payload. A fault where it is no link format. */
function linksOf(request: Request, quirks: QuirkSet): string | undefined | Fault {
  if (request.payload.length === 0) return undefined
  const format = request.options.uint(option.contentFormat)
  if (format === undefined) quirks.add('registration.format-missing')
  else if (format !== 40) quirks.add('registration.format-other')
  const text = textOf(request.payload) ?? repaired(request.payload, quirks)
  const supported = parseSupportedObjects(text)
  if (isFault(supported)) return supported
  quirks.addAll(supported.quirks)
  return supported.list
}

function repaired(bytes: Bytes, quirks: QuirkSet): string {
  quirks.add('links.not-utf8')
  return new TextDecoder().decode(bytes)
}

const registrationIdAlphabet = '0123456789abcdefghjkmnpqrstvwxyz'.split('')
/** Two characters for ten bits: a text put together from half as many parts. */
const registrationIdPairs = registrationIdAlphabet.flatMap((a) => registrationIdAlphabet.map((b) => a + b))

/** Octets of randomness `registrationIdOf` wants. */
export const registrationIdOctets = 9

/** Milliseconds in which registrations begin alike, as a power of two. */
const momentBits = 12

/**
 * Eleven characters: Contiki-NG drops a Location-Path `rd/…` of more than 14 and registers for ever, and Zephyr's options
 * hold twelve. The last nine are random, 45 bits. The first two tell the moment, for four seconds and again after an
 * hour: registrations of one moment stand side by side in the store's index, so that committing hundreds of them writes
 * a few of its pages and not hundreds.
 */
export function registrationIdOf(now: Instant, random: Bytes): string {
  const moment = Math.floor(now / 2 ** momentBits)
  let id = registrationIdPairs[moment & 1023]!
  for (let i = 0; i < registrationIdOctets - 1; i += 2) {
    id += registrationIdPairs[((random[i]! & 31) << 5) | (random[i + 1]! & 31)]!
  }
  return id + registrationIdAlphabet[random[registrationIdOctets - 1]! & 31]!
}

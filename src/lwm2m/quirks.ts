/**
 * Deviations of devices that we understand and accept (ARCHITECTURE §1.4): each has a name, a sentence
 * about what the device did, and what we took it to mean. A decoder returns the names; who keeps them per
 * device, once, is the engine's business.
 */

export const quirks = {
  'registration.version-spelling': [
    'writes its enabler version in an unusual way (1, 1.1.1, "1.1")',
    'the nearest version was taken',
  ],
  'registration.lifetime-unusable': [
    'sends a lifetime that is no number of seconds',
    'the default of 86400 s was taken',
  ],
  'registration.binding-unknown': ['names a binding no version defines', 'UDP was taken and the text kept'],
  'registration.queue-in-binding': [
    'asks for queue mode in b= though its version has the Q parameter',
    'queue mode is on',
  ],
  'registration.queue-with-value': ['gives Q a value', 'queue mode is on unless the value is 0 or false'],
  'registration.parameter-twice': ['repeats a registration parameter', 'the first one counts'],
  'registration.parameter-escaped': ['percent-encodes registration parameters', 'they were decoded'],
  'registration.path-spelling': [
    'writes a path into one segment, or leaves an empty one at its end',
    'it was taken apart at the slashes',
  ],
  'registration.endpoint-in-update': ['repeats ep= in an Update', 'it was ignored'],
  'registration.format-missing': ['sends its object list without a Content-Format', 'link format was taken'],
  'registration.format-other': ['labels its object list with another Content-Format', 'link format was taken'],
  'registration.links-missing': ['registers without an object list', 'it was taken as empty'],
  'registration.update-by-put': ['updates its registration with PUT', 'it was taken as POST'],
  'links.not-utf8': ['sends links that are not UTF-8', 'the broken octets were replaced'],
  'links.separator': ['separates links or attributes in an unusual way', 'the separator was skipped'],
  'links.attribute-twice': ['repeats an attribute of a link', 'the values were joined'],
  'links.unquoted': ['leaves out quotation marks an attribute needs', 'the text up to the next separator was taken'],
  'links.rt-missing': ['names an alternate root without rt="oma.lwm2m"', 'it was taken as the root'],
  'links.unknown-target': ['lists links that are no objects', 'they were ignored'],
  'links.version-on-instance': ['puts ver on an object instance', 'it was taken for the object'],
  'links.version-spelling': ['writes an object version in an unusual way', 'it was read as major.minor'],
  'links.below-instance': ['lists resources in its registration', 'they were ignored'],
  'links.hidden-object': ['lists an object that must stay hidden (0, 21 or 23)', 'it was ignored'],
  'links.enabler-bare': ['names its enabler version beside its links', 'it was taken as that of </>'],
  'links.relative': ['leaves out the leading / of link targets', 'it was added'],
  'format.missing': ['answers without a Content-Format', 'the format that was asked for was taken'],
  'format.legacy': ['uses a pre-standard content format number (1541-1544)', 'it was read as its successor'],
  'format.not-accepted': ['answers in another format than the one asked for', 'the answer was read all the same'],
  'tlv.instance-missing': ['leaves out the object instance around resources', 'instance 0 was taken'],
  'tlv.instance-extra': ['wraps the resources of one instance in that instance', 'the wrapping was removed'],
  'tlv.resource-missing': ['sends resource instances without their resource', 'they belong to the path asked for'],
  'tlv.integer-length': ['sends integers of 3, 5, 6 or 7 octets', 'they were sign-extended'],
  'tlv.reserved-bits': ['sets a length type that contradicts the length bits', 'the length field was taken'],
  'name.relative': [
    'sends names without a leading / or outside any base name',
    'they were read below the path asked for',
  ],
  'name.root-prefix': ['repeats its alternate root in names', 'it was removed'],
  'senml.version': ['names a SenML version other than 10', 'it was read as version 10'],
  'senml.label': ['uses text labels where SenML CBOR has numbers', 'they were understood'],
  'cbor.tag': ['tags CBOR items without need', 'the tag was dropped'],
  'cbor.chunked': ['sends CBOR strings in chunks', 'they were joined'],
  'value.type-differs': [
    "sends a value of another type than its object's definition",
    'it was kept as the type it came in',
  ],
  'value.number-as-text': ['sends numbers as text', 'they were read as numbers'],
  'value.fraction': ['sends a fraction for a whole number', 'it was kept as a fraction'],
  'value.multiple-differs': [
    'sends several instances of a resource that has one, or one without its id',
    'they were kept as sent',
  ],
  'payload.undecodable': ['sends a payload that cannot be read', 'it was refused, and what was known stays'],
  'model.unknown-object': ['has an object no definition is known for', 'its values were kept raw'],
  'model.unknown-resource': ["has a resource its object's definition does not list", 'its value was kept raw'],
  'model.other-version': ['has an object in a version no definition is known for', 'the nearest version was used'],
  'notification.number-twice': [
    'numbers two notifications of one observation alike',
    'the one that came later was taken as the newer',
  ],
  'response.code': ['answers with a code the operation does not define', 'its class decided'],
  'response.payload-missing': ['answers a read without a payload', 'the content was taken as empty'],
} as const satisfies Readonly<Record<string, readonly [deviation: string, assumption: string]>>

export type QuirkName = keyof typeof quirks

/** "sends numbers as text; they were read as numbers". */
export function quirkSentence(name: QuirkName): string {
  return quirks[name].join('; ')
}

/** Collects quirks while something is being read: each name once, in order of appearance. */
const none: readonly QuirkName[] = []

export class QuirkSet {
  /** Most have none. */
  #names: readonly QuirkName[] = none

  add(name: QuirkName): void {
    if (!this.#names.includes(name)) this.#names = [...this.#names, name]
  }

  addAll(names: readonly QuirkName[]): void {
    for (const name of names) this.add(name)
  }

  list(): readonly QuirkName[] {
    return this.#names
  }
}

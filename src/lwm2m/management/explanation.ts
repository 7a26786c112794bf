/**
 * Error codes of devices in words: what the device said no to, and what that usually means
 * (LwM2M Core 1.2 §6.3, Transport 1.2 table 6.7-2). For operators; never decides anything.
 */
import { codeName, codeText, response } from '../../coap/codes.ts'
import type { OperationKind } from './operation.ts'

const verbs: Readonly<Record<OperationKind, string>> = {
  read: 'read',
  write: 'write',
  'write-partial': 'write',
  execute: 'execute',
  create: 'create an instance of',
  delete: 'delete',
  discover: 'discover',
  'write-attributes': 'set attributes of',
  observe: 'observe',
  'cancel-observe': 'stop observing',
  'read-composite': 'read',
  'write-composite': 'write',
  'observe-composite': 'observe',
  'cancel-observe-composite': 'stop observing',
}

type Sentence = (verb: string, target: string, kind: OperationKind) => string

const notAuthorised: Sentence = (verb, target) =>
  `the device does not let this server ${verb} ${target}: its access control (object 2) gives us no right to`

const sentences: Readonly<Record<number, Sentence>> = {
  [response.badRequest]: badRequest,
  // 1.0 and 1.1 say 4.01 for access control, 1.2 clients also 4.03 (OMA_LwM2M_for_Developers 596).
  [response.unauthorized]: notAuthorised,
  [response.forbidden]: notAuthorised,
  [response.badOption]: () => 'the device does not know an option of the request',
  [response.notFound]: (_verb, target) => `there is no ${target} on the device`,
  [response.methodNotAllowed]: (verb, target) => `the device does not allow anybody to ${verb} ${target}`,
  [response.notAcceptable]: () => 'the device cannot answer in the content format asked for',
  [response.requestEntityIncomplete]: () => 'the device lost track of a block-wise transfer',
  [response.conflict]: (verb, target) => `to ${verb} ${target} conflicts with the state the device is in`,
  [response.preconditionFailed]: () => 'a condition of the request does not hold on the device',
  [response.requestEntityTooLarge]: () => 'the device has no room for so large a request',
  [response.unsupportedContentFormat]: (_verb, _target, kind) =>
    `the device cannot read the content format it was sent${kind === 'create' ? withoutInstance : ''}`,
  [response.unprocessableEntity]: () => 'the device understood the content but cannot apply it',
  [response.tooManyRequests]: () => 'the device is asked too often',
  [response.internalServerError]: (verb, target) =>
    `something went wrong in the device when it was to ${verb} ${target}`,
  [response.notImplemented]: (_verb, _target, kind) => `the device does not implement '${kind}'`,
  [response.serviceUnavailable]: () => 'the device is busy',
}

/** See `create` in request.ts. */
const withoutInstance = ' (without an instance id that is always TLV: name one)'

function badRequest(verb: string, target: string, kind: OperationKind): string {
  if (kind === 'write-attributes') return `the device does not take these attributes for ${target}`
  if (kind === 'create')
    return `the device could not make an instance of ${target} of this: a mandatory value may be missing`
  return `the device could not make sense of the request to ${verb} ${target}`
}

/** `4.05: the device does not allow anybody to read /3/0/4`, with what the device itself said, if anything. */
export function explainFailure(kind: OperationKind, target: string, code: number, diagnostic: string): string {
  const sentence = sentences[code]?.(verbs[kind], target, kind) ?? (codeName(code)?.toLowerCase() || 'an unknown code')
  const said = diagnostic === '' ? '' : ` (the device says: ${diagnostic})`
  return `${codeText(code)}: ${sentence}${said}`
}

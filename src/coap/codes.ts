/**
 * Message types and codes (RFC 7252 §3, §12.1; RFC 8132; RFC 7959 §6; RFC 8516): numbers, names, classes.
 * Knows nothing of what a code means to a resource.
 */

/** RFC 7252 §3: the two type bits. */
export const messageType = { confirmable: 0, nonConfirmable: 1, acknowledgement: 2, reset: 3 } as const

export type MessageType = (typeof messageType)[keyof typeof messageType]

/** `codeOf(2, 5)` is 2.05. */
export function codeOf(codeClass: number, detail: number): number {
  return (codeClass << 5) | detail
}

export const method = { get: 1, post: 2, put: 3, delete: 4, fetch: 5, patch: 6, ipatch: 7 } as const

export const response = {
  created: codeOf(2, 1),
  deleted: codeOf(2, 2),
  valid: codeOf(2, 3),
  changed: codeOf(2, 4),
  content: codeOf(2, 5),
  continue: codeOf(2, 31),
  badRequest: codeOf(4, 0),
  unauthorized: codeOf(4, 1),
  badOption: codeOf(4, 2),
  forbidden: codeOf(4, 3),
  notFound: codeOf(4, 4),
  methodNotAllowed: codeOf(4, 5),
  notAcceptable: codeOf(4, 6),
  requestEntityIncomplete: codeOf(4, 8),
  conflict: codeOf(4, 9),
  preconditionFailed: codeOf(4, 12),
  requestEntityTooLarge: codeOf(4, 13),
  unsupportedContentFormat: codeOf(4, 15),
  unprocessableEntity: codeOf(4, 22),
  tooManyRequests: codeOf(4, 29),
  internalServerError: codeOf(5, 0),
  notImplemented: codeOf(5, 1),
  badGateway: codeOf(5, 2),
  serviceUnavailable: codeOf(5, 3),
  gatewayTimeout: codeOf(5, 4),
  proxyingNotSupported: codeOf(5, 5),
  hopLimitReached: codeOf(5, 8),
} as const

/** 0.00: a bare ACK, RST or ping (RFC 7252 §4.1). */
export const emptyCode = 0

const names: ReadonlyMap<number, string> = new Map([
  [emptyCode, 'Empty'],
  [method.get, 'GET'],
  [method.post, 'POST'],
  [method.put, 'PUT'],
  [method.delete, 'DELETE'],
  [method.fetch, 'FETCH'],
  [method.patch, 'PATCH'],
  [method.ipatch, 'iPATCH'],
  [response.created, 'Created'],
  [response.deleted, 'Deleted'],
  [response.valid, 'Valid'],
  [response.changed, 'Changed'],
  [response.content, 'Content'],
  [response.continue, 'Continue'],
  [response.badRequest, 'Bad Request'],
  [response.unauthorized, 'Unauthorized'],
  [response.badOption, 'Bad Option'],
  [response.forbidden, 'Forbidden'],
  [response.notFound, 'Not Found'],
  [response.methodNotAllowed, 'Method Not Allowed'],
  [response.notAcceptable, 'Not Acceptable'],
  [response.requestEntityIncomplete, 'Request Entity Incomplete'],
  [response.conflict, 'Conflict'],
  [response.preconditionFailed, 'Precondition Failed'],
  [response.requestEntityTooLarge, 'Request Entity Too Large'],
  [response.unsupportedContentFormat, 'Unsupported Content-Format'],
  [response.unprocessableEntity, 'Unprocessable Entity'],
  [response.tooManyRequests, 'Too Many Requests'],
  [response.internalServerError, 'Internal Server Error'],
  [response.notImplemented, 'Not Implemented'],
  [response.badGateway, 'Bad Gateway'],
  [response.serviceUnavailable, 'Service Unavailable'],
  [response.gatewayTimeout, 'Gateway Timeout'],
  [response.proxyingNotSupported, 'Proxying Not Supported'],
  [response.hopLimitReached, 'Hop Limit Reached'],
])

/** `2.05`, the dotted form of RFC 7252 §3. */
export function codeText(code: number): string {
  const detail = code & 31
  return `${code >> 5}.${detail < 10 ? '0' : ''}${detail}`
}

/** The registered name, or undefined. */
export function codeName(code: number): string | undefined {
  return names.get(code)
}

export function classOf(code: number): number {
  return code >> 5
}

/** 0.01–0.31, whether or not the method is one we know. */
export function isRequestCode(code: number): boolean {
  return code >= 1 && code <= 31
}

/** Classes 2 to 5: success, (unassigned) 3, client error, server error. */
export function isResponseCode(code: number): boolean {
  return code >= 64 && code < 192
}

/** Methods of RFC 7252 §5.8 and RFC 8132; the rest of class 0 gets 4.05. */
export function isKnownMethod(code: number): boolean {
  return code >= method.get && code <= method.ipatch
}

/** Changes nothing at the server: running it twice is only work (RFC 7252 §5.1, RFC 8132 §2.1). */
export function isSafeMethod(code: number): boolean {
  return code === method.get || code === method.fetch
}

export function isSuccess(code: number): boolean {
  return code >> 5 === 2
}

/**
 * What an operator asked for and the model or the device's registration rules out, as a value. The API
 * turns it into a problem document, the CLI into a sentence; nothing was sent.
 */

export type RefusalCode =
  | 'path.syntax'
  | 'path.unknown-name'
  | 'path.not-registered'
  | 'path.not-in-model'
  | 'path.level'
  | 'operation.unknown'
  | 'operation.not-allowed'
  | 'operation.needs-version'
  | 'operation.incomplete'
  | 'value.type'
  | 'value.range'
  | 'value.missing-mandatory'
  | 'value.not-expressible'
  | 'attribute.unknown'
  | 'attribute.value'
  | 'attribute.inconsistent'
  | 'format.unknown'
  | 'size.limit'

export interface Refusal {
  readonly refusal: RefusalCode
  /** A whole sentence that names the range, the choices or the rule. */
  readonly message: string
  /** The next step for a person. */
  readonly hint?: string
  /** True where sending it anyway is possible with force. */
  readonly forcible: boolean
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refusal' in value
}

/** Refused whatever the operator says: there is no request that would mean it. */
export function refuse(refusal: RefusalCode, message: string, hint?: string): Refusal {
  return { refusal, message, forcible: false, ...(hint !== undefined && { hint }) }
}

/** Refused because the model or the registration says so; `force` sends it all the same. */
export function refuseUnlessForced(refusal: RefusalCode, message: string, hint?: string): Refusal {
  return { refusal, message, forcible: true, ...(hint !== undefined && { hint }) }
}

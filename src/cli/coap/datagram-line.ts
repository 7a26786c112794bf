/** A datagram on one line, for `coapstan trace` and for `coapstan coap … --trace`. */
import { printable, sizeText, type Paint } from '../style.ts'
import type { Datagram, OptionText } from './datagram.ts'

export interface LineOf {
  /** ISO 8601. */
  readonly at: string
  /** As seen from here. */
  readonly direction: 'received' | 'sent'
  /** Octets. */
  readonly size: number
  /** Undefined: it was no CoAP. */
  readonly datagram: Datagram | undefined
  /** What else there is to say of it. */
  readonly remarks?: readonly string[]
}

export function datagramLine({ at, direction, size, datagram, remarks = [] }: LineOf, paint: Paint): string {
  const arrow = direction === 'sent' ? '→' : '←'
  const parts = datagram === undefined ? ['not CoAP'] : partsOf(datagram)
  return [
    `${paint('dim', at)} ${paint(direction === 'sent' ? 'cyan' : 'green', arrow)} ${printable(parts[0]!)}`,
    ...parts.slice(1).map(printable),
    paint('dim', sizeText(size)),
    ...remarks.map((remark) => paint('yellow', printable(remark))),
  ].join('  ')
}

function partsOf({ type, code, codeName, messageId, token, options }: Datagram): string[] {
  const what = code === '0.00' ? (type === 'CON' ? ' ping' : '') : ` ${code.startsWith('0.') ? '' : `${code} `}`
  const name = code === '0.00' ? '' : (codeName ?? (code.startsWith('0.') ? code : ''))
  return [
    `${type}${what}${name}`.trimEnd(),
    `MID ${messageId}`,
    ...(token === '' ? [] : [`[${token}]`]),
    ...optionTexts(options),
  ]
}

/** Paths and queries as URIs have them, everything else as `name=value`. */
export function optionTexts(options: readonly OptionText[]): string[] {
  const all = (name: string): string[] => options.filter((option) => option.name === name).map(({ value }) => value)
  const uri = uriText(all('Uri-Path'), all('Uri-Query'))
  const location = uriText(all('Location-Path'), all('Location-Query'))
  const rest = options.filter(({ name }) => !/^(?:Uri|Location)-(?:Path|Query)$/.test(name))
  return [
    ...(uri === '' ? [] : [uri]),
    ...(location === '' ? [] : [`Location=${location}`]),
    ...rest.map(({ name, value }) => (value === '' ? name : `${name}=${value}`)),
  ]
}

function uriText(segments: readonly string[], query: readonly string[]): string {
  const path = segments.map((segment) => `/${segment}`).join('')
  return query.length === 0 ? path : `${path || '/'}?${query.join('&')}`
}

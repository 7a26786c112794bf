/**
 * Content-Format numbers and their media types (RFC 7252 §12.3 and the registry it made), as far as a
 * CoAP or LwM2M server meets them. Encodes and decodes none of them.
 */

export const contentFormat = {
  text: 0,
  linkFormat: 40,
  xml: 41,
  octetStream: 42,
  exi: 47,
  json: 50,
  cbor: 60,
  senmlJson: 110,
  sensmlJson: 111,
  senmlCbor: 112,
  sensmlCbor: 113,
  senmlEtchJson: 320,
  senmlEtchCbor: 322,
  lwm2mTlv: 11542,
  lwm2mJson: 11543,
  lwm2mCbor: 11544,
  /** Of LwM2M drafts; devices of those years still send them. */
  lwm2mTextLegacy: 1541,
  lwm2mTlvLegacy: 1542,
  lwm2mJsonLegacy: 1543,
  lwm2mOpaqueLegacy: 1544,
} as const

const mediaTypes: ReadonlyMap<number, string> = new Map([
  [contentFormat.text, 'text/plain;charset=utf-8'],
  [contentFormat.linkFormat, 'application/link-format'],
  [contentFormat.xml, 'application/xml'],
  [contentFormat.octetStream, 'application/octet-stream'],
  [contentFormat.exi, 'application/exi'],
  [contentFormat.json, 'application/json'],
  [contentFormat.cbor, 'application/cbor'],
  [contentFormat.senmlJson, 'application/senml+json'],
  [contentFormat.sensmlJson, 'application/sensml+json'],
  [contentFormat.senmlCbor, 'application/senml+cbor'],
  [contentFormat.sensmlCbor, 'application/sensml+cbor'],
  [contentFormat.senmlEtchJson, 'application/senml-etch+json'],
  [contentFormat.senmlEtchCbor, 'application/senml-etch+cbor'],
  [contentFormat.lwm2mTlv, 'application/vnd.oma.lwm2m+tlv'],
  [contentFormat.lwm2mJson, 'application/vnd.oma.lwm2m+json'],
  [contentFormat.lwm2mCbor, 'application/vnd.oma.lwm2m+cbor'],
  [contentFormat.lwm2mTextLegacy, 'application/vnd.oma.lwm2m+text'],
  [contentFormat.lwm2mTlvLegacy, 'application/vnd.oma.lwm2m+tlv'],
  [contentFormat.lwm2mJsonLegacy, 'application/vnd.oma.lwm2m+json'],
  [contentFormat.lwm2mOpaqueLegacy, 'application/vnd.oma.lwm2m+opaque'],
])

const modernOf: ReadonlyMap<number, number> = new Map([
  [contentFormat.lwm2mTextLegacy, contentFormat.text],
  [contentFormat.lwm2mTlvLegacy, contentFormat.lwm2mTlv],
  [contentFormat.lwm2mJsonLegacy, contentFormat.lwm2mJson],
  [contentFormat.lwm2mOpaqueLegacy, contentFormat.octetStream],
])

const legacyOf: ReadonlyMap<number, number> = new Map([...modernOf].map(([legacy, modern]) => [modern, legacy]))

/** The number LwM2M drafts had for a format, or its own. */
export function legacyContentFormat(number: number): number {
  return legacyOf.get(number) ?? number
}

/** The media type of a number, or undefined where we do not know it. */
export function mediaTypeOf(format: number): string | undefined {
  return mediaTypes.get(format)
}

/** The number a draft-time one stands for today; any other number unchanged. */
export function modernContentFormat(format: number): number {
  return modernOf.get(format) ?? format
}

/**
 * The Send operation (LwM2M Core 1.2 §6.4, POST /dp): values a device hands over unasked, with their
 * times. Decoded here; who sent it is the caller's to know.
 */
import type { Bytes } from '../base/bytes.ts'
import { isFault, type Fault } from '../base/fault.ts'
import type { Instant } from '../base/time.ts'
import type { DeviceView } from './management/device-view.ts'
import { formatPath, rootPath } from './path.ts'
import { decodePayload } from './payload/codec.ts'
import { format, formatOf, type FormatNumber } from './payload/content-format.ts'
import type { Decoded } from './payload/decoding.ts'
import { QuirkSet } from './quirks.ts'

/** SenML from 1.1 on, LwM2M CBOR from 1.2; TLV names no paths and is none of them (wakaama 699). */
const sendFormats: readonly FormatNumber[] = [
  format.senmlJson,
  format.senmlCbor,
  format.senmlEtchJson,
  format.senmlEtchCbor,
  format.lwm2mCbor,
]

/**
 * Entries in the order the device gave them. Faults: format.unsupported (4.15), send.unknown-object
 * (4.04), and those of the codecs (4.00).
 */
export function decodeSend(
  contentFormat: number | undefined,
  payload: Bytes,
  device: DeviceView,
  now: Instant,
): Decoded | Fault {
  const quirks = new QuirkSet()
  if (contentFormat === undefined) quirks.add('format.missing')
  const known = contentFormat === undefined ? guessed(payload) : formatOf(contentFormat)
  if (known === undefined || !sendFormats.includes(known)) {
    return { fault: 'format.unsupported', detail: 'Send takes SenML JSON, SenML CBOR or LwM2M CBOR' }
  }
  const { model, supported } = device
  const decoded = decodePayload(contentFormat ?? known, payload, { base: rootPath, model, now, root: supported.root })
  if (isFault(decoded)) return decoded
  const stray = decoded.entries.find(({ path }) => path[0] !== undefined && !supported.objects.has(path[0]))
  if (stray !== undefined) {
    return { fault: 'send.unknown-object', detail: `${formatPath(stray.path)} was not registered` }
  }
  quirks.addAll(decoded.quirks)
  return { entries: decoded.entries, quirks: quirks.list() }
}

/** `[` begins SenML JSON, a CBOR array SenML CBOR, a CBOR map LwM2M CBOR. */
function guessed(payload: Bytes): FormatNumber {
  const first = payload[0] ?? 0
  if (first === 0x5b) return format.senmlJson
  return first >> 5 === 5 ? format.lwm2mCbor : format.senmlCbor
}

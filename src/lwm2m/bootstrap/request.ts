/**
 * What a client says when it asks to be bootstrapped: Bootstrap-Request (POST /bs) and Bootstrap-Pack-Request
 * (GET /bspack), LwM2M Core 1.2 §6.1.6. Read leniently; decides nothing about the device.
 */
import { isFault, type Fault } from '../../base/fault.ts'
import { response } from '../../coap/codes.ts'
import { format, formatOf, type FormatNumber } from '../payload/content-format.ts'
import { isEndpointName } from '../registration.ts'

export interface BootstrapRequest {
  readonly endpoint: string
  /** `pct`: what the client wants Bootstrap-Writes in (1.1 and later). */
  readonly preferred?: FormatNumber
}

/** Formats that can carry a Bootstrap-Write, those tried first first. */
export const bootstrapFormats: readonly FormatNumber[] = [
  format.senmlCbor,
  format.tlv,
  format.senmlJson,
  format.lwm2mCbor,
  format.json,
]

/** Formats a Bootstrap-Pack can come in, the shortest first (LwM2M Core 1.2 §6.1.7.7). */
export const packFormats: readonly FormatNumber[] = [format.lwm2mCbor, format.senmlCbor, format.senmlJson]

/**
 * `derived` is the name the credential stands for, used where the client names none (legal from 1.1). Faults:
 * bootstrap.endpoint-missing, bootstrap.endpoint, bootstrap.format.
 */
export function parseBootstrapRequest(query: readonly string[], derived?: string): BootstrapRequest | Fault {
  const endpoint = parameter(query, 'ep') ?? derived ?? ''
  if (endpoint === '') return { fault: 'bootstrap.endpoint-missing', detail: 'ep= is missing' }
  if (!isEndpointName(endpoint)) return { fault: 'bootstrap.endpoint' }
  const preferred = formatAsked(parameter(query, 'pct'))
  if (isFault(preferred)) return preferred
  return { endpoint, ...(preferred !== undefined && { preferred }) }
}

/** The format of a pack for this Accept; undefined where none would do (4.06). */
export function packFormatFor(accept: number | undefined): FormatNumber | undefined {
  if (accept === undefined) return format.senmlCbor
  return packFormats.find((one) => one === formatOf(accept))
}

/** Answers to requests that are not served (LwM2M Core 1.2 §6.1.6). */
export const bootstrapCodes: Readonly<Record<string, number>> = {
  'bootstrap.endpoint-missing': response.badRequest,
  'bootstrap.endpoint': response.badRequest,
  'bootstrap.endpoint-mismatch': response.badRequest,
  'bootstrap.format': response.unsupportedContentFormat,
  'bootstrap.refused': response.forbidden,
  'bootstrap.no-template': response.notFound,
  'bootstrap.accept': response.notAcceptable,
}

function formatAsked(text: string | undefined): FormatNumber | undefined | Fault {
  if (text === undefined || text === '') return undefined
  const known = /^\d{1,5}$/.test(text) ? formatOf(Number(text)) : undefined
  if (known !== undefined && bootstrapFormats.includes(known)) return known
  return { fault: 'bootstrap.format', detail: 'pct= is no format a Bootstrap-Write can have' }
}

function parameter(query: readonly string[], name: string): string | undefined {
  return query.find((argument) => argument.startsWith(`${name}=`))?.slice(name.length + 1)
}

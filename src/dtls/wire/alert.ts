/** Alerts (RFC 5246 §7.2): two octets, level and description. */
import type { Bytes } from '../../base/bytes.ts'

export const alertDescriptions = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  internal_error: 80,
  no_renegotiation: 100,
  unsupported_extension: 110,
  unknown_psk_identity: 115,
} as const

export type AlertName = keyof typeof alertDescriptions

export const alertLevel = { warning: 1, fatal: 2 } as const

/** The name of the alert in two octets at `at` where it ends the connection; other warnings do not (RFC 5246 §7.2). */
export function endingAlert(buffer: Bytes, at: number): string | undefined {
  const description = buffer[at + 1]!
  const isEnd = buffer[at] === alertLevel.fatal || description === alertDescriptions.close_notify
  return isEnd ? alertNameOf(description) : undefined
}

/** The name of an alert's number, for logs; unknown ones keep their number. */
export function alertNameOf(description: number): string {
  for (const [name, number] of Object.entries(alertDescriptions)) if (number === description) return name
  return `alert ${description}`
}

/** No-Response (RFC 7967 §2): a client says which classes of response it does not want to receive. */
import type { MessageView } from './message.ts'
import { option } from './options.ts'

/** Bits 2, 8 and 16 stand for 2.xx, 4.xx and 5.xx; no option or 0 wants them all. */
export function isUnwanted(request: MessageView, responseCode: number): boolean {
  if (!request.has(option.noResponse)) return false
  return ((request.uint(option.noResponse) ?? 0) & (1 << ((responseCode >> 5) - 1))) !== 0
}

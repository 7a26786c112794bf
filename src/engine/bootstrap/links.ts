/** What the bootstrap listener offers, as `/.well-known/core` lists it (RFC 6690 §4). */
import type { Link } from '../../coap/link-format.ts'

export const bootstrapLinks: readonly Link[] = [
  { target: '/bs', attributes: [] },
  { target: '/bspack', attributes: [] },
]

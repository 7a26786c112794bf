/** What a flight is made of, and what is kept of the last one of a handshake. */
import type { Bytes } from '../../base/bytes.ts'

export type FlightItem =
  | {
      readonly kind: 'message'
      /** Header as if never fragmented, then the body. */
      readonly whole: Bytes
      /** 1 for Finished, which goes under the new keys. */
      readonly epoch: 0 | 1
    }
  | { readonly kind: 'change-cipher-spec' }

/** Record numbers of epoch 0, which a handshake and its late repetitions share. */
export interface PlainNumbers {
  next: number
}

/** The last flight of a finished handshake, sent again when the peer shows that it has not got it. */
export interface FinalFlight {
  readonly items: readonly FlightItem[]
  readonly numbers: PlainNumbers
  readonly datagramLimit: number
}

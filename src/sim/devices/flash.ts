/** What a device still has after a restart of firmware and its download. Knows no CoAP. */
import type { Bytes } from '../../base/bytes.ts'
import { ImageReader } from '../images.ts'

export class Flash {
  /** /5/0/3. */
  state = 0
  /** What runs. */
  version = '1.0.0'
  uri = ''
  etag: string | undefined
  /** Octets of a block, once one has been asked for. */
  blockSize: number | undefined
  /** Its power has failed in the middle of a download, as it was to (`Frailty`). */
  hasLostPower = false
  /** The slot for the next image. */
  slot = new ImageReader()

  /** Octets in the slot. */
  get length(): number {
    return this.slot.length
  }

  append(block: Bytes): void {
    this.slot.append(block)
  }

  /** The slot is empty, and nothing is known of what is to come into it. */
  erase(): void {
    this.slot = new ImageReader()
    this.blockSize = undefined
    this.etag = undefined
  }
}

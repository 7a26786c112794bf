/** What a device still has after a restart of firmware and its download. Knows no CoAP. */
import type { Bytes } from '../../base/bytes.ts'

export class Flash {
  /** /5/0/3. */
  state = 0
  /** What runs. */
  version = '1.0.0'
  uri = ''
  etag: string | undefined
  /** Octets of a block, once one has been asked for. */
  blockSize: number | undefined
  /** The slot for the next image; `length` octets of it are written. */
  image: Bytes = new Uint8Array(0)
  length = 0

  append(block: Bytes): void {
    if (this.length + block.length > this.image.length) {
      const larger = new Uint8Array(2 * (this.length + block.length))
      larger.set(this.image.subarray(0, this.length))
      this.image = larger
    }
    this.image.set(block, this.length)
    this.length += block.length
  }
}

/** A file that is open, as its octets are looked at: by pieces, never whole. */
import type { FileHandle } from 'node:fs/promises'
import type { Bytes } from '../../base/bytes.ts'
import type { StoredFile } from '../../fleet/images/store.ts'

/** Octets read at a time. */
const pieceSize = 65_536

/** Valid while the handle is open. Throws the errors of the file system. */
export function storedFile(handle: FileHandle, size: number): StoredFile {
  return {
    size,
    read: async (offset, length) => {
      const octets = new Uint8Array(Math.max(0, Math.min(length, size - offset)))
      let filled = 0
      while (filled < octets.length) {
        const { bytesRead } = await handle.read(octets, filled, octets.length - filled, offset + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return octets.subarray(0, filled)
    },
    chunks: (start, end) => piecesOf(handle, start, Math.min(end, size)),
  }
}

/** Each piece is valid until the next is asked for. */
async function* piecesOf(handle: FileHandle, start: number, end: number): AsyncGenerator<Bytes> {
  const piece = new Uint8Array(pieceSize)
  for (let at = start; at < end;) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(pieceSize, end - at), at)
    if (bytesRead === 0) return
    yield piece.subarray(0, bytesRead)
    at += bytesRead
  }
}

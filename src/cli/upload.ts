/** Sending a file whole: its hash first, so that the server can tell what arrived, then its octets, with a bar. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { usageFailure } from './failure.ts'
import { withBar } from './progress.ts'
import type { Session } from './session.ts'
import { sizeText } from './style.ts'

/** Milliseconds a file may take to be sent, or to be read from a slow disk. */
export const transferPatience = 12 * 60_000

interface Upload {
  /** Of the file, lower-case hex. */
  readonly sha256: string
  readonly octets: { readonly size: number; readonly stream: ReadableStream<Uint8Array> }
}

/** Throws a usage failure where there is no such file. */
export async function uploading<T>(
  { surroundings }: Session,
  file: string,
  send: (upload: Upload) => Promise<T>,
): Promise<T> {
  const source = surroundings.openFile(file)
  if (source === undefined) throw usageFailure(`there is no file ${file}`)
  const hash = createHash('sha256')
  for await (const chunk of source.stream()) hash.update(chunk)
  const sha256 = hash.digest('hex')
  let sent = 0
  const count = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sent += chunk.length
      controller.enqueue(chunk)
    },
  })
  const step = () => ({
    label: `Uploading ${basename(file)}`,
    fraction: sent / Math.max(1, source.size),
    tail: `of ${sizeText(source.size)}`,
  })
  const octets = { size: source.size, stream: source.stream().pipeThrough(count) }
  return withBar(surroundings, step, () => send({ sha256, octets }))
}

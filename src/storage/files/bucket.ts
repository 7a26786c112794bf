/** One bucket of an S3-compatible store: whole objects in, ranges of them out. Signed with SigV4. */
import { AwsClient } from 'aws4fetch'
import type { Bytes } from '../../base/bytes.ts'
import { EnvironmentError } from '../../base/errors.ts'
import type { StoredFile } from '../../fleet/images/store.ts'

export interface BucketOptions {
  /** `https://s3.example.net`, without a path. */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  /** In front of every name, such as `coapstan/`. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Piece {
  readonly octets: Bytes
  /** Of the whole object. */
  readonly size: number
}

/** Every method throws EnvironmentError 'images.bucket'. */
export interface Bucket {
  /** The store refuses octets of another hash. */
  put(name: string, file: StoredFile, sha256: string): Promise<void>
  /** Undefined where there is no such object. */
  read(name: string, offset: number, length: number): Promise<Piece | undefined>
  remove(name: string): Promise<void>
}

/** Tries of one request; what fails then fails the upload or the download. */
const tries = 3
/** Milliseconds between two tries, times the number of the try. */
const pause = 500
/** Milliseconds a request may take, besides a second for every so many octets it carries. */
const patience = 60_000
const slowestRate = 100_000

export function openBucket(options: BucketOptions): Bucket {
  const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey, sessionToken } = options
  const signer = new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: 's3',
    region,
    retries: 0,
  })
  const base = `${endpoint.replace(/\/+$/, '')}/${bucket}/${prefix}`

  async function ask(name: string, what: string, size: number, init: () => RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      try {
        const request = await signer.sign(base + name, init())
        const response = await fetch(request, {
          signal: AbortSignal.timeout(patience + Math.ceil(size / slowestRate) * 1000),
        })
        if (response.status < 500 || attempt === tries) return response
        await response.body?.cancel()
      } catch (cause) {
        if (attempt === tries) throw failed(what, cause instanceof Error ? cause.message : String(cause), cause)
      }
      await new Promise((resolve) => setTimeout(resolve, attempt * pause))
    }
  }

  return {
    async put(name, file, sha256) {
      const response = await ask(name, 'the image was not put into the bucket', file.size, () => ({
        method: 'PUT',
        body: ReadableStream.from(copies(file)),
        duplex: 'half',
        headers: { 'content-length': String(file.size), 'x-amz-content-sha256': sha256 },
      }))
      if (!response.ok) throw failed('the image was not put into the bucket', await reasonOf(response))
      await response.body?.cancel()
    },
    async read(name, offset, length) {
      const what = 'the image was not read from the bucket'
      const range = `bytes=${offset}-${offset + length - 1}`
      const response = await ask(name, what, length, () => ({ headers: { range } }))
      if (response.status === 404 || response.status === 416) {
        await response.body?.cancel()
        return undefined
      }
      if (!response.ok) throw failed(what, await reasonOf(response))
      const octets = new Uint8Array(await response.arrayBuffer())
      // A store that knows no ranges sends everything.
      const size = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? octets.length)
      return { octets: response.status === 206 ? octets : octets.subarray(offset, offset + length), size }
    },
    async remove(name) {
      const response = await ask(name, 'the image was not removed from the bucket', 0, () => ({ method: 'DELETE' }))
      if (!response.ok && response.status !== 404) {
        throw failed('the image was not removed from the bucket', await reasonOf(response))
      }
      await response.body?.cancel()
    },
  }
}

/** A piece of a file is valid until the next is asked for, and a stream asks ahead. */
async function* copies(file: StoredFile): AsyncGenerator<Bytes> {
  for await (const chunk of file.chunks(0, file.size)) yield chunk.slice()
}

/** `403 SignatureDoesNotMatch: …`. */
async function reasonOf(response: Response): Promise<string> {
  const text = (await response.text()).slice(0, 4096)
  const part = (tag: string): string => new RegExp(`<${tag}>([^<]{1,200})</${tag}>`).exec(text)?.[1] ?? ''
  return `${response.status} ${[part('Code'), part('Message')].filter((one) => one !== '').join(': ')}`.trim()
}

function failed(what: string, detail: string, cause?: unknown): EnvironmentError {
  return new EnvironmentError('images.bucket', `${what}: ${detail}`, { retriable: true, cause })
}

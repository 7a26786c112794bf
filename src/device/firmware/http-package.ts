/**
 * A package over http or https: one GET that is read as it comes, and after a break another one for the rest, by
 * Range under If-Range (RFC 9110 §13.1.5, §14). Follows no redirection, as small clients do not.
 */
import { request as requestPlain, type IncomingMessage } from 'node:http'
import { request as requestSecured } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { seconds, type Duration } from '../../base/time.ts'
import type { PackageSource, Piece } from './download.ts'
import { results } from './firmware-machine.ts'

/** A server that sends nothing for so long is gone. */
const patience: Duration = seconds(30)

/** An answer that is being read: which octets of which content come next. */
interface Answer {
  readonly message: IncomingMessage
  readonly chunks: AsyncIterator<Buffer>
  readonly etag: string | undefined
  readonly total: number | undefined
  at: number
}

export class HttpPackage implements PackageSource {
  readonly #url: URL
  readonly #trusted: string | undefined
  readonly #signal: AbortSignal
  #answer: Answer | undefined

  /** `trusted`: certificates in PEM an https server is believed by, undefined: those of the system. */
  constructor(url: URL, trusted: string | undefined, signal: AbortSignal) {
    this.#url = url
    this.#trusted = trusted
    this.#signal = signal
  }

  async fetch(at: number, etag: string | undefined): Promise<Piece> {
    if (this.#answer?.at !== at) {
      this.close()
      const message = await this.#asked(at, etag)
      if ('kind' in message) return message
      const refusal = refusalOf(message)
      if (refusal !== undefined) {
        message.destroy()
        return refusal
      }
      this.#answer = answerOf(message)
      // The whole in place of the rest: kept open for the caller, who begins anew at 0.
      if (this.#answer.at !== at) return { kind: 'changed' }
    }
    const piece = await nextOf(this.#answer)
    if (piece.kind === 'broken') this.close()
    return piece
  }

  close(): void {
    this.#answer?.message.destroy()
    this.#answer = undefined
  }

  #asked(at: number, etag: string | undefined): Promise<IncomingMessage | Piece> {
    const headers = at > 0 && etag !== undefined ? { range: `bytes=${at}-`, 'if-range': etag } : {}
    return new Promise((resolve) => {
      const options = { headers, agent: false, signal: this.#signal, timeout: patience } as const
      const request =
        this.#url.protocol === 'https:'
          ? requestSecured(this.#url, { ...options, ...(this.#trusted !== undefined && { ca: this.#trusted }) })
          : requestPlain(this.#url, options)
      request.once('response', resolve)
      request.once('timeout', () => request.destroy(new Error(`nothing heard for ${patience / 1000} s`)))
      request.on('error', (error) => {
        const mistrust = (request.socket as Partial<TLSSocket> | null)?.authorizationError
        // The next try would meet the same certificate.
        if (mistrust) resolve({ kind: 'failed', result: results.connectionLost, reason: error.message })
        else resolve({ kind: 'broken', reason: error.message })
      })
      request.end()
    })
  }
}

/** What a status means that brings no octets: come back later, begin anew, or no such package. */
function refusalOf({ statusCode = 0 }: IncomingMessage): Piece | undefined {
  if (statusCode === 200 || statusCode === 206) return undefined
  if (statusCode === 416) return { kind: 'changed' }
  const reason = `the server answers ${statusCode}`
  if (statusCode === 408 || statusCode === 429 || statusCode >= 500) return { kind: 'broken', reason }
  return { kind: 'failed', result: results.invalidUri, reason }
}

function answerOf(message: IncomingMessage): Answer {
  const { headers, statusCode } = message
  const [, first, total] = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(headers['content-range'] ?? '') ?? []
  const length = headers['content-length']
  const whole = { at: 0, total: length === undefined ? undefined : Number(length) }
  const part = { at: Number(first), total: total === undefined ? undefined : Number(total) }
  return {
    message,
    chunks: message[Symbol.asyncIterator]() as AsyncIterator<Buffer>,
    // A weak tag does not say that the octets are the same.
    etag: headers.etag?.startsWith('"') === true ? headers.etag : undefined,
    ...(statusCode === 206 ? part : whole),
  }
}

async function nextOf(answer: Answer): Promise<Piece> {
  const { chunks, etag, total, at: offset } = answer
  let chunk: IteratorResult<Buffer, unknown>
  try {
    chunk = await chunks.next()
  } catch (error) {
    return { kind: 'broken', reason: error instanceof Error ? error.message : String(error) }
  }
  const octets = chunk.done === true ? Buffer.alloc(0) : chunk.value
  answer.at += octets.length
  const last = chunk.done === true || answer.at === total
  if (chunk.done === true && total !== undefined && answer.at < total) {
    return { kind: 'broken', reason: 'the answer ended early' }
  }
  return { kind: 'octets', offset, octets, last, etag, total, blockSize: undefined }
}

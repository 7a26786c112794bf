/**
 * A small S3-like server for tests: it keeps objects in memory and checks every signature by a SigV4 of its own,
 * written from the specification and held against its published example.
 */
import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const hex = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()

export interface SignedRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly signedHeaders: readonly string[]
  readonly region: string
}

/** The signature a request should have (AWS Signature Version 4, no query). */
export function signatureOf({ method, path, headers, signedHeaders, region }: SignedRequest, secret: string): string {
  const date = headers['x-amz-date']!
  const canonical = [
    method,
    path,
    '',
    ...signedHeaders.map((name) => `${name}:${headers[name]!.trim()}`),
    '',
    signedHeaders.join(';'),
    headers['x-amz-content-sha256']!,
  ].join('\n')
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, hex(canonical)].join('\n')
  const key = ['s3', 'aws4_request'].reduce(
    (so, part) => mac(so, part),
    mac(mac(`AWS4${secret}`, date.slice(0, 8)), region),
  )
  return mac(key, text).toString('hex')
}

export interface S3Server {
  readonly url: string
  readonly objects: Map<string, Buffer>
  readonly asked: string[]
  /** What the next requests are answered with instead. */
  readonly troubles: number[]
  close(): Promise<void>
}

export async function s3Server(accessKey: string, secret: string, region: string): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const asked: string[] = []
  const troubles: number[] = []
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = request
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const { range } = request.headers
    asked.push(`${method} ${url}${range === undefined ? '' : ` ${range}`}`)
    const refuse = (status: number, code: string): void =>
      void response.writeHead(status).end(`<Error><Code>${code}</Code><Message>no</Message></Error>`)
    const trouble = troubles.shift()
    if (trouble !== undefined) return refuse(trouble, 'SlowDown')
    if (!isSigned(request)) return refuse(403, 'SignatureDoesNotMatch')
    if (method === 'PUT') {
      if (request.headers['x-amz-content-sha256'] !== hex(body)) return refuse(400, 'XAmzContentSHA256Mismatch')
      if (request.headers['content-length'] !== String(body.length)) return refuse(411, 'MissingContentLength')
      objects.set(url, body)
      return void response.end()
    }
    if (method === 'DELETE') {
      objects.delete(url)
      return void response.writeHead(204).end()
    }
    const object = objects.get(url)
    if (object === undefined) return refuse(404, 'NoSuchKey')
    const [, first = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
    const part = object.subarray(Number(first), Number(last) + 1)
    response.writeHead(206, { 'content-range': `bytes ${first}-${Number(first) + part.length - 1}/${object.length}` })
    response.end(part)
  }
  function isSigned({ method, url, headers }: IncomingMessage): boolean {
    const pattern =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/
    const [, key, where, names = '', signature] = pattern.exec(headers.authorization ?? '') ?? []
    const signedHeaders = names.split(';')
    const request = { method: method!, path: url!, headers: headers as Record<string, string>, signedHeaders, region }
    return key === accessKey && where === region && signature === signatureOf(request, secret)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    asked,
    troubles,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

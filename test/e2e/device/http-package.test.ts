/** A package over http and https as the virtual device fetches it, from servers that keep to the rules and from others. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { download } from '../../../src/device/firmware/download.ts'
import { MemoryFlash, slotSize } from '../../../src/device/firmware/flash.ts'
import { HttpPackage } from '../../../src/device/firmware/http-package.ts'
import { tlsCertificate } from '../../support/tls-certificate.ts'

const image = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))

interface Asked {
  readonly range: string | undefined
  readonly ifRange: string | string[] | undefined
}

/** One request after the other, the last of them for all that follow. */
type Answer = (asked: Asked) => {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
  /** Ends the connection after so many octets of the body. */
  readonly cut?: number
}

const whole: Answer = () => ({ status: 200, headers: { etag: '"v1"', 'content-length': '300000' }, body: image })
const cutAt =
  (cut: number, tag = '"v1"'): Answer =>
  () => ({ ...whole({} as Asked), headers: { etag: tag, 'content-length': '300000' }, cut })
const rest =
  (tag = '"v1"'): Answer =>
  ({ range }) => {
    const at = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1])
    const headers = { etag: tag, 'content-range': `bytes ${at}-299999/300000`, 'content-length': String(300_000 - at) }
    return { status: 206, headers, body: image.subarray(at) }
  }
const says =
  (status: number): Answer =>
  () => ({ status, headers: { 'content-length': '0' } })

let server: Server
let asked: Asked[]
let lines: string[]
afterEach(() => server.close())

async function fetched(
  answers: readonly Answer[],
  tls?: { cert: string; key: string; trusted?: string },
): Promise<{ outcome: Awaited<ReturnType<typeof download>>; flash: MemoryFlash }> {
  asked = []
  lines = []
  const listener: RequestListener = (request, response) => {
    asked.push({ range: request.headers.range, ifRange: request.headers['if-range'] })
    const { status, headers, body, cut } = answers[Math.min(asked.length, answers.length) - 1]!(asked.at(-1)!)
    response.writeHead(status, headers)
    if (cut === undefined) response.end(body)
    else response.write(body!.subarray(0, cut), () => response.destroy())
  }
  server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const scheme = tls === undefined ? 'http' : 'https'
  const url = new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/d/app`)
  const source = new HttpPackage(url, tls?.trusted, new AbortController().signal)
  const flash = new MemoryFlash('1.0.0')
  const outcome = await download({
    source,
    flash,
    pause: () => Promise.resolve(true),
    progress: () => undefined,
    interrupted: (reason, retryIn) => lines.push(retryIn === undefined ? reason : `${reason}; again`),
  })
  source.close()
  return { outcome, flash }
}

describe('over http', () => {
  it.each<[string, readonly Answer[], readonly (string | undefined)[]]>([
    ['in one go', [whole], [undefined]],
    ['with the rest by Range after a break', [cutAt(100_000), rest()], [undefined, 'bytes=100000-']],
    [
      'by as many Ranges as there are breaks',
      [cutAt(65_536), () => ({ ...rest()({ range: 'bytes=65536-', ifRange: undefined }), cut: 10_000 }), rest()],
      [undefined, 'bytes=65536-', 'bytes=75536-'],
    ],
    ['anew where the server knows no Range', [cutAt(9000), whole], [undefined, 'bytes=9000-']],
    ['anew where a Range has another tag', [cutAt(9000), rest('"v2"'), whole], [undefined, 'bytes=9000-', undefined]],
    ['anew where there is no rest', [cutAt(9000), says(416), whole], [undefined, 'bytes=9000-', undefined]],
    ['anew where nothing proves what is there', [cutAt(9000, 'W/"v1"'), whole], [undefined, undefined]],
    ['from a server that does not tell its size', [() => ({ status: 200, body: image })], [undefined]],
    ['later, where a server is not well', [says(503), says(429), whole], [undefined, undefined, undefined]],
  ])('a package comes %s', async (_, answers, ranges) => {
    const { outcome, flash } = await fetched(answers)
    expect([outcome, asked.map(({ range }) => range)]).toEqual(['complete', ranges])
    expect(flash.readStaged().equals(image)).toBe(true)
    for (const { range, ifRange } of asked) expect(ifRange).toBe(range === undefined ? undefined : '"v1"')
  })

  it.each([
    [403, 7],
    [404, 7],
    [410, 7],
    [301, 7],
    [500, 4],
  ])('status %i ends with result %i', async (status, result) => {
    const { outcome } = await fetched([says(status)])
    expect([outcome, lines.at(-1)]).toEqual([result, expect.stringContaining(`the server answers ${status}`)])
  })

  it('what is larger than its slot is told before it is fetched', async () => {
    const { outcome, flash } = await fetched([
      () => ({ status: 200, headers: { 'content-length': String(slotSize + 1) }, body: image, cut: 1000 }),
    ])
    expect([outcome, flash.stagedLength]).toEqual([2, 0])
  })
})

describe('over https', () => {
  const own = tlsCertificate()

  it('from a server whose certificate it was given', async () => {
    const { outcome, flash } = await fetched([cutAt(100_000), rest()], { ...own, trusted: own.cert })
    expect([outcome, flash.stagedLength]).toEqual(['complete', 300_000])
  })

  it('from nobody else: a lost connection, and no second try', async () => {
    const { outcome } = await fetched([whole], own)
    expect([outcome, asked, lines]).toEqual([4, [], [expect.stringContaining('self-signed certificate')]])
  })
})

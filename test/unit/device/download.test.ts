/** The block-wise pull: order, resume, a content that changes, a server that goes quiet. */
import { expect, it } from 'vitest'
import { BlockwisePackage, type BlockReply } from '../../../src/device/firmware/blockwise-package.ts'
import { download, type DownloadPorts } from '../../../src/device/firmware/download.ts'
import { MemoryFlash, slotSize, type Flash } from '../../../src/device/firmware/flash.ts'

const image = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 0xff))

interface Script {
  readonly flash?: Flash
  readonly blockSize?: number
  /** Replaces the answer to the n-th request. */
  readonly answer?: (request: number, num: number, size: number) => BlockReply | undefined | 'normal'
  readonly pause?: DownloadPorts['pause']
}

function block(body: Uint8Array, num: number, size: number, etag: string | undefined = 'e1'): BlockReply {
  const payload = body.subarray(num * size, (num + 1) * size)
  const more = (num + 1) * size < body.length
  return { code: '2.05', payload, block: { num, more, size }, etag, total: num === 0 ? body.length : undefined }
}

async function run(script: Script) {
  const flash = script.flash ?? new MemoryFlash('1.0.0')
  const asked: number[] = []
  const pauses: number[] = []
  const outcome = await download({
    flash,
    source: new BlockwisePackage(
      {
        fetch: (num, size) => {
          asked.push(num)
          const scripted =
            script.answer?.(asked.length, num, size) ?? (script.answer === undefined ? 'normal' : undefined)
          return Promise.resolve(scripted === 'normal' ? block(image, num, size) : scripted)
        },
      },
      script.blockSize ?? 256,
    ),
    pause: (wait) => {
      if (wait > 0) pauses.push(wait)
      return script.pause?.(wait) ?? Promise.resolve(true)
    },
    progress: () => undefined,
    interrupted: () => undefined,
  })
  return { outcome, asked, pauses, flash }
}

it('pulls the blocks in order and knows the size', async () => {
  const { outcome, asked, flash } = await run({})
  expect(outcome).toBe('complete')
  expect(asked).toEqual([0, 1, 2, 3])
  expect(flash.readStaged()).toEqual(image)
  expect(flash.record.source).toEqual({ etag: 'e1', size: 1000 })
})

it('takes an answer without a Block2 option for the whole', async () => {
  const whole: BlockReply = { code: '2.05', payload: image, block: undefined, etag: undefined, total: undefined }
  const { outcome, flash } = await run({ answer: () => whole })
  expect(outcome).toBe('complete')
  expect(flash.readStaged()).toEqual(image)
})

it('follows a server to smaller blocks', async () => {
  const { asked, flash } = await run({ answer: (_, num, size) => block(image, (num * size) / 64, 64) })
  expect(asked.slice(0, 4)).toEqual([0, 1, 2, 3])
  expect(flash.readStaged()).toEqual(image)
})

it('goes on from the last block when an answer stays away, waiting longer each time', async () => {
  const quiet = [3, 4, 5]
  const { outcome, asked, pauses, flash } = await run({ answer: (n) => (quiet.includes(n) ? undefined : 'normal') })
  expect(outcome).toBe('complete')
  expect(asked).toEqual([0, 1, 2, 2, 2, 2, 3])
  expect(pauses).toEqual([2000, 4000, 8000])
  expect(flash.readStaged()).toEqual(image)
})

it('takes a server error for a break, not for an end', async () => {
  const busy: BlockReply = {
    code: '5.03',
    payload: Buffer.alloc(0),
    block: undefined,
    etag: undefined,
    total: undefined,
  }
  const { outcome } = await run({ answer: (n) => (n === 2 ? busy : 'normal') })
  expect(outcome).toBe('complete')
})

it('reports a lost connection after too many breaks in a row', async () => {
  const { outcome, pauses } = await run({ answer: (n) => (n > 2 ? undefined : 'normal') })
  expect(outcome).toBe(4)
  expect(pauses).toHaveLength(6)
})

it('reports an invalid URI for 4.04', async () => {
  const missing: BlockReply = {
    code: '4.04',
    payload: Buffer.alloc(0),
    block: undefined,
    etag: undefined,
    total: undefined,
  }
  expect((await run({ answer: () => missing })).outcome).toBe(7)
})

it('reports too little flash as soon as the size is known', async () => {
  const { outcome, flash } = await run({
    answer: (_, num, size) => ({ ...block(image, num, size), total: slotSize + 1 }),
  })
  expect(outcome).toBe(2)
  expect(flash.stagedLength).toBe(0)
})

it('resumes at the first missing block with the same ETag', async () => {
  const flash = new MemoryFlash('1.0.0')
  flash.append(image.subarray(0, 512))
  flash.change({ source: { etag: 'e1', size: 1000 } })
  const { asked } = await run({ flash })
  expect(asked).toEqual([2, 3])
  expect(flash.readStaged()).toEqual(image)
})

it('resumes with smaller blocks where what is there is no multiple of its own', async () => {
  const flash = new MemoryFlash('1.0.0')
  flash.append(image.subarray(0, 576))
  flash.change({ source: { etag: 'e1', size: 1000 } })
  const { asked } = await run({ flash })
  expect(asked[0]).toBe(9) // 576 = 9 · 64
  expect(flash.readStaged()).toEqual(image)
})

it('begins anew when the ETag changed meanwhile, and when there was none', async () => {
  for (const etag of ['e0', undefined]) {
    const flash = new MemoryFlash('1.0.0')
    flash.append(Buffer.alloc(512))
    flash.change({ source: { etag, size: 1000 } })
    const { outcome } = await run({ flash })
    expect(outcome).toBe('complete')
    expect(flash.readStaged()).toEqual(image)
  }
})

it('does not follow a content that never holds still', async () => {
  const { outcome } = await run({ answer: (n, num, size) => block(image, num, size, `e${n}`) })
  expect(outcome).toBe(4)
})

it('stops where it is when called off', async () => {
  const { outcome, flash } = await run({ pause: () => Promise.resolve(false) })
  expect(outcome).toBe('given-up')
  expect(flash.stagedLength).toBe(256)
})

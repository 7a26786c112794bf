import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8, type Bytes } from '../../../src/base/bytes.ts'
import { silentLog } from '../../../src/base/log.ts'
import { openImageFiles } from '../../../src/storage/files/image-files.ts'
import { temporaryDirectory } from './fixtures.ts'

const cacheLimit = 4 * 65_536
const openFiles = (directory = temporaryDirectory()) => ({
  directory,
  files: openImageFiles({ directory, cacheLimit, log: silentLog }),
})

async function* chunksOf(...chunks: readonly Bytes[]): AsyncGenerator<Bytes> {
  for (const chunk of chunks) yield await Promise.resolve(chunk)
}

/** Octets that are all different enough to show a wrong offset. */
function octets(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) % 256)
}

const hashOf = (bytes: Bytes): string => createHash('sha256').update(bytes).digest('hex')

describe('an image', () => {
  test('is kept whole under its hash, and read from any octet', async () => {
    const { directory, files } = openFiles()
    const whole = octets(200_001)
    const added = await files.add(chunksOf(whole.subarray(0, 1), whole.subarray(1)), 1e6)
    expect(added).toEqual({ sha256: hashOf(whole), size: 200_001 })
    expect(readdirSync(directory)).toEqual([`${added.sha256}.bin`])
    for (const [offset, length] of [
      [0, 512],
      [65_024, 512],
      [65_536, 1024],
      [65_000, 1024],
      [0, 200_001],
      [199_680, 512],
      [199_999, 16],
    ] as const) {
      expect(files.read(added.sha256, offset, length)).toEqual(whole.slice(offset, offset + length))
    }
    expect(files.read(added.sha256, 200_001, 16)).toEqual(new Uint8Array(0))
    expect(await files.verify(added.sha256)).toEqual({ intact: true })
  })

  test('costs no file access while its windows are cached, and gives the same memory to everybody', async () => {
    const { directory, files } = openFiles()
    const { sha256 } = await files.add(chunksOf(octets(65_536)), 1e6)
    const first = files.read(sha256, 0, 512)
    rmSync(join(directory, `${sha256}.bin`))
    expect(files.read(sha256, 0, 512)?.buffer).toBe(first?.buffer)
    expect(files.read(sha256, 65_024, 512)).toEqual(octets(65_536).slice(65_024))
  })

  test('larger than the cache is still read right, and the cache stays within its limit', async () => {
    const { directory, files } = openFiles()
    const whole = octets(10 * 65_536)
    const { sha256 } = await files.add(chunksOf(whole), 1e6)
    for (let offset = 0; offset < whole.length; offset += 1024) {
      expect(files.read(sha256, offset, 1024)).toEqual(whole.slice(offset, offset + 1024))
    }
    rmSync(join(directory, `${sha256}.bin`))
    expect(files.read(sha256, 9 * 65_536, 512)).toBeDefined()
    expect(files.read(sha256, 0, 512)).toBeUndefined()
  })

  test('added twice is one file', async () => {
    const { directory, files } = openFiles()
    const [one, two] = await Promise.all([files.add(chunksOf(utf8('same')), 10), files.add(chunksOf(utf8('same')), 10)])
    expect(one).toEqual(two)
    expect(readdirSync(directory)).toHaveLength(1)
  })

  test('removed is gone, also from the cache, and can be added again', async () => {
    const { files } = openFiles()
    const { sha256 } = await files.add(chunksOf(utf8('image')), 10)
    expect(files.read(sha256, 0, 10)).toEqual(utf8('image'))
    await files.remove(sha256)
    await files.remove(sha256)
    expect(files.read(sha256, 0, 10)).toBeUndefined()
    expect(await files.verify(sha256)).toMatchObject({
      intact: false,
      detail: expect.stringContaining('opened') as string,
    })
    await files.add(chunksOf(utf8('image')), 10)
    expect(files.read(sha256, 0, 10)).toEqual(utf8('image'))
  })

  test('is not ready once its file is gone, though its octets are cached; and is again where it is put back', async () => {
    const { directory, files } = openFiles()
    const { sha256 } = await files.add(chunksOf(utf8('image')), 10)
    expect([files.read(sha256, 0, 5), await files.ready(sha256)]).toEqual([utf8('image'), true])
    const file = join(directory, `${sha256}.bin`)
    renameSync(file, `${file}.away`)
    expect(await files.ready(sha256)).toBe(false)
    renameSync(`${file}.away`, file)
    expect(await files.ready(sha256)).toBe(true)
    writeFileSync(file, utf8('ima'))
    expect(await files.ready(sha256)).toBe(false)
  })

  test.each([
    ['changed', (file: string) => writeFileSync(file, utf8('imaGe'))],
    ['cut short', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 3))],
    ['taken away', (file: string) => rmSync(file)],
  ])('%s on the disk is not served', async (_, damage) => {
    const { directory, files } = openFiles()
    const { sha256 } = await files.add(chunksOf(utf8('image')), 10)
    damage(join(directory, `${sha256}.bin`))
    expect(files.read(sha256, 0, 5)).toBeUndefined()
    expect((await files.verify(sha256)).intact).toBe(false)
    await files.add(chunksOf(utf8('image')), 10)
    expect(files.read(sha256, 0, 5)).toEqual(utf8('image'))
  })
})

describe('an image whose file', () => {
  const whole = octets(70_000)
  const sha256 = hashOf(whole)
  const kept = async () => {
    const { directory, files } = openFiles()
    await files.add(chunksOf(whole), 1e6)
    return { file: join(directory, `${sha256}.bin`), directory }
  }

  test.each<[string, (file: string) => void]>([
    ['is gone', (file) => rmSync(file)],
    ['is cut short', (file) => writeFileSync(file, whole.subarray(0, 512))],
    [
      'has another octet',
      (file) =>
        writeFileSync(
          file,
          Uint8Array.from(whole, (octet, i) => (i === 9 ? ~octet : octet)),
        ),
    ],
  ])('%s is not served, and is served again once it was put back', async (_what, harm) => {
    const { file, directory } = await kept()
    harm(file)
    const { files } = openFiles(directory)
    expect(files.read(sha256, 0, 16)).toBeUndefined()
    expect(await files.ready(sha256)).toBe(false)
    // As who restores it from a backup does.
    writeFileSync(`${file}.restored`, whole)
    renameSync(`${file}.restored`, file)
    expect(await files.ready(sha256)).toBe(true)
    expect(files.read(sha256, 512, 16)).toEqual(whole.slice(512, 528))
  })
})

describe('an upload', () => {
  test.each([
    ['beyond the limit', chunksOf(octets(600), octets(500)), { code: 'firmware.too-large', status: 413 }],
    ['of nothing', chunksOf(), { code: 'firmware.empty' }],
  ])('%s is refused and leaves nothing', async (_, chunks, error) => {
    const { directory, files } = openFiles()
    await expect(files.add(chunks, 1000)).rejects.toMatchObject(error)
    expect(readdirSync(directory)).toEqual([])
  })

  test('of exactly the limit is kept', async () => {
    const { files } = openFiles()
    expect(await files.add(chunksOf(octets(600), octets(400)), 1000)).toMatchObject({ size: 1000 })
  })

  test('that breaks off leaves nothing and says why', async () => {
    const { directory, files } = openFiles()
    async function* broken(): AsyncGenerator<Bytes> {
      yield* chunksOf(octets(10))
      throw new RangeError('the client went away')
    }
    await expect(files.add(broken(), 1000)).rejects.toThrow('the client went away')
    expect(readdirSync(directory)).toEqual([])
  })

  test('cut short by a crash is cleared when the server starts again', async () => {
    const { directory, files } = openFiles()
    const { sha256 } = await files.add(chunksOf(concatBytes(utf8('im'), utf8('age'))), 10)
    writeFileSync(join(directory, '4711-1.part'), 'half')
    const again = openFiles(directory).files
    expect(readdirSync(directory)).toEqual([`${sha256}.bin`])
    expect(again.read(sha256, 0, 5)).toEqual(utf8('image'))
  })

  test('into a directory that is none says so', async () => {
    const { directory } = openFiles()
    const file = join(directory, 'file')
    writeFileSync(file, '')
    expect(() => openImageFiles({ directory: file, cacheLimit, log: silentLog })).toThrow(
      expect.objectContaining({ code: 'firmware.files' }),
    )
    const gone = openFiles(join(directory, 'images'))
    rmSync(gone.directory, { recursive: true })
    await expect(gone.files.add(chunksOf(utf8('x')), 10)).rejects.toMatchObject({ code: 'firmware.files' })
  })
})

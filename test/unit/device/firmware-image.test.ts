/** Images and flash: what boots, what is refused, and what MCUboot's test, confirm and revert make of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../src/base/random.ts'
import { bootLoader, DirectoryFlash, MemoryFlash, type Flash } from '../../../src/device/firmware/flash.ts'
import { inspectImage, makeImage } from '../../../src/device/firmware/image.ts'
import { parsePackageUri } from '../../../src/device/firmware/package-uri.ts'

const random = new SeededRandom(7)

describe('an image', () => {
  it.each([
    ['1.1.0', '1.1.0'],
    ['2.13.65535+7', '2.13.65535+7'],
  ])('made for %s is an MCUboot image that says so', (version, read) => {
    const image = makeImage(version, 4096, random)!
    expect(image).toHaveLength(4096)
    expect(image.readUInt32LE(0)).toBe(0x96f3b83d)
    expect(inspectImage(image)).toEqual({ ok: true, version: read })
  })

  it.each(['1.1', '256.0.0', '1.0.65536', 'one'])('cannot be made for %s', (version) => {
    expect(makeImage(version, 4096, random)).toBeUndefined()
  })

  it('with one octet changed fails its integrity check', () => {
    const image = makeImage('1.1.0', 1024, random)!
    image[500]! ^= 1
    expect(inspectImage(image)).toMatchObject({ ok: false, result: 5 })
  })

  it('cut short fails its integrity check, wherever it is cut', () => {
    const image = makeImage('1.1.0', 256, random)!
    for (let length = 32; length < image.length; length++) {
      expect(inspectImage(image.subarray(0, length))).toMatchObject({ ok: false, result: 5 })
    }
  })

  it('may be a text with a version line', () => {
    expect(inspectImage(Buffer.from('# demo\nversion=1.2.3-rc.1\nrest'))).toEqual({ ok: true, version: '1.2.3-rc.1' })
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['random octets', Buffer.from(random.bytes(5000))],
    ['a version line too far down', Buffer.from(`${'x'.repeat(300)}\nversion=1.0.0\n`)],
  ])('that is %s is of no known type', (_, image) => {
    expect(inspectImage(image)).toMatchObject({ ok: false, result: 6 })
  })
})

describe('the boot loader', () => {
  const staged = (flash: Flash): Flash => {
    flash.append(Buffer.from('image'))
    flash.change({ staged: '1.1.0', swap: 'pending' })
    return flash
  }

  it('runs the confirmed image when nothing is pending', () => {
    expect(bootLoader(new MemoryFlash('1.0.0'))).toEqual({ version: '1.0.0', event: 'normal' })
  })

  it('tries a pending image once and goes back when it was not confirmed', () => {
    const flash = staged(new MemoryFlash('1.0.0'))
    expect(bootLoader(flash)).toEqual({ version: '1.1.0', event: 'testing' })
    expect(bootLoader(flash)).toEqual({ version: '1.0.0', event: 'reverted' })
    expect(flash.record.firmware).toEqual({ state: 0, result: 8, uri: '' })
    expect(flash.stagedLength).toBe(0)
    expect(bootLoader(flash)).toEqual({ version: '1.0.0', event: 'normal' })
  })

  it('keeps a confirmed image', () => {
    const flash = staged(new MemoryFlash('1.0.0'))
    bootLoader(flash)
    flash.change({ confirmed: '1.1.0', swap: 'none', staged: undefined })
    expect(bootLoader(flash)).toEqual({ version: '1.1.0', event: 'normal' })
  })
})

describe('flash in a directory', () => {
  const directory = mkdtempSync(join(tmpdir(), 'coapstan-flash-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  it('survives a restart with all it held', () => {
    const before = new DirectoryFlash(directory, '1.0.0')
    before.append(Buffer.from('first '))
    before.append(Buffer.from('second'))
    before.change({ source: { etag: 'ab', size: 12 }, swap: 'pending', staged: '1.1.0' })
    const after = new DirectoryFlash(directory, '9.9.9')
    expect(after.record).toEqual(before.record)
    expect(after.record.confirmed).toBe('1.0.0')
    expect(after.readStaged().toString()).toBe('first second')
    after.eraseStaged()
    expect(new DirectoryFlash(directory, '1.0.0').stagedLength).toBe(0)
  })

  it('drops the torn end of a block that a kill left behind, but only while it downloads', () => {
    const flash = new DirectoryFlash(directory, '1.0.0')
    flash.append(Buffer.alloc(37, 7))
    flash.change({ firmware: { state: 2, result: 0, uri: 'coap://x/y' } })
    expect(new DirectoryFlash(directory, '1.0.0').stagedLength).toBe(37)
    flash.change({ firmware: { state: 1, result: 0, uri: 'coap://x/y' } })
    expect(new DirectoryFlash(directory, '1.0.0').stagedLength).toBe(32)
    expect(new DirectoryFlash(directory, '1.0.0').readStaged()).toEqual(Buffer.alloc(32, 7))
  })
})

describe('a package URI', () => {
  it('is read as scheme, host, port and path', () => {
    expect(parsePackageUri('coap://[::1]:5700/fw/a%20b?v=1&x', ['coap'])).toEqual({
      ok: true,
      by: 'coap',
      coap: { secure: false, host: '[::1]', port: 5700, path: ['fw', 'a b'], queries: ['v=1', 'x'] },
    })
    expect(parsePackageUri('coap://h/f', ['coap'])).toMatchObject({ coap: { port: 5683 } })
    expect(parsePackageUri('coaps://h/f', ['coap', 'coaps'])).toMatchObject({ coap: { port: 5684, secure: true } })
    expect(parsePackageUri('https://h/f', ['https'])).toEqual({ ok: true, by: 'http', url: new URL('https://h/f') })
  })

  it.each([
    ['http://h/f', 9],
    ['coap+tcp://h/f', 9],
    ['coaps://h/f', 9],
    ['ftp://h/f', 7],
    ['coap://h', 7],
    ['coap:///f', 7],
    ['coap://h/%zz', 7],
    ['firmware.bin', 7],
    [`coap://h/${'f'.repeat(250)}`, 7],
  ])('%s ends with result %i', (uri, result) => {
    expect(parsePackageUri(uri, ['coap'])).toMatchObject({ ok: false, result })
  })
})

/** The operator's command that makes deltas: what it is given, and every way it can fail. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { DeltaMaker } from '../../../src/fleet/deltas/store.ts'
import { deltaMakerOf } from '../../../src/server/delta-maker.ts'
import { imageOf } from '../fleet/images/fixtures.ts'

const directory = mkdtempSync(join(tmpdir(), 'coapstan-test-'))
const [from, to] = [imageOf('1.0.0'), imageOf('1.1.0')]
for (const { sha256, version } of [from, to]) writeFileSync(join(directory, sha256), version)

let scripts = 0

function maker(script: string, more: { limit?: number; time?: number } = {}): DeltaMaker {
  const file = join(directory, `${++scripts}.cjs`)
  writeFileSync(file, `const fs = require('node:fs'); const [from, to, out] = process.argv.slice(2); ${script}`)
  return deltaMakerOf({
    settings: {
      'firmware.delta-command': `${process.execPath} ${file} {from} {to} {out}`,
      'firmware.delta-timeout': more.time ?? 60_000,
      'firmware.image-limit': more.limit ?? 1000,
    },
    files: {
      localPath: async (sha256) =>
        sha256 === to.sha256 || sha256 === from.sha256 ? join(directory, sha256) : undefined,
    },
  })
}

async function made(of: DeltaMaker, source = from): Promise<string> {
  return of.make(source, to, async (octets) => {
    let text = ''
    for await (const chunk of octets) text += Buffer.from(chunk).toString()
    return text
  })
}

describe('the command', () => {
  it('is given both files, and what it writes is kept', async () => {
    const script = `fs.writeFileSync(out, fs.readFileSync(from, 'utf8') + '>' + fs.readFileSync(to, 'utf8'))`
    expect(await made(maker(script))).toBe('1.0.0>1.1.0')
  })

  it.each<[string, string, { limit?: number; time?: number }, RegExp, string]>([
    ['fails', `console.error('no memory'); process.exit(3)`, {}, /ended with 3: no memory/, 'delta.command'],
    ['writes nothing', '', {}, /wrote nothing/, 'delta.command'],
    ['takes too long', `setTimeout(() => {}, 60000)`, { time: 300 }, /longer than 300 ms/, 'delta.timeout'],
    [
      'writes too much',
      `fs.writeFileSync(out, 'x'.repeat(2000)); setTimeout(() => {}, 60000)`,
      { limit: 1000 },
      /more than 1000 octets/,
      'delta.command',
    ],
  ])('that %s is told', async (_what, script, more, message, code) => {
    await expect(made(maker(script, more))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })

  it('is not run where an image is gone', async () => {
    await expect(made(maker(''), imageOf('0.9.0'))).rejects.toThrow(/gone or damaged/)
  })

  it('needs a place for each file', () => {
    const settings = {
      'firmware.delta-command': 'bsdiff {from} {to}',
      'firmware.delta-timeout': 1,
      'firmware.image-limit': 1,
    }
    expect(() => deltaMakerOf({ settings, files: { localPath: async () => undefined } })).toThrow(/no \{out\}/)
    const none = deltaMakerOf({
      settings: { ...settings, 'firmware.delta-command': '' },
      files: { localPath: async () => undefined },
    })
    expect(none.command).toBeUndefined()
  })
})

/** `coapstan firmware`: images, and watching an update to its end. */
import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { instantOf } from '../../../src/base/time.ts'
import type { FirmwareUpdate } from '../../../src/fleet/firmware/types.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  cli.fleet.addDevice('dev')
  cli.files.set('app.bin', 'x'.repeat(12_345))
})

const add = ['firmware', 'add', 'app.bin', '--version', '1.1.0', '--product', 'demo']

describe('images', () => {
  it('adds a file, and its version is not the program’s', async () => {
    const { code, out } = await cli.run(...add, '--notes', 'first')
    expect(code).toBe(0)
    expect(out).toMatch(/^demo 1\.1\.0 is added: 12\.3 kB, key [0-9a-f]{12}\n$/)
    expect(cli.fleet.kept).toMatchObject([{ version: '1.1.0', product: 'demo', notes: 'first', size: 12_345 }])
  })

  it.each<[string[], string]>([
    [['firmware', 'add', 'nowhere.bin', '--version', '1', '--product', 'p'], 'there is no file nowhere.bin'],
    [
      ['firmware', 'add', 'app.bin', '--product', 'p', '--notes', 'n', '--notes-file', 'f'],
      'give the notes as --notes or as --notes-file, not both',
    ],
    [['firmware', 'add', 'app.bin', '--product', 'p', '--notes-file', 'f'], 'there is no file f'],
    [['firmware', 'add', 'app.bin', '--product', 'p', '--security-counter', 'x'], '--security-counter'],
    [['firmware', 'notes', '1.1.0'], 'give the notes as a text or as --file'],
    [['firmware', 'add', 'app.bin', '--version', '1'], "required option '--product <product>' not specified"],
  ])('%j is a usage error', async (argv, sentence) => {
    const { code, err } = await cli.run(...argv)
    expect(code).toBe(2)
    expect(err).toContain(`coapstan: ${sentence}`)
  })

  it('lists, shows, verifies and removes', async () => {
    await cli.run(...add)
    const key = cli.fleet.kept[0]!.key
    expect((await cli.run('firmware', 'list')).out).toBe(
      `KEY           PRODUCT  VERSION     SIZE  SIGNATURE  ADDED  NOTES\n${key}  demo     1.1.0    12.3 kB             now\n`,
    )
    expect((await cli.run('firmware', 'show', '1.1.0')).out).toContain('Size     12345 B\n')
    expect((await cli.run('firmware', 'verify', '1.1.0')).out).toContain('demo 1.1.0 is intact')
    expect(await cli.run('firmware', 'remove', '1.1.0')).toMatchObject({ code: 0, out: '1.1.0 is removed\n' })
    expect(await cli.run('firmware', 'show', '1.1.0')).toMatchObject({ code: 1, out: '' })
    expect((await cli.run('firmware', 'list')).err).toContain('firmware add')
  })

  it('says all that is known of a file, its hash too', async () => {
    const added = vi.spyOn(cli.fleet.images, 'add')
    cli.files.set('CHANGES.md', `much is new\n${'x'.repeat(3000)}\n`)
    const bounds = ['--from', '>=1.0.0', '--hardware', 'B', '--hardware', 'C', '--security-counter', '4']
    expect(await cli.run(...add, ...bounds, '--notes-file', 'CHANGES.md')).toMatchObject({ code: 0 })
    const { sha256 } = cli.fleet.kept[0]!
    expect(added.mock.lastCall?.[2]).toBe(sha256)
    const { out } = await cli.run('firmware', 'show', '1.1.0')
    expect(out).toMatch(/Counter +4\nGoes over +>=1\.0\.0\nHardware +B, C\n/)
    expect(cli.fleet.kept[0]?.notes).toMatch(/^much is new\nx{3000}$/)
    expect(await cli.run('firmware', 'notes', '1.1.0', '')).toMatchObject({ out: 'demo 1.1.0 has its notes\n' })
  })

  it('keeps the deltas between them', async () => {
    await cli.run(...add)
    cli.files.set('app2.bin', 'y'.repeat(20_000))
    cli.files.set('patch', 'z'.repeat(1200))
    await cli.run('firmware', 'add', 'app2.bin', '--version', '1.2.0', '--product', 'demo')
    expect((await cli.run('firmware', 'delta', 'list')).err).toContain('firmware delta add')
    const pair = ['--from', '1.1.0', '--to', '1.2.0']
    const [from, to] = cli.fleet.kept.map(({ key }) => key)
    const { out } = await cli.run('firmware', 'delta', 'add', 'patch', ...pair)
    expect(out).toMatch(new RegExp(`^delta [0-9a-f]{12} from ${from} to ${to}, 1\\.2 kB, is added\n$`))
    const key = out.split(' ')[1]!
    expect((await cli.run('firmware', 'delta', 'make', ...pair)).out).toContain(`delta ${key} `)
    expect((await cli.run('firmware', 'delta', 'list', '--to', '1.2.0')).out).toMatch(/1\.2 kB +now +uploaded$/m)
    expect((await cli.run('firmware', 'delta', 'remove', key)).out).toBe(`${key} is removed\n`)
  })

  it('keeps the keys they are signed with', async () => {
    const pem = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' })
    cli.files.set('release.pub', String(pem))
    expect((await cli.run('firmware', 'keys', 'list')).err).toContain('firmware keys add')
    const { out } = await cli.run('firmware', 'keys', 'add', 'release', 'release.pub', '--product', 'demo')
    expect(out).toMatch(/^release is registered: ed25519, fingerprint [0-9a-f]{16}\n$/)
    expect((await cli.run('firmware', 'keys', 'list')).out).toMatch(/^release +ed25519 +demo +[0-9a-f]{16} +now$/m)
    expect(await cli.run('firmware', 'keys', 'add', 'other', 'nowhere.pub')).toMatchObject({ code: 2 })
    expect(await cli.run('firmware', 'keys', 'remove', 'release')).toMatchObject({ out: 'release is removed\n' })
  })

  it('fails where the stored file is damaged', async () => {
    await cli.run(...add)
    const [image] = cli.fleet.kept
    cli.fleet.images.verify = async () => ({ image: image!, intact: false, detail: 'its hash is another' })
    expect(await cli.run('firmware', 'verify', '1.1.0')).toMatchObject({
      code: 1,
      err: 'coapstan: 1.1.0 is damaged: its hash is another\n',
    })
  })
})

describe('updates', () => {
  beforeEach(() => cli.run(...add))

  /** The states the device goes through, one at each look. */
  function plays(...states: Partial<FirmwareUpdate>[]): void {
    const read = cli.fleet.firmware.update.bind(cli.fleet.firmware)
    cli.fleet.firmware.update = (id) => {
      Object.assign(cli.fleet.started[0]!, states.shift())
      return read(id)
    }
  }

  const download: Partial<FirmwareUpdate>[] = [
    { state: 'offered' },
    { state: 'downloading', fetched: 1024, blockSize: 512 },
    { state: 'downloading', fetched: 1200, blockSize: 512 },
    { state: 'downloading', fetched: 5400, blockSize: 512, resumes: 1 },
    { state: 'updating', fetched: 12_345 },
  ]

  it('are begun and left to themselves', async () => {
    expect(await cli.run('firmware', 'update', 'dev', '1.1.0')).toEqual({
      code: 0,
      out: 'update 1 of dev to 1.1.0 is begun\n',
      err: 'see how it goes: coapstan firmware status dev\n',
    })
  })

  it('are watched in plain lines where there is no terminal', async () => {
    plays(...download, { state: 'confirmed', finishedAt: cli.fleet.now })
    expect(await cli.run('firmware', 'update', 'dev', '1.1.0', '--watch')).toEqual({
      code: 0,
      out: '1.1.0 confirmed\n',
      err: `Waiting for the device
Offered 1.1.0
Downloading 8 % (512 B blocks, no resume)
Downloading 43 % (512 B blocks, 1 resume)
Downloaded 12.3 kB (512 B blocks, 1 resume)
Updating (the device installs and restarts)
`,
    })
  })

  it('are watched over every hop to the end of their way', async () => {
    const leg = { sha256: 'a'.repeat(64), product: 'demo', version: '1.1.0', size: 12_345 }
    const journey = { goal: '1.2.0', hops: 2, leg, onward: [] }
    const [onward] = [{ ...leg, version: '1.2.0' }]
    plays(
      {
        journey: { ...journey, hop: 1, onward: [onward] },
        options: { delta: { sha256: leg.sha256, size: 9 } },
        size: 9,
      },
      { state: 'confirmed', finishedAt: cli.fleet.now },
    )
    const update = cli.fleet.firmware.update.bind(cli.fleet.firmware)
    cli.fleet.firmware.update = (id) => {
      const read = update(id)
      if (read.finishedAt === undefined || cli.fleet.started.length > 1) return read
      const { finishedAt: _, options: __, ...before } = read
      const next = { ...before, id: 2, version: '1.2.0', size: 12_345, fetched: 12_345 }
      cli.fleet.started.push({
        ...next,
        state: 'confirmed',
        finishedAt: cli.fleet.now,
        journey: { ...journey, hop: 2, follows: 1 },
      })
      return read
    }
    expect(await cli.run('firmware', 'update', 'dev', '1.1.0', '--watch')).toEqual({
      code: 0,
      out: '1.2.0 confirmed\n',
      err: `Waiting for the device
Hop 1 of 2, to 1.1.0: a delta, 9 B
Downloaded 9 B
1.1.0 confirmed
Hop 2 of 2, to 1.2.0: the whole image, 12.3 kB
Downloaded 12.3 kB
1.2.0 confirmed
`,
    })
  })

  it('are watched with a bar on a terminal', async () => {
    cli.terminal = { columns: 80 }
    plays(...download, { state: 'confirmed', finishedAt: cli.fleet.now })
    const { err } = await cli.run('firmware', 'update', 'dev', '1.1.0', '--watch')
    expect(err).toContain('Downloading 43 % ▕██████████▍             ▏ 512 B blocks, 1 resume')
    expect(err).toContain('Downloaded 12.3 kB (512 B blocks, 1 resume)\n')
    expect(err.endsWith('\r\u001b[2K')).toBe(true)
  })

  it('tell of a setback, of the version seen, and how it was pushed', async () => {
    plays(
      { state: 'downloading', fetched: 1024, blockSize: 256, delivery: 'push' },
      {
        state: 'pending',
        attempts: 1,
        reason: 'the push broke off',
        dueAt: instantOf(Date.UTC(2026, 0, 1, 12, 30)),
      },
      { state: 'downloading', fetched: 5400, resumes: 1 },
      { state: 'proving', fetched: 12_345, provingSince: cli.fleet.now },
      { state: 'confirmed', finishedAt: cli.fleet.now },
    )
    const { code, err } = await cli.run('firmware', 'update', 'dev', '1.1.0', '--push', '--watch')
    expect(code).toBe(0)
    expect(err).toBe(`Waiting for the device
Downloading 8 % (pushed in 256 B blocks, no resume)
The push broke off; offered again at 12:30:00 UTC
Waiting for the device
Downloading 43 % (pushed in 256 B blocks, 1 resume)
Downloaded 12.3 kB (pushed in 256 B blocks, 1 resume)
1.1.0 was seen
Proving 1.1.0 (confirmed at the end of its health window)
`)
  })

  it.each([
    ['uri', 'can the device reach that address? coap.public-uri'],
    ['protocol', '--push writes the image to it instead'],
    ['connection-lost', 'try again: coapstan firmware update dev <image>'],
  ] as const)('that fail with %s come with what to do', async (failure, advice) => {
    plays({ state: 'failed', failure, reason: 'so it is', finishedAt: cli.fleet.now })
    expect((await cli.run('firmware', 'update', 'dev', '1.1.0', '--watch')).err).toContain(advice)
  })

  it('end with 1 and the reason where they fail', async () => {
    plays(
      { state: 'downloading' },
      { state: 'failed', reason: 'not enough flash', fromVersion: '1.0.0', finishedAt: cli.fleet.now },
    )
    const { code, out, err } = await cli.run('firmware', 'update', 'dev', '1.1.0', '--watch')
    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`coapstan: the update of dev to 1.1.0 failed: not enough flash
  the device ran 1.0.0 before
  what happened: coapstan events --endpoint dev
`)
  })

  it('are still watched after the server was away', async () => {
    const watching = cli.begin('firmware', 'update', 'dev', '1.1.0', '--watch')
    await vi.waitFor(() => expect(watching.err()).toContain('Waiting'))
    cli.serverIsDown = true
    await vi.waitFor(() => expect(watching.err()).toContain('No server answers; trying again'))
    cli.serverIsDown = false
    plays({ state: 'confirmed', finishedAt: cli.fleet.now })
    expect(await watching.ran).toMatchObject({ code: 0, out: '1.1.0 confirmed\n' })
  })

  it('go on when Ctrl-C ends the watching', async () => {
    const watching = cli.begin('firmware', 'update', 'dev', '1.1.0', '--watch')
    await vi.waitFor(() => expect(watching.err()).toContain('Waiting'))
    cli.interrupt()
    const { code, err } = await watching.ran
    expect(code).toBe(130)
    expect(err).toContain('the update goes on; see how: coapstan firmware status dev --watch')
  })

  it('are listed, shown and cancelled', async () => {
    await cli.run('firmware', 'update', 'dev', '1.1.0')
    Object.assign(cli.fleet.started[0]!, { state: 'downloading', fetched: 6000, blockSize: 256 })
    expect((await cli.run('firmware', 'status')).out).toBe(
      `ID  ENDPOINT  VERSION  STATE        FETCHED  BEGUN  REASON\n 1  dev       1.1.0    downloading     48 %  now\n`,
    )
    expect((await cli.run('firmware', 'status', 'dev')).out).toContain(
      'Fetched   48 % of 12.3 kB, 256 B blocks, no resume\n',
    )
    expect(await cli.run('firmware', 'cancel', 'dev')).toMatchObject({ code: 0, out: 'update 1 of dev is cancelled\n' })
    expect(await cli.run('firmware', 'status', '--watch')).toMatchObject({ code: 2 })
  })
})

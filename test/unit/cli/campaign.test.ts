/** `coapstan campaign`: definitions by flags and file, the plan, what is shown, and exit codes. */
import { beforeEach, describe, expect, it } from 'vitest'
import { markdownOf } from '../../../src/cli/campaign/markdown.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
  for (const id of [1, 2, 3]) cli.fleet.addDevice(`dev-${id}`, { product: 'demo' })
  cli.files.set('app.bin', 'x'.repeat(12_345))
  await cli.run('firmware', 'add', 'app.bin', '--version', '1.1.0', '--product', 'demo')
})

const define = ['--image', '1.1.0', '--stages', '1,50%,100%', '--soak', '4h']

describe('a definition', () => {
  it('by flags is what the same by file is, and flags change the file', async () => {
    cli.files.set(
      'c.yaml',
      'name: c\nimage: 1.1.0\nstages:\n  - { count: 1, soak: 4h }\n  - { percent: 50, soak: 4h }\n  - { percent: 100 }\nlimits: { parallel: 7 }\n',
    )
    expect(await cli.run('campaign', 'create', 'a', ...define, '--parallel', '7')).toMatchObject({ code: 0 })
    expect(await cli.run('campaign', 'create', '--file', 'c.yaml')).toMatchObject({ code: 0 })
    expect(await cli.run('campaign', 'create', 'd', '--file', 'c.yaml', '--parallel', '8')).toMatchObject({ code: 0 })
    const [d, c, a] = cli.fleet.inCampaigns.store.campaigns(undefined, 10)
    expect(c!.definition).toEqual(a!.definition)
    expect(d!.definition.limits.parallel).toBe(8)
  })

  it.each<[string[], string]>([
    [['x'], 'a campaign wants an image'],
    [['--image', '1.1.0'], 'a campaign wants a name'],
    [['x', '--file', 'nowhere.yaml'], 'there is no file nowhere.yaml'],
    [['x', '--image', '1.1.0', '--stages', 'ten'], "'ten' is neither a number of devices nor a percentage"],
    [
      ['x', '--image', '1.1.0', '--stages', '1,100%', '--soak', '4x'],
      'stages.0.soak must be a duration like 90s, 4h or 14d',
    ],
    [['x', '--image', '1.1.0', '--soak', '1h'], '--soak wants --stages'],
    [['x', '--image', '1.1.0', '--window', 'night'], "--window 'night' is no time of day"],
    [['x', '--image', '1.1.0', '--stages', '10,5'], 'stages[1]: shares rise from stage to stage'],
    [['x', '--image', '1.1.0', '--window', '22:00-04:00', '--zone', 'Mars'], "window.zone: 'Mars' is no time zone"],
    [['x y', '--image', '1.1.0'], 'name'],
  ])('%j is a usage error', async (argv, sentence) => {
    const { code, err } = await cli.run('campaign', 'create', ...argv)
    expect(code).toBe(2)
    expect(err).toContain(sentence)
  })
})

it('plans in plain text, and keeps nothing of it', async () => {
  cli.fleet.addDevice('dev-4', { product: 'demo', status: 'retired' })
  const { code, out } = await cli.run('campaign', 'plan', 'spring', ...define)
  expect(code).toBe(0)
  expect(out).toContain('spring would bring demo 1.1.0 (12345 octets) to 3 devices of 4 found.\n')
  expect(out).toContain('Not: 1 because each retired, such as dev-4.\n')
  expect(out).toContain('Stage 1 (up to 1 device): 1 device in about ')
  expect((await cli.run('campaign', 'list')).err).toContain('no campaigns')
})

it.each<[string, string[], Record<string, string>, string]>([
  ['a gate that waits for more devices than there are', [], {}, 'the failure gate cannot fire: it waits for 20'],
  ['a deadline that comes too soon', ['--stop-after', '2', '--deadline', '6h'], {}, 'its deadline comes after 6h'],
  [
    'a window that never opens',
    ['--stop-after', '2', '--deadline', '12h', '--window', '02:00-03:00'],
    {},
    'the window does not open before the deadline',
  ],
  ['what is newer', ['--stop-after', '2'], { 'dev-1': '2.0.0' }, '1 device runs a newer version than the image'],
  [
    'who could not be taken back',
    ['--stop-after', '2', '--on-breach', 'rollback'],
    { 'dev-1': '1.1.0', 'dev-2': '0.9.0', 'dev-3': '0.8.0' },
    '2 devices could not be taken back at a breach: there is no image of what they run',
  ],
])('minds %s', async (_what, flags, versions, warning) => {
  for (const [name, version] of Object.entries(versions)) {
    cli.fleet.known.get(name)!.learned = { vitals: { version } }
  }
  const { err } = await cli.run('campaign', 'plan', 'spring', ...define, ...flags)
  expect(err.split('\n').filter((line) => line.startsWith('mind: '))).toContainEqual(expect.stringContaining(warning))
})

it('refuses a way back that leads nowhere before it is needed', async () => {
  const same = await cli.run('campaign', 'create', 'spring', ...define, '--rollback-to', '1.1.0')
  expect([same.code, same.err]).toEqual([
    2,
    expect.stringContaining('rollbackTo: no way leads from 1.1.0 back to 1.1.0: it is what the campaign installs'),
  ])
  cli.files.set('old.bin', 'o'.repeat(2000))
  await cli.run('firmware', 'add', 'old.bin', '--version', '1.0.0', '--product', 'demo', '--from', '<1.0.0')
  const other = await cli.run('campaign', 'create', 'spring', ...define, '--rollback-to', '1.0.0')
  expect(other.err).toContain('demo 1.0.0 goes over <1.0.0, not over 1.1.0')
})

it('names endpoints that nobody knows, and says how many go which way', async () => {
  const ghosts = ['--endpoint', 'dev-1', '--endpoint', 'dev-2', '--endpoint', 'dev-9']
  const mind = 'mind: 1 endpoint of the selection is known to nobody and left out: dev-9\n'
  cli.files.set('next.bin', 'y'.repeat(20_000))
  await cli.run('firmware', 'add', 'next.bin', '--version', '1.2.0', '--product', 'demo', '--from', '>=1.1.0')
  cli.fleet.known.get('dev-1')!.learned = { vitals: { version: '1.0.0' } }
  cli.fleet.known.get('dev-2')!.learned = { vitals: { version: '1.1.0' } }
  const { out, err } = await cli.run('campaign', 'plan', 'spring', '--image', '1.2.0', ...ghosts)
  expect(err).toContain(mind)
  expect(out).toContain(
    '1 device over 1.1.0 (whole) to 1.2.0 (whole): 32345 octets each.\n1 device whole: 20000 octets',
  )
  expect(out).toContain('Handed over altogether: 52345 octets.\n')
  expect((await cli.run('campaign', 'create', 'spring', '--image', '1.2.0', ...ghosts)).err).toContain(mind)
})

it('is started, shown, paused, reported and aborted', async () => {
  await cli.run('campaign', 'create', 'spring', ...define, '--by', 'anna', '--why', 'the clock')
  expect((await cli.run('campaign', 'start', 'spring')).out).toBe('campaign spring is started\n')
  expect(await cli.run('campaign', 'create', 'spring', ...define)).toMatchObject({ code: 1 })
  expect((await cli.run('campaign', 'list')).out).toMatch(/spring\s+selecting\s+demo 1\.1\.0\s+1\/3/)
  expect((await cli.run('campaign', 'pause', 'spring')).out).toBe('campaign spring is paused\n')
  expect(await cli.run('campaign', 'watch', 'spring')).toMatchObject({ code: 1 })
  expect((await cli.run('campaign', 'show', 'spring')).out).toContain('next: coapstan campaign resume spring\n')
  const report = await cli.run('campaign', 'report', 'spring', '--svg', 'spring.svg')
  expect(report.code).toBe(1)
  expect(report.out).toMatch(/^# Campaign spring: unfinished\n/)
  expect(report.out).toContain('| created | anna | the clock |')
  expect(cli.files.get('spring.svg')).toMatch(/^<svg /)
  expect(await cli.run('campaign', 'abort', 'spring')).toMatchObject({ code: 0 })
  cli.fleet.inCampaigns.turn()
  expect(JSON.parse((await cli.run('campaign', 'show', 'spring', '-o', 'json')).out)).toMatchObject({
    state: 'aborted',
  })
})

describe('a campaign that is for nobody', () => {
  it.each<[string, string[], string]>([
    ['of a product no device is of', ['--image', '7.0.0'], 'no device has what it selects'],
    [
      'of devices that are not there',
      [...define, '--endpoint', 'dev-9'],
      '1 endpoint of the selection is known to nobody',
    ],
    [
      'of devices that are too old',
      ['--image', '1.2.0'],
      'of 3 devices found none fits: 3 because each runs a version',
    ],
  ])('%s does not start, unless it is forced; then it has not passed', async (_what, definition, why) => {
    cli.files.set('v.bin', 'v'.repeat(2000))
    await cli.run('firmware', 'add', 'v.bin', '--version', '7.0.0', '--product', 'valve')
    cli.files.set('n.bin', 'n'.repeat(2000))
    await cli.run('firmware', 'add', 'n.bin', '--version', '1.2.0', '--product', 'demo', '--from', '1.0.0')
    for (const id of [1, 2, 3]) cli.fleet.known.get(`dev-${id}`)!.learned = { vitals: { version: '0.9.0' } }
    const { code, err } = await cli.run('campaign', 'create', 'spring', ...definition, '--start')
    expect([code, err]).toEqual([1, expect.stringContaining(`campaign spring is for nobody: ${why}`)])
    expect(await cli.run('campaign', 'start', 'spring', '--force')).toMatchObject({ code: 0 })
    cli.fleet.inCampaigns.turn()
    expect(await cli.run('campaign', 'watch', 'spring')).toMatchObject({ code: 1 })
    const report = await cli.run('campaign', 'report', 'spring')
    expect(report.code).toBe(1)
    expect(report.out).toContain('It has not passed: no device was attempted, and none is known to run')
  })

  it('as all run its image already starts, and has passed', async () => {
    for (const id of [1, 2, 3]) cli.fleet.known.get(`dev-${id}`)!.learned = { vitals: { version: '1.1.0' } }
    expect(await cli.run('campaign', 'create', 'spring', ...define, '--start')).toMatchObject({ code: 0 })
  })

  it('now and lets devices join later starts', async () => {
    const later = ['--image', '7.0.0', '--late-joiners', '--deadline', '1d']
    cli.files.set('v.bin', 'v'.repeat(2000))
    await cli.run('firmware', 'add', 'v.bin', '--version', '7.0.0', '--product', 'valve')
    expect(await cli.run('campaign', 'create', 'spring', ...later, '--start')).toMatchObject({ code: 0 })
  })
})

it('whose image is gone does not start unless it is forced, and says what to do', async () => {
  cli.fleet.isLost = true
  const { code, err } = await cli.run('campaign', 'create', 'spring', ...define, '--start')
  expect([code, err]).toEqual([1, expect.stringContaining('the octets of demo 1.1.0 are gone or damaged')])
  expect(err).toContain('coapstan firmware verify demo@1.1.0')
  expect(await cli.run('campaign', 'start', 'spring', '--force')).toMatchObject({ code: 0 })
})

it('makes no markup of what devices wrote', async () => {
  await cli.run('campaign', 'create', 'spring', ...define)
  const { out } = await cli.run('campaign', 'report', 'spring', '-o', 'json')
  const report = JSON.parse(out) as Parameters<typeof markdownOf>[0]
  const text = markdownOf({
    ...report,
    failures: [
      {
        deviceId: 1,
        endpoint: 'a|b',
        state: 'failed',
        attempts: 1,
        touched: true,
        bytes: 0,
        resumes: 0,
        enrolledAt: report.timeline.from,
        detail: '<b>x</b>\n# y',
      },
    ],
  })
  expect(text).toContain('| a\\|b |')
  expect(text).toContain('\\<b\\>x\\</b\\> # y')
})

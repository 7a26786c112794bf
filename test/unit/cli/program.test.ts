/** What holds for every command: help with an example, exit codes, addresses, tokens, and plain failure. */
import type { Command } from 'commander'
import { beforeEach, describe, expect, it } from 'vitest'
import { program } from '../../../src/cli/program.ts'
import { cliUnderTest, type CliUnderTest } from './cli-under-test.ts'

let cli: CliUnderTest
beforeEach(async () => {
  cli = await cliUnderTest()
})

const frame = { surroundings: { out: {}, err: {}, environment: {} } as never, exitCode: 0 }

function pathsOf(command: Command, path: readonly string[] = []): string[][] {
  return [[...path], ...command.commands.flatMap((inner) => pathsOf(inner, [...path, inner.name()]))]
}
const everyCommand = pathsOf(program(frame))

describe('help', () => {
  it.each(everyCommand)('coapstan %s %s says what it does, with an example and the global options', async (...path) => {
    const { code, out, err } = await cli.run(...path, '--help')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(new RegExp(`Examples?:\\n  (source <\\()?coapstan .*${path[0] ?? ''}`))
    expect(out).toContain('--server <url>')
    expect(out).toMatch(/^Usage: coapstan .*\n\n\S/)
  })

  it.each([
    ['devices', '--status <status>'],
    ['operations', '--follow'],
    ['observe', '--attributes'],
  ])('coapstan %s names %s, which it takes without a further command', async (group, option) => {
    expect((await cli.run(group, '--help')).out).toMatch(new RegExp(`Options:\\n[^]*${option}[^]*Global Options:`))
  })

  it('is what a bare `coapstan` gets, as a usage error', async () => {
    const { code, out, err } = await cli.run()
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Ask devices:')
  })

  it.each([['--version'], ['-V'], ['version']])('%s is the version', async (word) => {
    expect(await cli.run(word)).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })
})

describe('usage errors', () => {
  it.each<[string[], string]>([
    [['devcies'], "coapstan: unknown command 'devcies'\n  did you mean devices?\n  --help says"],
    [['read', 'dev'], "coapstan: missing required argument 'path'\n  --help says how it goes"],
    [['read', 'dev', '/3', '/4'], 'coapstan: too many arguments'],
    [['devices', '--json'], "coapstan: unknown option '--json'\n  did you mean -o json?\n  --help says"],
    [['help', 'devcies'], "coapstan: unknown command 'devcies'\n  did you mean devices?"],
    [['devices', 'shwo'], "coapstan: there is no command 'devices shwo'\n  did you mean devices show?"],
    [['devices', 'frobnicate', 'x'], "coapstan: there is no command 'devices frobnicate'\n  there are list, show"],
    [['devices', '--stauts', 'x'], "coapstan: unknown option '--stauts'"],
    [['devices', '-o', 'xml'], "coapstan: there is no output format 'xml'\n  there are table, json, yaml, csv, name"],
    [['devices', '--timeout', 'soon'], "coapstan: --timeout 'soon' is no duration"],
    [['devices', '--timeout', '5'], "coapstan: --timeout '5' has no unit\n  for example 500ms, 30s"],
    [['devices', '--status', 'awke'], 'coapstan: --status must be one of never-seen, awake'],
    [['events', '--kind', 'x'], 'coapstan: --kind must be one of device.created'],
    [['objects', 'show', '99999'], 'coapstan: id must be <= 65534'],
    [['devices', '--limit', 'x'], "coapstan: --limit 'x' is no whole number"],
    [['devices', '--server', 'ftp://x'], "coapstan: 'ftp://x' is no server address"],
    [['completion', 'tcsh'], "coapstan: 'tcsh' is no shell known here"],
    [['--server', 'x', 'serve'], 'coapstan: `serve` has to be the first word'],
    [['config', 'http.prot'], "coapstan: there is no knob 'http.prot'"],
    [['device'], "coapstan: required option '--endpoint <name>' not specified"],
    [['device', '--endpoint', 'e', '--personality', 'lora'], 'coapstan: --personality is one of'],
    [['device', '--endpoint', 'e', '--psk', 'x'], 'coapstan: --psk is not identity:hexkey'],
    [['device', '--endpoint', 'e', '--faulty-image', 'x'], "coapstan: --faulty-image 'x' is neither"],
  ])('%j', async (argv, sentence) => {
    const { code, out, err } = await cli.run(...argv)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(sentence)
  })
})

describe('the server', () => {
  it('that does not run: says how to start it', async () => {
    cli.serverIsDown = true
    expect(await cli.run('devices')).toEqual({
      code: 1,
      out: '',
      err: `coapstan: no server answers at http://127.0.0.1:8080
  start it with \`npx coapstan serve\` (in a checkout also \`npm start\`)
  or say where it is with --server or COAPSTAN_SERVER
`,
    })
  })

  it.each<[string[], Record<string, string>, string]>([
    [[], {}, 'http://127.0.0.1:8080'],
    [[], { COAPSTAN_HTTP_PORT: '9000', COAPSTAN_HTTP_HOST: '::1' }, 'http://[::1]:9000'],
    [[], { COAPSTAN_SERVER: 'https://iot.example.net/' }, 'https://iot.example.net'],
    [['--server', 'iot.example.net:81'], { COAPSTAN_SERVER: 'https://other' }, 'http://iot.example.net:81'],
  ])('is where %j and %j say', async (flags, environment, url) => {
    Object.assign(cli.environment, environment)
    cli.serverIsDown = true
    expect((await cli.run('status', ...flags)).err).toContain(`no server answers at ${url}\n`)
  })

  it('that is none of ours: says so', async () => {
    cli.api.app.addHook = undefined as never
    const { code, err } = await cli.run('devices', '--server', 'http://127.0.0.1:1/elsewhere')
    expect(code).toBe(1)
    expect(err).toContain('there is nothing at /elsewhere/v1/devices')
  })
})

describe('the token', () => {
  beforeEach(() => {
    cli.files.set('data/api-token', `${cli.environment['COAPSTAN_TOKEN']}\n`)
    cli.files.set('elsewhere/api-token', `${cli.environment['COAPSTAN_TOKEN']}\n`)
    delete cli.environment['COAPSTAN_TOKEN']
  })

  it('is found in ./data, or where COAPSTAN_DATA_DIRECTORY says', async () => {
    expect((await cli.run('status')).code).toBe(0)
    cli.files.delete('data/api-token')
    cli.environment['COAPSTAN_DATA_DIRECTORY'] = 'elsewhere'
    expect((await cli.run('status')).code).toBe(0)
  })

  it('that is missing: says where it was looked for', async () => {
    cli.files.clear()
    const { code, err } = await cli.run('status')
    expect(code).toBe(1)
    expect(err).toContain('wants a token, and none was found\n  looked for it in data/api-token\n')
  })

  it('that this user may not read: says who may', async () => {
    cli.unreadable = 'data/api-token'
    expect(await cli.run('status')).toMatchObject({
      code: 1,
      err: `coapstan: this user cannot read the token of the server here, data/api-token
  run this as the user the server runs as, or give the token with COAPSTAN_TOKEN or --token
`,
    })
  })

  it('that is wrong: says where it came from', async () => {
    const { code, err } = await cli.run('status', '--token', 'wrong')
    expect(code).toBe(1)
    expect(err).toContain('does not take the token of --token')
  })

  it('of a file never goes to another machine', async () => {
    const { code, err } = await cli.run('status', '--server', 'http://192.0.2.1')
    expect(code).toBe(1)
    expect(err).toContain('none was found\n  looked for it in --token and COAPSTAN_TOKEN\n')
  })
})

describe('coapstan config', () => {
  it('lists the knobs with what the environment makes of them', async () => {
    cli.environment['COAPSTAN_HTTP_PORT'] = '9000'
    const { out } = await cli.run('config', '-o', 'json')
    const rows = JSON.parse(out) as { name: string }[]
    expect(rows.find(({ name }) => name === 'http.port')).toMatchObject({
      value: '9000',
      default: '8080',
      from: 'environment',
    })
    expect(rows.find(({ name }) => name === 'http.stream-stall')).toMatchObject({
      value: '30s',
      flag: '--http-stream-stall',
    })
    expect((await cli.run('config')).out).toMatch(/^KNOB +VALUE +ENVIRONMENT +WHAT IT DOES\ndata.directory +data /)
  })

  it('shows one in full', async () => {
    expect((await cli.run('config', 'http.body-limit')).out).toContain('Range         1k to 16m\n')
  })

  it('names a setting that makes no sense', async () => {
    cli.environment['COAPSTAN_HTTP_PORT'] = 'x'
    expect(await cli.run('config')).toMatchObject({
      code: 2,
      err: expect.stringContaining('COAPSTAN_HTTP_PORT') as string,
    })
  })
})

it('coapstan demo runs the demo', async () => {
  expect((await cli.run('demo')).code).toBe(0)
  expect(cli.scripts).toEqual([expect.stringMatching(/\/demo\/main\.ts$/)])
})

describe('coapstan completion', () => {
  it.each(['bash', 'zsh', 'fish'])('%s knows every command', async (shell) => {
    const { out } = await cli.run('completion', shell)
    for (const path of everyCommand.slice(1)) expect(out).toContain(path.join(' '))
    expect(out).toMatch(shell === 'fish' ? /"devices"' -l status/ : /"devices"\) if .*--status/)
  })
})

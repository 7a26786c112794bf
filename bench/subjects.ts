/** What is measured beside what: each subject is a process that listens on a UDP port of loopback. */
import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nativeAddon } from '../src/server/native-addon.ts'
import { compiled } from './compile.ts'
import { fillDatabase } from './filled-database.ts'
import { startSubject, type Running } from './process.ts'

export interface Subject {
  readonly name: string
  /** Why it cannot run here, or undefined. */
  missing?(): string | undefined
  /** An echo is no CoAP server: it gets the same requests, and its answers are only matched. */
  readonly echo?: true
  start(): Promise<Running>
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** The yardstick of the house (ARCHITECTURE §8): one pair of system calls a packet, in C. */
export const cEcho: Subject = {
  name: 'C echo',
  echo: true,
  start: () => startSubject(compiled('echo'), ['0']),
}

/** Proof that the load generator can ask for more than the yardstick answers. */
export const cBatchEcho: Subject = {
  name: 'C batch echo',
  echo: true,
  start: () => startSubject(compiled('echo'), ['0', 'batch']),
}

/** The same, answering with at least so many octets: what the system alone takes for answers of that length. */
export const cAnswers = (octets: number): Subject => ({
  name: `C in batches, ${octets} octets answered`,
  echo: true,
  start: () => startSubject(compiled('echo'), ['0', 'batch', `${octets}`]),
})

export const dgramEcho: Subject = {
  name: 'dgram echo',
  echo: true,
  start: () => startSubject(process.execPath, [script('subject-dgram-echo.ts')]),
}

/** Our transport port and nothing above it. */
export const nativeEcho: Subject = {
  name: 'native transport echo',
  echo: true,
  missing: nativeMissing,
  start: () => startSubject(process.execPath, [script('subject-transport-echo.ts'), 'native']),
}

export const dgramPortEcho: Subject = {
  name: 'dgram transport echo',
  echo: true,
  start: () => startSubject(process.execPath, [script('subject-transport-echo.ts'), 'dgram']),
}

/** Our CoAP endpoint with resources in memory: the protocol without devices and database. */
export const coapstanNative: Subject = {
  name: 'coapstan native',
  missing: nativeMissing,
  start: () => startSubject(process.execPath, [script('subject-coapstan.ts'), 'native']),
}

export const coapstanDgram: Subject = {
  name: 'coapstan dgram',
  start: () => startSubject(process.execPath, [script('subject-coapstan.ts'), 'dgram']),
}

/** The same behind our DTLS endpoint. */
export const dtlsNative: Subject = {
  name: 'coapstan DTLS, native',
  missing: nativeMissing,
  start: () => startSubject(process.execPath, [script('subject-coapstan-dtls.ts'), 'native']),
}

export const dtlsDgram: Subject = {
  name: 'coapstan DTLS, dgram',
  start: () => startSubject(process.execPath, [script('subject-coapstan-dtls.ts'), 'dgram']),
}

/** The whole server as it is shipped: devices, actors, a database that is synchronised to disk. */
export const serverNative: Subject = {
  name: 'coapstan serve, native',
  missing: nativeMissing,
  start: () => startServer('native'),
}

export const serverDgram: Subject = {
  name: 'coapstan serve, dgram',
  start: () => startServer('dgram'),
}

/** The same with 20 000 sleeping devices, ten operations waiting at each. */
export const serverFilled: Subject = {
  name: 'coapstan serve, native, 200 000 operations queued',
  missing: nativeMissing,
  start: () =>
    startServer('native', { prepare: (data) => fillDatabase(data, { devices: 20_000, operationsOf: () => 10 }) }),
}

/** All threads of the server share its one core, so none waits for work, and each is charged for what it does. */
const serverInShards = (shards: number, ...flags: readonly string[]): Subject => ({
  name: `coapstan serve, ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
  missing: nativeMissing,
  start: () => startServer('native', { flags: ['--shards', `${shards}`, ...flags] }),
})

export const inShards = [serverInShards(1), serverInShards(2)]

/** Of 10 000 devices that speak in turn none is in memory. */
export const inShardsForgetful = [1, 2].map((shards) => serverInShards(shards, '--actors-awake', '2000'))

/** One of our subjects, with flags for its Node. */
export const startSubjectScript = (
  name: string,
  parameters: readonly string[],
  nodeFlags: readonly string[] = [],
): Promise<Running> => startSubject(process.execPath, [...nodeFlags, script(name), ...parameters])

export interface ServerStart {
  /** Given the data directory before the server starts. */
  readonly prepare?: (data: string) => void
  readonly flags?: readonly string[]
  readonly nodeFlags?: readonly string[]
}

/** Strangers are let in as fast as they come: the handshakes are made before the measurement. */
const noDoor = ['handshake-rate', 'handshake-rate-per-prefix', 'handshakes', 'handshakes-per-prefix'].flatMap(
  (knob) => [`--dtls-${knob}`, '50000'],
)

/** The shipped server; `call` is its HTTP API, with the token. */
export async function startServer(
  transport: 'native' | 'dgram',
  start: ServerStart = {},
): Promise<Running & { call(path: string, init?: RequestInit): Promise<Response> }> {
  const built = script('../.bench/')
  mkdirSync(built, { recursive: true })
  const data = mkdtempSync(`${built}data-`)
  start.prepare?.(data)
  const ports = ['--coap-port', '0', '--coaps-port', '0', '--http-port', '0']
  const flags = ['--data-directory', data, ...ports, '--udp-transport', transport, '--log-level', 'error', ...noDoor]
  flags.push(...(start.flags ?? []))
  let api = ''
  let securedPort = 0
  // The last line says that everything before it is up.
  const ready = / udp \S+:(\d+) /
  const { promise: said, resolve } = Promise.withResolvers<void>()
  const seen = (line: string): void => {
    api = / (http:\S+)/.exec(line)?.[1] ?? api
    securedPort = Number(/coaps +udp \S+:(\d+) /.exec(line)?.[1] ?? securedPort)
    if (line.includes('api-token')) resolve()
  }
  const program = [...(start.nodeFlags ?? []), script('../src/server/main.ts'), ...flags]
  const running = await startSubject(process.execPath, program, ready, seen)
  await said
  const authorization = (): string => `Bearer ${readFileSync(`${data}/api-token`, 'utf8').trim()}`
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { 'content-type': 'application/json', ...(init.headers as object), authorization: authorization() }
    const answer = await fetch(`${api}${path}`, { ...init, headers })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }
  return {
    ...running,
    call,
    securedPort,
    observe: (endpoints) => observe(call, endpoints),
    provision: (endpoints, salt) => provision(call, endpoints, salt),
    stop: async (signal) => {
      await running.stop(signal)
      rmSync(data, { recursive: true, force: true })
    },
  }
}

type Call = (path: string, init: RequestInit) => Promise<Response>

async function observe(call: Call, endpoints: readonly string[]): Promise<void> {
  const body = JSON.stringify({ kind: 'observe', path: '/3303/0/5700' })
  for (let at = 0; at < endpoints.length; at += 50) {
    const group = endpoints.slice(at, at + 50)
    await Promise.all(group.map((endpoint) => call(`/devices/${endpoint}/operations`, { method: 'POST', body })))
  }
}

/** As `dtls-client.h` makes keys: ten octets for all, then the salt and the number of the device. */
function keyOf(salt: number, device: number): string {
  const own = Buffer.alloc(6)
  own.writeUInt16BE(salt, 0)
  own.writeUInt32BE(device, 2)
  return Buffer.concat([Buffer.from('0123456789'), own]).toString('hex')
}

async function provision(
  call: (path: string, init?: RequestInit) => Promise<Response>,
  endpoints: readonly string[],
  salt: number,
): Promise<void> {
  const rows = endpoints.map((endpoint, device) => `${endpoint},${endpoint},${keyOf(salt, device)}`)
  const answer = await call('/credentials/import', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: ['endpoint,identity,key', ...rows].join('\n'),
  })
  const report = (await answer.json()) as { added: number; problems: unknown[] }
  if (report.added !== endpoints.length) throw new Error(`provision: ${JSON.stringify(report).slice(0, 500)}`)
}

function nativeMissing(): string | undefined {
  const found = nativeAddon()
  return 'missing' in found ? found.missing : undefined
}

export const npmCoap: Subject = {
  name: 'npm coap',
  start: () => startSubject(process.execPath, [script('subject-npm-coap.ts')]),
}

export const libcoap: Subject = {
  name: 'libcoap',
  missing: () =>
    spawnSync('coap-server-notls', ['-h']).error === undefined
      ? undefined
      : 'coap-server-notls is not installed (Debian: libcoap3-bin)',
  start: async () => {
    const port = await freePort()
    const running = await startSubject('coap-server-notls', ['-A', '127.0.0.1', '-p', `${port}`, '-d', '10'], port)
    await put(port, 'test', 'hello')
    return running
  },
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** Creates a resource on a server that lets anybody (libcoap with `-d`). */
async function put(port: number, path: string, payload: string): Promise<void> {
  const socket = createSocket('udp4')
  const head = Buffer.from([0x40, 3, 0, 1, 0xb0 + path.length])
  socket.send(Buffer.concat([head, Buffer.from(path), Buffer.from([0xff]), Buffer.from(payload)]), port, '127.0.0.1')
  await once(socket, 'message')
  socket.close()
}

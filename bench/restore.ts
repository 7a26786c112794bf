/**
 * A fleet that was asleep while the server restarted: how long the start takes with 100 000 associations in the
 * database, and how many of them a second are brought back, each by a record of its own, with the commit that
 * reserves its sequence numbers and the answer. Prints one JSON line a row.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hexOf, utf8 } from '../src/base/bytes.ts'
import { silentLog } from '../src/base/log.ts'
import { instantOf } from '../src/base/time.ts'
import { Association } from '../src/dtls/association.ts'
import { RecordLayer } from '../src/dtls/record-layer.ts'
import { sealSnapshot } from '../src/dtls/snapshot.ts'
import { contentType } from '../src/dtls/wire/record.ts'
import type { StoreOp } from '../src/fleet/store.ts'
import { nodeCrypto } from '../src/server/crypto-node.ts'
import { deriveKey } from '../src/server/store-key.ts'
import { SystemRandom } from '../src/server/system-random.ts'
import { openSqliteStore } from '../src/storage/sqlite/store.ts'
import { startSubject } from './process.ts'
import { sleepingAssociation, sleepingEndpoint } from './sleeping-association.ts'
import { startUpTimes } from './start-up-time.ts'

const count = 100_000
const rowsACommit = 5_000
/** Records on their way at one time. */
const window = 256
const runs = Number(process.argv[2] ?? 5)
const now = instantOf(Date.now())
const crypto = nodeCrypto()
const random = new SystemRandom()
const ping = Uint8Array.of(0x40, 0, 0, 1)

const directory = mkdtempSync(join(tmpdir(), 'coapstan-restore-'))
const socket = createSocket({ type: 'udp4', recvBufferSize: 4_000_000 })
socket.bind(0, '127.0.0.1')
await once(socket, 'listening')
try {
  const [empty, full] = [join(directory, 'empty'), join(directory, 'full')]
  const records = fill(full, socket.address().port)
  const subjects = { 'start-up, no association': empty, [`start-up, ${count} associations`]: full }
  for (const [subject, milliseconds] of await startUpTimes(subjects, runs)) print({ subject, milliseconds, runs })
  for (const transport of ['native', 'dgram']) {
    const copy = transport === 'native' ? full : join(directory, 'second')
    const own = transport === 'native' ? records : fill(copy, socket.address().port)
    print({ subject: `brought back, ${transport}`, ...(await wake(copy, transport, own)) })
  }
} finally {
  socket.close()
  rmSync(directory, { recursive: true, force: true })
}

function print(row: object): void {
  console.log(JSON.stringify({ bench: 'restore', ...row }))
}

/** A database with `count` associations and their credentials; the first record of each device. */
function fill(path: string, port: number): readonly Uint8Array[] {
  mkdirSync(path)
  const storeKey = random.bytes(32)
  writeFileSync(join(path, 'store-key'), `${hexOf(storeKey)}\n`, { mode: 0o600 })
  const key = crypto.aeadKey('aes-256-gcm', deriveKey(storeKey, 'dtls associations'))
  const store = openSqliteStore({
    file: join(path, 'coapstan.db'),
    now: () => now,
    log: silentLog,
    eventsKept: 1000,
    operationsKept: 100,
  })
  const layer = new RecordLayer(crypto, random)
  const out = new Uint8Array(128)
  const records: Uint8Array[] = []
  for (let first = 0; first < count; first += rowsACommit) {
    const ops: StoreOp[] = []
    for (let number = first; number < first + rowsACommit; number++) {
      const state = sleepingAssociation(random, number, now)
      ops.push(...rowsOf(number, port, sealSnapshot(crypto, key, random, state)))
      const { ownCid, peerCid, ...terms } = state.terms
      const ofDevice = { ...terms, role: 'client', ownCid: peerCid, peerCid: ownCid } as const
      const device = new Association(crypto, number, ofDevice, now, 1, Number.POSITIVE_INFINITY, 1)
      const end = layer.seal(device, contentType.applicationData, ping, 0, ping.length, out, 0)
      records.push(out.slice(0, end))
    }
    store.commit(ops)
  }
  store.close()
  return records
}

function rowsOf(number: number, port: number, sealed: Uint8Array): StoreOp[] {
  const endpoint = sleepingEndpoint(number)
  const credential = {
    id: number + 1,
    endpoint,
    kind: 'psk',
    identity: utf8(endpoint),
    sealedKey: new Uint8Array(44),
    keyFingerprint: number.toString(16).padStart(16, '0'),
    tags: {},
    state: 'active',
    createdAt: now,
  } as const
  const association = {
    id: number + 1,
    cid: number.toString(16).padStart(12, '0'),
    identity: endpoint,
    endpoint,
    address: '127.0.0.1',
    port,
    sealed,
    reservedUpTo: 0,
    windowEdge: -1,
    windowBitmap: 0n,
    openedAt: now,
    heardAt: now,
  }
  return [
    { op: 'credential.put', credential },
    { op: 'association.put', association },
  ]
}

/** Every device says its first word, `window` of them at a time; what the whole server makes of it. */
async function wake(path: string, transport: string, records: readonly Uint8Array[]) {
  const ports = ['--coap-port', '0', '--coaps-port', '0', '--http-port', '0', '--coaps-host', '127.0.0.1']
  const flags = ['--data-directory', path, ...ports, '--udp-transport', transport, '--log-level', 'error']
  const script = fileURLToPath(new URL('../src/server/main.ts', import.meta.url))
  const server = await startSubject(process.execPath, [script, ...flags], /coaps +udp \S+:(\d+) /)
  const [cpuBefore, residentBefore] = [server.cpuTime(), server.residentMemory()]
  const began = performance.now()
  let [sent, answered, last] = [0, 0, began]
  const over = Promise.withResolvers<void>()
  const idle = setInterval(() => performance.now() - last > 2000 && over.resolve(), 200)
  const next = (): void => void (sent < count && socket.send(records[sent++]!, server.port, '127.0.0.1'))
  const hear = (): void => {
    answered++
    last = performance.now()
    if (answered === count) over.resolve()
    else next()
  }
  socket.on('message', hear)
  for (let i = 0; i < window; i++) next()
  await over.promise
  clearInterval(idle)
  socket.off('message', hear)
  const measured = {
    perSecond: Math.round((1000 * answered) / (last - began)),
    perCpuSecond: Math.round(answered / (server.cpuTime() - cpuBefore)),
    lost: sent - answered,
    residentBytesEach: Math.round((server.residentMemory() - residentBefore) / answered),
  }
  await server.stop()
  return measured
}

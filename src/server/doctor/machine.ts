/** Checks of what the server stands on: Node, the add-on, ciphers, limits of the kernel, the clock. */
import { execFileSync } from 'node:child_process'
import { getCiphers, getCurves } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { availableParallelism, freemem } from 'node:os'
import type { Settings } from '../../config/tunables.ts'
import { nativeAddon, type NativeFound } from '../native-addon.ts'
import { bad, good, sizeText, warning, type Finding } from './finding.ts'

/** Ciphers and curves a default listener may be asked for, as OpenSSL calls them. */
const ciphers = ['aes-128-ccm', 'aes-256-ccm', 'aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305']
const curves = ['prime256v1', 'secp384r1']
/** Octets one awake device is reckoned with, everything counted. */
const octetsAnActor = 4096
/** Descriptors the process needs besides its sockets: database, images, API connections. */
const descriptorsNeeded = 1024

/** The text of a file of the kernel's; undefined where this system has no such file. */
export type ReadSystem = (file: string) => string | undefined

export function readSystem(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

export function checkNode(version = process.versions.node, executable = process.execPath): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isBundled = executable.includes('node_modules')
  const found = `${version} (${isBundled ? 'brought along' : executable}), OpenSSL ${process.versions.openssl}`
  const isSupported = major >= 26 || (major === 24 && minor >= 15)
  return isSupported ? good('Node', found) : bad('Node', found, 'install Node 26, or the newest 24')
}

export function checkTransport(settings: Settings, found: NativeFound = nativeAddon()): Finding {
  const choice = settings['udp.transport']
  const subject = 'UDP transport'
  if (choice === 'dgram') return good(subject, "dgram, Node's own, as udp.transport says")
  if ('addon' in found) return good(subject, `native: datagrams in batches (udp.transport is ${choice})`)
  const remedy = 'install a C compiler (Debian: apt-get install gcc libc6-dev) and run npm run build:native'
  if (choice === 'native') return bad(subject, found.missing, remedy)
  return warning(subject, `dgram: ${found.missing}`, `${remedy}; without it a core serves about half as many datagrams`)
}

export function checkCrypto(settings: Settings, found: NativeFound = nativeAddon()): Finding {
  const missing = [
    ...ciphers.filter((name) => !getCiphers().includes(name)),
    ...curves.filter((name) => !getCurves().includes(name)),
  ]
  if (missing.length > 0) {
    return bad('crypto', `OpenSSL lacks ${missing.join(', ')}`, 'use the Node that `npm ci` brings along')
  }
  const isNative = 'addon' in found && settings['udp.transport'] !== 'dgram'
  return good('crypto', `${isNative ? 'AEAD in the add-on' : 'node:crypto'}, all suites available`)
}

/** What the kernel gives of SO_RCVBUF is at most net.core.rmem_max. */
export function checkReceiveBuffer(settings: Settings, read: ReadSystem = readSystem): Finding {
  const wanted = settings['udp.receive-buffer']
  const most = Number(read('/proc/sys/net/core/rmem_max') ?? Number.NaN)
  if (Number.isNaN(most)) return good('receive buffer', `${sizeText(wanted)} asked for; this system names no limit`)
  const dropped = droppedDatagrams(read)
  const drops = dropped === undefined ? '' : `; ${dropped} datagrams dropped for want of it since the machine started`
  if (most >= wanted) return good('receive buffer', `${sizeText(wanted)} of at most ${sizeText(most)}${drops}`)
  return warning(
    'receive buffer',
    `${sizeText(most)} of the ${sizeText(wanted)} asked for${drops}`,
    `sysctl -w net.core.rmem_max=${wanted}, and the same line in /etc/sysctl.d/ to keep it`,
  )
}

/** RcvbufErrors of all UDP sockets. */
function droppedDatagrams(read: ReadSystem): number | undefined {
  const [names, values] = (read('/proc/net/snmp') ?? '').split('\n').filter((line) => line.startsWith('Udp:'))
  const at = names?.split(' ').indexOf('RcvbufErrors') ?? -1
  return at === -1 ? undefined : Number(values?.split(' ')[at])
}

export function checkDescriptors(read: ReadSystem = readSystem): Finding {
  const line = /^Max open files\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')
  if (line === null) return good('open files', 'this system names no limit')
  const limit = line[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(line[1])
  if (limit >= descriptorsNeeded) return good('open files', `${line[1]} allowed`)
  return warning(
    'open files',
    `${limit} allowed`,
    `ulimit -n ${descriptorsNeeded}, or LimitNOFILE= in the systemd unit: API connections will be refused first`,
  )
}

export function checkMemory(settings: Settings, available = Math.min(freemem(), constrained())): Finding {
  const needed = settings['actors.awake'] * octetsAnActor + settings['firmware.cache']
  const found = `${sizeText(available)} free, about ${sizeText(needed)} for ${settings['actors.awake']} awake devices`
  if (available >= needed) return good('memory', found)
  return warning('memory', found, 'lower actors.awake or firmware.cache, or give the machine more')
}

function constrained(): number {
  const limit = process.constrainedMemory()
  return limit > 0 ? limit : Number.POSITIVE_INFINITY
}

export function checkCores(settings: Settings, cores = availableParallelism()): Finding {
  const shards = settings['shards']
  const found = `${cores}, ${shards} ${shards === 1 ? 'shard' : 'shards'}`
  if (shards > cores) return warning('cores', found, `--shards ${cores}: more threads than cores take turns on them`)
  return good('cores', found)
}

/** Certificates, lifetimes and schedules stand on the clock; `newestEvent` is what the database last saw. */
export function checkClock(
  now: number,
  newestEvent: number | undefined,
  synchronized: boolean | undefined = isSynchronized(),
): Finding {
  const found = new Date(now).toISOString()
  if (newestEvent !== undefined && now < newestEvent) {
    const last = new Date(newestEvent).toISOString()
    return bad('clock', `${found}, but the database has events of ${last}`, 'set the clock: every lifetime would wait')
  }
  if (synchronized === false) {
    return warning('clock', `${found}, not synchronized`, 'start a time service (systemd-timesyncd, chrony)')
  }
  return good('clock', `${found}${synchronized === true ? ', synchronized' : ''}`)
}

/** Undefined where nobody here can tell. */
function isSynchronized(): boolean | undefined {
  try {
    const options = { encoding: 'utf8' as const, timeout: 2000, stdio: 'pipe' as const }
    const said = execFileSync('timedatectl', ['show', '--property=NTPSynchronized', '--value'], options).trim()
    return said === 'yes' ? true : said === 'no' ? false : undefined
  } catch {
    return undefined
  }
}

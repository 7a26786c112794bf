/**
 * Records handshakes of programs we did not write against our server with repeatable randomness, for
 * test/vectors/dtls: `node test/support/record-handshakes.ts`. What it writes is replayed octet by octet.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { hexOf, type Bytes } from '../../src/base/bytes.ts'
import { coapAnswer, echo, interopServer, keyFiles, pskHex, pskIdentity, pskText } from './dtls-interop.ts'
import { RecordedCrypto, recordedRandom, type RecordedHandshake } from './recorded-handshake.ts'
import { DtlsUdpServer } from './dtls-udp-server.ts'
import { runProgram } from './program.ts'

const files = keyFiles()
const certificate = ['-cert', files.certificateAndKey, '-key', files.certificateAndKey]
const gnutlsPsk = ['--pskusername', pskIdentity, '--pskkey', pskHex]
const dtls12 = 'NORMAL:-VERS-ALL:+VERS-DTLS1.2:-KX-ALL'

interface Recording {
  readonly name: string
  readonly program: string
  readonly args: (port: number) => readonly string[]
  readonly until: RegExp
  readonly answer: (data: Bytes) => Bytes | undefined
}

const openssl = (name: string, ...args: string[]): Recording => ({
  name: `openssl-${name}`,
  program: 'openssl',
  args: (port) => ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${port}`, ...args],
  until: /hello there/,
  answer: echo,
})

const gnutls = (name: string, ...args: string[]): Recording => ({
  name: `gnutls-${name}`,
  program: 'gnutls-cli',
  args: (port) => ['--udp', '--insecure', '-p', `${port}`, ...args, '127.0.0.1'],
  until: /hello there/,
  answer: echo,
})

const libcoap = (name: string, program: string): Recording => ({
  name: `libcoap-${name}`,
  program,
  args: (port) => ['-u', pskIdentity, '-k', pskText, '-m', 'get', `coaps://127.0.0.1:${port}/x`],
  until: /hello world/,
  answer: coapAnswer,
})

const recordings: readonly Recording[] = [
  openssl('psk-ccm8', '-psk_identity', pskIdentity, '-psk', pskHex, '-cipher', 'PSK-AES128-CCM8@SECLEVEL=0'),
  openssl('psk-gcm-sha384', '-psk_identity', pskIdentity, '-psk', pskHex, '-cipher', 'PSK-AES256-GCM-SHA384'),
  openssl('ecdsa-ccm8', ...certificate, '-cipher', 'ECDHE-ECDSA-AES128-CCM8@SECLEVEL=0'),
  gnutls('psk-ccm8', ...gnutlsPsk, '--priority', `${dtls12}:+PSK:-CIPHER-ALL:+AES-128-CCM-8`),
  gnutls('psk-chacha20', ...gnutlsPsk, '--priority', `${dtls12}:+PSK:-CIPHER-ALL:+CHACHA20-POLY1305`),
  gnutls('ecdsa-gcm', '--priority', `${dtls12}:+ECDHE-ECDSA:-CIPHER-ALL:+AES-128-GCM`),
  libcoap('openssl', 'coap-client-openssl'),
  libcoap('gnutls', 'coap-client-gnutls'),
]

for (const { name, program, args, until, answer } of recordings) {
  const crypto = new RecordedCrypto()
  const at = Date.now()
  const options = { ...interopServer(), crypto: crypto.recording(), random: recordedRandom() }
  const server = await DtlsUdpServer.listen(answer, options)
  const output = await runProgram({ program, args: args(server.port), input: 'hello there\n', until })
  await server.close()
  if (!until.test(output)) throw new Error(`${name}: ${output}`)
  const recorded: RecordedHandshake = {
    program: versionOf(program),
    at,
    address: hexOf(server.peer.addressOf(0)),
    suite: server.peer.lastOpened.suite,
    signatures: crypto.signatures.map(hexOf),
    datagrams: server.log.map(({ direction, bytes }) => `${direction} ${hexOf(bytes)}`),
  }
  const file = new URL(`../vectors/dtls/recorded/${name}.json`, import.meta.url)
  writeFileSync(file, `${JSON.stringify(recorded, undefined, 2)}\n`)
}

/** The first line in which a program names its version. */
function versionOf(program: string): string {
  const { stdout, stderr } = spawnSync(program, [program === 'openssl' ? 'version' : '--version'], { encoding: 'utf8' })
  return `${stdout}\n${stderr}`.split('\n').find((line) => /\d+\.\d+/.test(line)) ?? program
}

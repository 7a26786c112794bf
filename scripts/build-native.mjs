/**
 * Compiles the native add-on with the machine's C compiler against the headers that come with Node.
 * Runs in `prepare`. Never fails an installation: where it cannot build, one line says why, and the
 * server uses `node:dgram` and `node:crypto` instead. `CC` names another compiler, `TARGET_ARCH`
 * another processor (Debian's `aarch64-linux-gnu-gcc` for arm64), `CFLAGS` is added at the end.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const architecture = process.env.TARGET_ARCH ?? process.arch
const compiler = process.env.CC ?? 'cc'
const headers = [
  join(root, `node_modules/node-linux-${process.arch}/include/node`),
  join(dirname(process.execPath), '../include/node'),
].find((folder) => existsSync(join(folder, 'node_api.h')))
const folder = join(root, 'native/build', `linux-${architecture}`)
const addon = join(folder, 'coapstan.node')

const flags =
  '-shared -fPIC -O2 -std=gnu11 -Wall -Wextra -Werror -fvisibility=hidden ' +
  '-fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now'

const hindrance = build()
if (hindrance === undefined) console.log(`native add-on: built native/build/linux-${architecture}/coapstan.node`)
else console.log(`native add-on: not built (${hindrance}); the server will use node:dgram and node:crypto`)

/** Why it could not be built, or undefined. */
function build() {
  if (process.platform !== 'linux') return `it is for Linux, this is ${process.platform}`
  if (headers === undefined) return `no Node headers beside ${process.execPath}`
  const sources = readdirSync(join(root, 'native')).filter((name) => name.endsWith('.c'))
  mkdirSync(folder, { recursive: true })
  // Compiled beside and moved into place, so that a running server never sees half a file.
  const parameters = [
    ...flags.split(' '),
    '-isystem',
    headers,
    '-o',
    `${addon}.new`,
    ...sources.map((name) => join(root, 'native', name)),
    ...(process.env.CFLAGS ?? '').split(' ').filter((flag) => flag !== ''),
  ]
  const outcome = spawnSync(compiler, parameters, { encoding: 'utf8' })
  if (outcome.error !== undefined) return `no C compiler '${compiler}'`
  if (outcome.status !== 0) return outcome.stderr.split('\n').find((line) => line.includes('error')) ?? 'cc failed'
  renameSync(`${addon}.new`, addon)
  return undefined
}

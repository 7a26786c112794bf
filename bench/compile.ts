/** Compiles the C programs of this folder when they are asked for and have changed; keeps them in `.bench/`. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const built = fileURLToPath(new URL('../.bench/', import.meta.url))

/** The path of the program made from `bench/<name>.c`. Throws where the machine has no C compiler. */
export function compiled(name: string, flags: readonly string[] = []): string {
  const source = `${here}${name}.c`
  const program = `${built}${name}`
  if (changedAt(program) > Math.max(...[source, `${here}load.h`, `${here}dtls-client.h`].map(changedAt))) return program
  mkdirSync(built, { recursive: true })
  const command = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source, ...flags]
  const outcome = spawnSync('cc', command, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (outcome.error !== undefined) {
    throw new Error("the benchmarks need a C compiler called 'cc' (Debian: apt-get install gcc libc6-dev)")
  }
  if (outcome.status !== 0)
    throw new Error(`cc could not compile ${source} (load-dtls and load-lwm2m need OpenSSL 3; Debian: libssl-dev)`)
  return program
}

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

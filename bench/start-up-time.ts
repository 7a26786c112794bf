/** Starts the server as it is shipped, and says how long it took until it listened. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../bin/coapstan.cjs', import.meta.url))

/** Milliseconds until the server on that data directory says where it listens; it is ended then. */
export async function startUpTime(dataDirectory: string): Promise<number> {
  const began = performance.now()
  const ports = ['--coap-port', '0', '--coaps-port', '0', '--http-port', '0']
  const server = spawn(process.execPath, [launcher, 'serve', '--data-directory', dataDirectory, ...ports], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  let said = ''
  const ready = await new Promise<number>((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended with code ${code}: ${said}`)))
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (/http +http:/.test(said)) resolve(performance.now() - began)
    })
  })
  server.kill('SIGTERM')
  await ended
  return ready
}

/** Medians of `runs` starts on each data directory, interleaved; the first start of each is not counted. */
export async function startUpTimes(
  directories: Readonly<Record<string, string>>,
  runs: number,
): Promise<[string, number][]> {
  const measured = Object.entries(directories).map(([subject, path]) => ({ subject, path, times: [] as number[] }))
  for (let run = 0; run <= runs; run++) {
    for (const { path, times } of measured) {
      const milliseconds = await startUpTime(path)
      if (run > 0) times.push(milliseconds)
    }
  }
  return measured.map(({ subject, times }) => [
    subject,
    Math.round(times.toSorted((a, b) => a - b)[times.length >> 1]!),
  ])
}

/** `coapstan demo` when something comes in between: its exit code, and that it leaves nothing behind. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../../src/cli/demo/main.ts', import.meta.url))

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'coapstan-demo-test-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** Node's own compile cache may stay. */
const leftovers = (): string[] => readdirSync(directory).filter((name) => name.startsWith('coapstan'))

interface Run {
  readonly output: () => string
  /** Resolves once this was printed; rejects with all that was, should it end before. */
  readonly printed: (text: string) => Promise<void>
  readonly end: (signal: NodeJS.Signals) => void
  readonly exit: Promise<number | null>
}

function demo(environment: NodeJS.ProcessEnv = {}): Run {
  const env = { ...process.env, TMPDIR: directory, ...environment }
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const watchers = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      for (const watcher of watchers) watcher()
    })
  }
  return {
    output: () => output,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolve()
        }
        child.on('exit', () => reject(new Error(output)))
        watchers.add(look)
        look()
      }),
    end: (signal) => child.kill(signal),
    exit: once(child, 'exit').then(([code]) => code as number | null),
  }
}

it.each(['Two virtual devices', '$ coapstan read'])('is interrupted at "%s" and cleans up', async (where) => {
  const run = demo()
  await run.printed(where)
  run.end('SIGINT')
  expect(await run.exit).toBe(130)
  expect(leftovers()).toEqual([])
  expect(run.output()).not.toContain('stopped')
})

it('says which step failed and why, and ends with 1', async () => {
  const run = demo({ COAPSTAN_HTTP_HOST: 'not an address' })
  expect(await run.exit).toBe(1)
  expect(run.output()).toMatch(/✘ The demonstration stopped: server ended by itself/)
  expect(leftovers()).toEqual([])
})

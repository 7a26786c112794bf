/**
 * Runs the operator's command that makes a delta: detools, bsdiff, a vendor's tool. No shell; its time is bounded,
 * its output watched for its size, and its working directory is gone afterwards.
 */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EnvironmentError, UsageError } from '../base/errors.ts'
import type { Settings } from '../config/tunables.ts'
import type { DeltaMaker } from '../fleet/deltas/store.ts'
import type { ImageFiles } from '../fleet/images/store.ts'
import type { Image } from '../fleet/images/types.ts'

export interface DeltaMakerParts {
  readonly settings: Pick<Settings, 'firmware.delta-command' | 'firmware.delta-timeout' | 'firmware.image-limit'>
  readonly files: Pick<ImageFiles, 'localPath'>
}

/** What a tool says at its end is shown, so much of it. */
const toldOctets = 500
/** Milliseconds between two looks at how large the delta has become. */
const watchPeriod = 500

/** Throws UsageError 'delta.command-line' where the command lacks a place for one of the files. */
export function deltaMakerOf({ settings, files }: DeltaMakerParts): DeltaMaker {
  const command = settings['firmware.delta-command'].trim()
  const words = command.split(/\s+/)
  for (const place of ['{from}', '{to}', '{out}']) {
    if (command !== '' && !words.some((word) => word.includes(place))) {
      throw new UsageError('delta.command-line', `firmware.delta-command has no ${place}`, {
        hint: "such as 'detools create_patch {from} {to} {out}'",
      })
    }
  }
  return {
    command: command === '' ? undefined : command,
    async make(from, to, keep) {
      const directory = await mkdtemp(join(tmpdir(), 'coapstan-delta-'))
      try {
        const out = join(directory, 'delta')
        const paths = { '{from}': await pathOf(files, from), '{to}': await pathOf(files, to), '{out}': out }
        const filled = words.map((word) => word.replace(/\{(?:from|to|out)\}/g, (place) => paths[place as '{out}']))
        await run(filled, {
          directory,
          out,
          limit: settings['firmware.image-limit'],
          time: settings['firmware.delta-timeout'],
        })
        return await keep(createReadStream(out))
      } finally {
        await rm(directory, { recursive: true, force: true })
      }
    },
  }
}

async function pathOf(files: Pick<ImageFiles, 'localPath'>, { sha256, product, version }: Image): Promise<string> {
  const path = await files.localPath(sha256)
  if (path !== undefined) return path
  throw failed(`the file of ${product} ${version} is gone or damaged`)
}

interface Bounds {
  readonly directory: string
  readonly out: string
  readonly limit: number
  readonly time: number
}

async function run([program, ...rest]: readonly string[], { directory, out, limit, time }: Bounds): Promise<void> {
  const tool = spawn(program!, rest, {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: time,
    killSignal: 'SIGKILL',
  })
  let told = ''
  tool.stderr.on('data', (chunk: Buffer) => (told = (told + chunk.toString()).slice(-toldOctets)))
  let isTooLarge = false
  const watch = setInterval(() => {
    void sizeOf(out).then((size) => {
      if (size <= limit) return
      isTooLarge = true
      tool.kill('SIGKILL')
    })
  }, watchPeriod)
  try {
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      tool.once('error', (cause) => reject(failed(`${program} cannot be run: ${cause.message}`)))
      tool.once('close', (status, by) => resolve([status, by]))
    })
    if (isTooLarge) throw failed(`it made more than ${limit} octets`)
    if (signal === 'SIGKILL') {
      throw new EnvironmentError('delta.timeout', `making the delta took longer than ${time} ms`, { retriable: true })
    }
    if (code !== 0) throw failed(`${program} ended with ${code ?? signal}${told === '' ? '' : `: ${told.trim()}`}`)
    if ((await sizeOf(out)) === 0) throw failed(`${program} wrote nothing to {out}`)
  } finally {
    clearInterval(watch)
  }
}

/** 0 where there is no file yet. */
async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

function failed(detail: string): EnvironmentError {
  return new EnvironmentError('delta.command', `the delta was not made: ${detail}`, { retriable: false })
}

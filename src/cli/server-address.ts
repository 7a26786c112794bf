/**
 * Where the server is and what opens it: flags, then COAPSTAN_SERVER and COAPSTAN_TOKEN, then the token
 * file of a server on this machine. A token found in a file never goes to another machine.
 */
import { join } from 'node:path'
import { tokenFileName } from '../api/contract/paths.ts'
import { defaultSettings, environmentNameOf } from '../config/tunables.ts'
import { CommandFailure, usageFailure } from './failure.ts'
import type { Surroundings } from './surroundings.ts'

export interface ServerAddress {
  /** Without a slash at its end. */
  readonly url: string
  readonly token: string | undefined
  /** Where the token was looked for, for whoever has to mend it. */
  readonly tokenFrom: string
}

export function serverAddress(
  given: { server?: string | undefined; token?: string | undefined },
  { environment, readText }: Pick<Surroundings, 'environment' | 'readText'>,
): ServerAddress {
  const url = serverUrl(given.server ?? environment['COAPSTAN_SERVER'] ?? localServer(environment))
  if (given.token !== undefined) return { url: url.text, token: given.token, tokenFrom: '--token' }
  const fromEnvironment = environment['COAPSTAN_TOKEN']
  if (fromEnvironment) return { url: url.text, token: fromEnvironment, tokenFrom: 'COAPSTAN_TOKEN' }
  if (!url.isLocal) return { url: url.text, token: undefined, tokenFrom: '--token and COAPSTAN_TOKEN' }
  const directory = environment[environmentNameOf('data.directory')] ?? defaultSettings['data.directory']
  const file = join(directory, tokenFileName)
  return { url: url.text, token: tokenIn(file, readText), tokenFrom: file }
}

function tokenIn(file: string, readText: Surroundings['readText']): string | undefined {
  try {
    return readText(file)?.trim()
  } catch (cause) {
    throw new CommandFailure(`this user cannot read the token of the server here, ${file}`, {
      exitCode: 1,
      advice: ['run this as the user the server runs as, or give the token with COAPSTAN_TOKEN or --token'],
      cause,
    })
  }
}

function localServer(environment: Surroundings['environment']): string {
  const host = environment[environmentNameOf('http.host')] ?? defaultSettings['http.host']
  const port = environment[environmentNameOf('http.port')] ?? defaultSettings['http.port']
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]'])

function serverUrl(text: string): { text: string; isLocal: boolean } {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw usageFailure(`'${text}' is no server address`, 'for example --server http://127.0.0.1:8080')
  }
  return { text: `${url.origin}${url.pathname.replace(/\/$/, '')}`, isLocal: loopback.has(url.hostname) }
}

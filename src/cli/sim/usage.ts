/** CPU and memory: of this process, and of a server as its metrics tell. */
import { paths } from '../../api/contract/paths.ts'
import type { Usage } from '../../sim/scenario/outcome.ts'
import type { Session } from '../session.ts'

export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuSeconds: (user + system) / 1e6, residentOctets: process.memoryUsage.rss() }
}

/** Undefined where the server does not tell. */
export async function serverUsage({
  client,
  surroundings,
}: Pick<Session, 'client' | 'surroundings'>): Promise<Usage | undefined> {
  const { token, url } = client.address
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await surroundings.fetch(url + paths.metrics.url, { headers })
  const text = await response.text()
  const cpuSeconds = figure(text, 'process_cpu_seconds_total')
  const residentOctets = figure(text, 'process_resident_memory_bytes')
  return !response.ok || cpuSeconds === undefined || residentOctets === undefined
    ? undefined
    : { cpuSeconds, residentOctets }
}

/** What passed between two looks; memory as of the second. */
export function used(before: Usage, after: Usage): Usage {
  return { cpuSeconds: after.cpuSeconds - before.cpuSeconds, residentOctets: after.residentOctets }
}

/** Prometheus text exposition format. */
function figure(text: string, name: string): number | undefined {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** Templates and runs as the contract shows them; no key is in either. */
import { formatText } from '../fleet/bootstrap/formats.ts'
import { templateRevision } from '../fleet/bootstrap/revision.ts'
import type { BootstrapRun, BootstrapTemplate, Spread } from '../fleet/bootstrap/types.ts'
import { rights } from '../fleet/bootstrap/draft.ts'
import type { RunJson, TemplateJson } from './contract/bootstrap.ts'
import { isoOf } from './present.ts'

export function presentTemplate(whole: BootstrapTemplate): TemplateJson {
  const { changedAt, format, ...template } = whole
  const { servers, accessControl, instances, delete: deleted, for: audience, ...rest } = template
  const name = formatText(format)
  return {
    ...rest,
    for: { ...audience, tags: { ...audience.tags } },
    servers: servers.map(({ key, registration, securityResources, serverResources, ...server }) => ({
      ...server,
      ...(key !== undefined && {
        key: { from: key.from, ...(key.from !== 'issued' && { fingerprint: key.fingerprint }) },
      }),
      registration: Object.fromEntries(Object.entries(registration).map(([id, value]) => [id, presentSpread(value)])),
      securityResources: { ...securityResources },
      serverResources: { ...serverResources },
    })),
    accessControl: accessControl.map(({ rights: bits, ...access }) => ({
      ...access,
      rights: Object.fromEntries(
        Object.entries(bits).map(([id, sum]) => [id, rights.filter((_, bit) => (sum & (1 << bit)) !== 0)]),
      ),
    })),
    instances: Object.fromEntries(instances.map((one) => [`/${one.object}/${one.instance}`, { ...one.resources }])),
    delete: [...deleted],
    ...(name !== undefined && { format: name }),
    revision: templateRevision(whole),
    changedAt: isoOf(changedAt),
  }
}

function presentSpread(value: Spread | boolean): number | boolean | string {
  return typeof value === 'object' ? `${value.from}..${value.to}` : value
}

export function presentRun(run: BootstrapRun): RunJson {
  const { id, endpoint, template, state, secured, address, port, attempts, credential, reason, finishedAt } = run
  const format = formatText(run.formats[0])
  return {
    id,
    endpoint,
    template,
    state,
    secured,
    address,
    port,
    attempts,
    ...(format !== undefined && { format }),
    steps: run.steps.map(({ writes: _, at, ...step }) => ({ ...step, ...(at !== undefined && { at: isoOf(at) }) })),
    ...(credential !== undefined && { credential }),
    startedAt: isoOf(run.startedAt),
    heardAt: isoOf(run.heardAt),
    ...(finishedAt !== undefined && { finishedAt: isoOf(finishedAt) }),
    ...(reason !== undefined && { reason }),
  }
}

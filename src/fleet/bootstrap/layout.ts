/**
 * Where what a run writes comes to lie, and in which steps: instances around the bootstrap account, deletions that
 * leave it alone. Pure.
 */
import { accessControlObject, securityObject, serverObject, type Inventory } from '../../lwm2m/bootstrap/inventory.ts'
import type { BootstrapRun, BootstrapStep, PlannedInstance } from './types.ts'

/** A number for every instance that has none: the lowest free ones; the account's own are never free. */
export function laidOut(content: readonly PlannedInstance[], { account }: Inventory): readonly PlannedInstance[] {
  const next = new Map<number, number>()
  return content.map((planned) => {
    // Accounts of servers are laid out anew each time: an account may have moved since.
    if (planned.object > accessControlObject) return planned
    let instance = next.get(planned.object) ?? 0
    while (planned.object === securityObject && account.includes(instance)) instance++
    next.set(planned.object, instance + 1)
    return { ...planned, instance }
  })
}

/** Everything after Discover. */
export function planSteps(
  run: Pick<BootstrapRun, 'content' | 'delete' | 'writes' | 'verify'>,
  inventory: Inventory,
): readonly BootstrapStep[] {
  return [
    ...deletions(run, inventory).map((path) => pending('delete', path)),
    ...writeSteps(run),
    ...(run.verify ? [pending('read', `/${serverObject}`)] : []),
    pending('finish', '/bs'),
  ]
}

/** `/` and `/0` spare the account by themselves (LwM2M Core 1.2 §6.1.7.6); what is known is named all the same. */
function deletions(
  { content, delete: extra }: Pick<BootstrapRun, 'content' | 'delete'>,
  inventory: Inventory,
): readonly string[] {
  if (extra.includes('/')) return ['/']
  const { instances, account } = inventory
  const isKnown = instances[securityObject] !== undefined
  const security = isKnown
    ? instances[securityObject]!.filter((id) => !account.includes(id)).map((id) => `/${securityObject}/${id}`)
    : [`/${securityObject}`]
  // A client that lists its objects has none of those it does not list.
  const mayHave = (object: number): boolean => !isKnown || (instances[object]?.length ?? 0) > 0
  const usual = [
    serverObject,
    ...(content.some(({ object }) => object === accessControlObject) ? [accessControlObject] : []),
  ]
  const others = extra.filter((path) => !usual.some((object) => path === `/${object}`) && !path.startsWith('/0'))
  return [...security, ...usual.filter(mayHave).map((object) => `/${object}`), ...others]
}

function writeSteps({ content, writes }: Pick<BootstrapRun, 'content' | 'writes'>): readonly BootstrapStep[] {
  if (writes === 'instance') {
    return content.map(({ object, instance }, index) => ({
      ...pending('write', `/${object}/${instance}`),
      writes: [index],
    }))
  }
  const objects = [...new Set(content.map(({ object }) => object))]
  return objects.map((object) => ({
    ...pending('write', `/${object}`),
    writes: content.flatMap((one, index) => (one.object === object ? [index] : [])),
  }))
}

function pending(kind: BootstrapStep['kind'], path: string): BootstrapStep {
  return { kind, path, state: 'pending' }
}

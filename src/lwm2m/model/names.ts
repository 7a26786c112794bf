/**
 * Paths as people write them: `Device/0/Reboot`, `3/0/4` and any mixture. Names come from the model;
 * a name that is not there comes back with the nearest ones.
 */
import { editDistance } from '../../base/edit-distance.ts'
import { isFault } from '../../base/fault.ts'
import { childOf, formatPath, parseId, parsePath, rootPath, type Path } from '../path.ts'
import { isRefusal, refuse, type Refusal } from '../refusal.ts'
import { plainName, type DeviceModel } from './library.ts'

/** Resolves a path of ids and names against the model of a device. */
export function resolvePath(text: string, model: DeviceModel): Path | Refusal {
  const numeric = parsePath(text)
  if (!isFault(numeric)) return numeric
  const segments = text.trim().replace(/^\//, '').replace(/\/$/, '').split('/')
  if (segments.length > 4) return refuse('path.syntax', `${numeric.detail ?? 'the path cannot be read'}.`)
  let path: Path = rootPath
  for (const [index, segment] of segments.entries()) {
    const id: number | Refusal = parseId(segment) ?? idNamed(segment, index, path, model)
    if (isRefusal(id)) return id
    path = childOf(path, id)
  }
  return path
}

function idNamed(name: string, index: number, path: Path, model: DeviceModel): number | Refusal {
  if (index === 0) {
    const id = model.objectNamed(name)
    return id ?? unknownName(`there is no object '${name}'`, name, model.objectNames().keys())
  }
  if (index === 2) {
    const resources = [...(model.object(path[0]!)?.resources.values() ?? [])]
    const resource = resources.find((candidate) => plainName(candidate.name) === plainName(name))
    const where = `object ${path[0]} has no resource '${name}'`
    return (
      resource?.id ??
      unknownName(
        where,
        name,
        resources.map((candidate) => candidate.name),
      )
    )
  }
  const what = index === 1 ? 'an object instance' : 'a resource instance'
  return refuse('path.syntax', `'${name}' is not the id of ${what}: these are numbers from 0 to 65534.`)
}

function unknownName(sentence: string, name: string, known: Iterable<string>): Refusal {
  const near = nearestNames(name, known, 3)
  return refuse(
    'path.unknown-name',
    `${sentence[0]!.toUpperCase()}${sentence.slice(1)}.`,
    near.length === 0 ? "see 'coapstan objects list'" : `did you mean ${near.join(', ')}?`,
  )
}

/** `/3/0/4 (Device / Reboot)`: a path with the names the model has for it. */
export function describePath(path: Path, model: DeviceModel): string {
  const [objectId] = path
  const object = objectId === undefined ? undefined : model.object(objectId)?.name
  const resource = model.resource(path)?.name
  const names = [object, resource].filter((name) => name !== undefined)
  return names.length === 0 ? formatPath(path) : `${formatPath(path)} (${names.join(' / ')})`
}

/** The `count` names most like `name`, nearest first; none that has little in common with it. */
export function nearestNames(name: string, known: Iterable<string>, count: number): readonly string[] {
  const wanted = plainName(name).slice(0, 64)
  const limit = Math.max(2, Math.ceil(wanted.length / 2))
  // What only goes on after what was written costs little, as in completion.
  const costOf = (plain: string): number =>
    wanted !== '' && plain.startsWith(wanted) ? 1 : editDistance(wanted, plain, limit)
  return [...known]
    .map((candidate) => ({ candidate, cost: costOf(plainName(candidate)) }))
    .filter(({ cost }) => cost <= limit)
    .sort((a, b) => a.cost - b.cost || a.candidate.length - b.candidate.length)
    .slice(0, count)
    .map(({ candidate }) => candidate)
}

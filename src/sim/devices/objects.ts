/**
 * The objects of a virtual device: what can be read, written and executed, and its object list. Values
 * that were written survive a restart, as they do in flash.
 */
import { formatPath, isWithin, type Path } from '../../lwm2m/path.ts'
import type { Entry, Value } from '../../lwm2m/value.ts'
import type { Personality } from './personality.ts'

const text = (value: string): Value => ({ type: 'string', value })
const whole = (value: number): Value => ({ type: 'integer', value: BigInt(value) })
const float = (value: number): Value => ({ type: 'float', value })

/** Where every report puts its number. */
export const reportedPath: Path = [3303, 0, 5700]

const fixed: readonly (readonly [Path, Value])[] = [
  [[1, 0, 0], whole(101)],
  [[1, 0, 1], whole(0)],
  [[1, 0, 6], { type: 'boolean', value: false }],
  [[1, 0, 7], text('U')],
  [[3, 0, 0], text('Example Devices')],
  [[3, 0, 1], text('simulated')],
  [[3, 0, 3], text('1.0.0')],
  [[3, 0, 9], whole(87)],
  [[3, 0, 11, 0], whole(0)],
  [[3, 0, 14], text('+00:00')],
  [[3, 0, 15], text('Etc/UTC')],
  [[3, 0, 16], text('U')],
  [[4, 0, 0], whole(7)],
  [[4, 0, 1, 0], whole(7)],
  [[4, 0, 2], whole(-95)],
  [[4, 0, 4, 0], text('198.18.0.1')],
  [[4, 0, 8], whole(4711)],
  [[5, 0, 3], whole(0)],
  [[5, 0, 5], whole(0)],
  [[5, 0, 6], text('')],
  [[5, 0, 7], text('1.0.0')],
  [[5, 0, 8, 0], whole(0)],
  [[5, 0, 8, 1], whole(1)],
  [[5, 0, 9], whole(0)],
  [[3303, 0, 5601], float(-4)],
  [[3303, 0, 5602], float(31)],
  [reportedPath, float(0)],
  [[3303, 0, 5701], text('Cel')],
  [[3303, 0, 5750], text('')],
]

const writable: ReadonlySet<string> = new Set(['/3/0/14', '/3/0/15', '/3303/0/5750'])
const executable: ReadonlySet<string> = new Set(['/1/0/8', '/3/0/4', '/3/0/12', '/5/0/2', '/3303/0/5605'])

export class DeviceObjects {
  /** What differs from what all devices have, by path. */
  readonly #own = new Map<string, Value>()

  /** The value of a resource or resource instance. */
  valueAt(path: Path): Value | undefined {
    const own = this.#own.get(formatPath(path))
    return own ?? fixed.find(([at]) => at.length === path.length && isWithin(at, path))?.[1]
  }

  /** `path` must be one that every device has. */
  set(path: Path, value: Value): void {
    this.#own.set(formatPath(path), value)
  }

  /** All that is at and below `path`; empty where nothing is. */
  entriesAt(path: Path): readonly Entry[] {
    const entries: Entry[] = []
    for (const [at] of fixed) if (isWithin(path, at)) entries.push({ path: at, value: this.valueAt(at)! })
    return entries
  }

  mayWrite(path: Path): boolean {
    return writable.has(formatPath(path))
  }

  mayExecute(path: Path): boolean {
    return executable.has(formatPath(path))
  }
}

/** The object list of a Register (LwM2M Core 1.2 §6.2.1). */
export function objectListOf(personality: Personality): string {
  const formats = personality.announcedFormats
  const root = formats.length === 0 ? '' : `</>;rt="oma.lwm2m";ct="${formats.join(' ')}",`
  return `${root}</1/0>,</3/0>,</4/0>,</5/0>,</3303>;ver=1.1,</3303/0>`
}

/** What a Discover answers (LwM2M Core 1.2 §6.3.3). */
export function linksBelow(objects: DeviceObjects, path: Path): string {
  const paths = new Set([formatPath(path)])
  for (const entry of objects.entriesAt(path)) paths.add(formatPath(entry.path.slice(0, 3) as unknown as Path))
  return [...paths].map((target) => `<${target}>`).join(',')
}

/**
 * The objects that take a package: Firmware Update (5), Software Management (9) and Advanced Firmware
 * Update (33629), as one table of resource numbers, states and results. The machine knows object 5's terms
 * only; what another object says is put into them here.
 */
import type { FirmwareReport } from './types.ts'

/** Values of /5/0/3. */
export const idle = 0
export const downloading = 1
export const downloaded = 2
export const updating = 3

interface PackageObject {
  readonly title: string
  /** Numbers of resources; absent where the object has none. */
  readonly package: number
  readonly uri: number
  readonly install: number
  readonly state: number
  readonly result: number
  readonly packageVersion: number
  readonly protocols?: number
  readonly delivery?: number
  /** Gives up what was begun; `since` LwM2M 1.0 or later. */
  readonly cancel: { readonly resource: number; readonly since: '1.0' | '1.1' }
  /** Where what runs says its version; 'package': in PkgVersion, once the package is installed. */
  readonly running: '/3/0/3' | 'package' | { readonly resource: number }
  /** Software is installed beside what runs: no restart, and it has to be switched on. */
  readonly activate?: number
  readonly active?: number
  /** Into the values of /5/0/3 and /5/0/5; absent where they are the same. */
  readonly stateOf?: (value: number) => number
  readonly resultOf?: (value: number) => number
}

const firmware: PackageObject = {
  title: 'Firmware Update',
  package: 0,
  uri: 1,
  install: 2,
  state: 3,
  result: 5,
  packageVersion: 7,
  protocols: 8,
  delivery: 9,
  cancel: { resource: 10, since: '1.1' },
  running: '/3/0/3',
}

const objects: ReadonlyMap<number, PackageObject> = new Map([
  [5, firmware],
  [
    9,
    {
      title: 'Software Management',
      package: 2,
      uri: 3,
      install: 4,
      state: 7,
      result: 9,
      packageVersion: 1,
      // Uninstall, from Delivered: the package is removed.
      cancel: { resource: 6, since: '1.0' },
      running: 'package',
      activate: 10,
      active: 12,
      // 2 is downloaded and not checked yet, 3 delivered, 4 installed.
      stateOf: (value) => [idle, downloading, downloading, downloaded, idle][value] ?? value,
      resultOf: softwareResult,
    },
  ],
  [
    33629,
    {
      ...firmware,
      title: 'Advanced Firmware Update',
      cancel: { resource: 10, since: '1.0' },
      running: { resource: 15 },
    },
  ],
])

/** Results of object 9 in object 5's: 1 and 3 are progress, 50 to 59 failures. */
function softwareResult(value: number): number {
  if (value === 2) return 1
  if (value < 50) return 0
  return { 50: 2, 51: 3, 52: 4, 53: 5, 54: 6, 56: 7, 57: 8, 58: 8, 59: 8 }[value] ?? value
}

/** One instance of such an object, with its paths spelled out. */
export interface Target {
  readonly path: string
  readonly title: string
  readonly package: string
  readonly uri: string
  readonly install: string
  readonly state: string
  readonly result: string
  readonly cancel: { readonly path: string; readonly since: '1.0' | '1.1' }
  /** Read besides the instance itself, where that does not say what runs. */
  readonly running: string | undefined
  /** Software is installed beside what runs, without a restart: then this is executed. */
  readonly activate: string | undefined
}

export const defaultTarget = '/5/0'

/** Instances asked for are few: of each the paths are made once. */
const known = new Map<string, Target>()
const knownLimit = 64

/** Undefined where the path is no instance of an object that takes packages. */
export function targetOf(path: string): Target | undefined {
  const before = known.get(path)
  if (before !== undefined) return before
  const [objectId, instance] = /^\/(\d{1,5})\/(\d{1,5})$/.exec(path)?.slice(1) ?? []
  const shape = objects.get(Number(objectId))
  if (shape === undefined || Number(instance) > 65_534) return undefined
  const at = (resource: number) => `${path}/${resource}`
  const target: Target = {
    path,
    title: shape.title,
    package: at(shape.package),
    uri: at(shape.uri),
    install: at(shape.install),
    state: at(shape.state),
    result: at(shape.result),
    cancel: { path: at(shape.cancel.resource), since: shape.cancel.since },
    running: shape.running === '/3/0/3' ? shape.running : undefined,
    activate: shape.activate === undefined ? undefined : at(shape.activate),
  }
  if (known.size === knownLimit) known.clear()
  known.set(path, target)
  return target
}

/** State of object 9 whose package is installed. */
const installed = 4

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Adds to `report` what a value at `path` says about `target`, wherever it stands in an answer. */
export function takeInto(report: Writable<FirmwareReport>, target: string, path: string, value: unknown): void {
  const shape = objects.get(Number(target.split('/')[1]))
  if (shape === undefined) return
  if (path === shape.running) report.firmwareVersion = String(value)
  if (!path.startsWith(`${target}/`)) return
  const [resource, instance] = path
    .slice(target.length + 1)
    .split('/')
    .map(Number)
  if (shape.protocols === resource && instance !== undefined) {
    report.protocols = [...(report.protocols ?? []), Number(value)]
  }
  if (instance !== undefined) return
  if (resource === shape.state) {
    report.state = shape.stateOf?.(Number(value)) ?? Number(value)
    if (shape.activate !== undefined) report.isInstalled = Number(value) === installed
  } else if (resource === shape.result) report.result = shape.resultOf?.(Number(value)) ?? Number(value)
  else if (resource === shape.uri) report.packageUri = String(value)
  else if (resource === shape.packageVersion) report.packageVersion = String(value)
  else if (resource === shape.delivery) report.delivery = Number(value)
  else if (resource === shape.active) report.active = value === true
  if (typeof shape.running === 'object' && resource === shape.running.resource) report.firmwareVersion = String(value)
}

/** The version that runs: undefined where it is not known yet, empty where the device does not tell. */
export function runningOf({ activate }: Target, seen: FirmwareReport): string | undefined {
  if (activate === undefined) return seen.firmwareVersion
  return seen.isInstalled === true ? seen.packageVersion : undefined
}

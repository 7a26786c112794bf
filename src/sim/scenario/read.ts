/**
 * From the text of a scenario file to a scenario, or to what is wrong with it: each problem with the line
 * and the member it is at. Reads no file.
 */
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import { milliseconds, minutes, type Duration } from '../../base/time.ts'
import { usualMix, type PersonalityName } from '../devices/personalities.ts'
import { largestImage, scenarioSchema, type FaultsText, type NetworkText, type ScenarioText } from './format.ts'
import type { Expectations, Faults, NetworkTuning, Scenario } from './scenario.ts'
import { durationOf, shareOf, sizeOf } from './scalars.ts'

export interface ScenarioProblem {
  /** From 1 on; undefined where it is in no line. */
  readonly line: number | undefined
  /** `faults.power-cut.share`; empty for the file as a whole. */
  readonly field: string
  readonly message: string
}

export type ReadScenario = { readonly scenario: Scenario } | { readonly problems: readonly ScenarioProblem[] }

/** What a campaign is called and brings is said when it is made, not in the scenario. */
const filledIn = { name: 'filled-in', image: 'filled-in' }

/** Total: whatever the text is. `campaignSchema` is what a campaign is held against. */
export function readScenario(text: string, campaignSchema: TSchema): ReadScenario {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({
      line: lines.linePos(pos[0]).line,
      field: '',
      message: message.split('\n')[0]!,
    }))
    return { problems }
  }
  const written: unknown = document.toJS()
  const at = (path: readonly string[]): number | undefined => lineOf(document, lines, path)
  const problems = shapeProblems(scenarioSchema, written, [], at)
  if (problems.length > 0) return { problems }
  const { campaign } = written as ScenarioText
  if (campaign !== undefined) {
    const ofCampaign = shapeProblems(campaignSchema, { ...filledIn, ...campaign }, ['campaign'], at)
    if (ofCampaign.length > 0) return { problems: ofCampaign }
  }
  const found = meaningProblems(written as ScenarioText, at)
  return found.length > 0 ? { problems: found } : { scenario: scenarioOf(written as ScenarioText) }
}

/** Keywords that say nothing a person wants to know beside another one. */
const silentKeywords = new Set(['boolean'])

function shapeProblems(
  schema: TSchema,
  written: unknown,
  within: readonly string[],
  lineAt: (path: readonly string[]) => number | undefined,
): readonly ScenarioProblem[] {
  return Value.Errors(schema, written)
    .filter(({ keyword }) => !silentKeywords.has(keyword))
    .flatMap(({ instancePath, keyword, message, params }) => {
      const path = [...within, ...instancePath.split('/').slice(1)]
      const named = params as Readonly<Record<string, unknown>>
      const problem = (at: readonly string[], text: string): ScenarioProblem => ({
        line: lineAt(at),
        field: at.join('.'),
        message: text,
      })
      switch (keyword) {
        case 'additionalProperties':
          return listed(named['additionalProperties']).map((name) => problem([...path, name], 'is not known here'))
        case 'required':
          return listed(named['requiredProperties']).map((name) => ({
            ...problem(path, 'is missing'),
            field: [...path, name].join('.'),
          }))
        case 'enum':
          return [problem(path, `must be one of ${listed(named['allowedValues']).join(', ')}`)]
        case 'pattern':
          return [problem(path, `must look like ${String(named['pattern'])}`)]
        default:
          return [problem(path, message)]
      }
    })
}

function listed(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** What each member may be by itself and not with the others. */
function meaningProblems(
  { campaign, firmware, mix }: ScenarioText,
  lineAt: (path: readonly string[]) => number | undefined,
): readonly ScenarioProblem[] {
  const problems: ScenarioProblem[] = []
  const say = (field: string, message: string): void => {
    problems.push({ line: lineAt(field.split('.')), field, message })
  }
  if (campaign !== undefined && firmware === undefined) say('campaign', 'needs firmware to bring: add firmware.size')
  if (firmware !== undefined && sizeOf(firmware.size)! > largestImage) say('firmware.size', 'must be at most 16 MiB')
  if (firmware !== undefined && sizeOf(firmware.size)! < 1024) say('firmware.size', 'must be at least 1 KiB')
  if (firmware?.from !== undefined && firmware.from === firmware.to)
    say('firmware.to', 'must differ from firmware.from')
  if (mix !== undefined && !Object.values(mix).some((weight) => Number(weight) > 0)) {
    say('mix', 'must give at least one personality a share')
  }
  return problems
}

function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number | undefined {
  for (let depth = path.length; depth >= 0; depth--) {
    const parent: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth - 1), true)
    // The line of the name, not of what is below it.
    const key = isMap(parent) ? parent.items.find((pair) => nameOf(pair.key) === path[depth - 1])?.key : undefined
    const node: unknown = depth === 0 ? parent : (key ?? undefined)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

function nameOf(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key)
}

function scenarioOf(text: ScenarioText): Scenario {
  const { campaign, expect, faults, firmware, mix, networks, security } = text
  const boot = durationOf(text.boot ?? '1m')!
  const isSecured = security?.dtls ?? true
  return {
    name: text.name,
    title: text.title ?? text.name,
    description: text.description?.trim() ?? '',
    seed: text.seed ?? 1,
    devices: text.devices,
    duration: durationOf(text.duration)!,
    boot,
    compress: text.compress ?? 1,
    mix: mix === undefined ? usualMix : (Object.entries(mix) as [PersonalityName, number][]),
    networks: Object.fromEntries(Object.entries(networks ?? {}).map(([name, network]) => [name, tuningOf(network)])),
    connectionIds: isSecured ? (read(security?.['connection-id'], shareOf) ?? 1) : undefined,
    observe: text.observe ?? [],
    faults: faultsOf(faults ?? {}),
    firmware:
      firmware === undefined
        ? undefined
        : { size: sizeOf(firmware.size)!, from: firmware.from ?? '1.0.0', to: firmware.to ?? '1.1.0' },
    campaign,
    campaignAfter: read(text['campaign-after'], durationOf) ?? milliseconds(boot + minutes(1)),
    expect: expectationsOf(expect ?? {}),
  }
}

function tuningOf(text: NetworkText): NetworkTuning {
  return present({
    loss: read(text.loss, shareOf),
    lossRun: text['loss-run'],
    latency: read(text.latency, durationOf),
    jitter: text.jitter,
    duplicates: read(text.duplicates, shareOf),
    reordered: read(text.reordered, shareOf),
    nat: read(text.nat, durationOf),
    awake: read(text.awake, durationOf),
    poll: read(text.poll, durationOf),
  })
}

function faultsOf(text: FaultsText): Faults {
  const faulty = text['faulty-image']
  const cut = text['power-cut']
  const slow = text['slow-blocks']
  const rebinding = text['nat-rebinding']
  const back = text['power-return']
  const duration = (written: string | number): Duration => durationOf(written)!
  return present({
    faultyImage: faulty && { share: shareOf(faulty.share)!, shows: faulty.shows ?? 'boot' },
    powerCut: cut && { share: shareOf(cut.share)!, at: shareOf(cut.at)! },
    slowBlocks: slow && { share: shareOf(slow.share)!, pause: duration(slow.pause) },
    natRebinding: rebinding && { share: shareOf(rebinding.share)!, every: duration(rebinding.every) },
    powerReturn: back && {
      share: shareOf(back.share)!,
      after: duration(back.after),
      off: duration(back.off),
      within: duration(back.within),
    },
  })
}

function expectationsOf(text: NonNullable<ScenarioText['expect']>): Expectations {
  return present({
    registered: read(text.registered, shareOf),
    updated: read(text.updated, shareOf),
    updatedAtMost: read(text['updated-at-most'], shareOf),
    campaign: text.campaign,
    rolledBack: text['rolled-back'],
  })
}

function read<T>(written: string | number | undefined, as: (written: string | number) => T): T | undefined {
  return written === undefined ? undefined : as(written)
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the members that are undefined. */
function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>
}

/**
 * Between a step of a run as it is kept and the message that carries it: built when it is sent, its answer read when
 * it comes. Keys are opened here and nowhere else, for the one message.
 */
import { hexOf, textOf, type Bytes } from '../../base/bytes.ts'
import { isFault } from '../../base/fault.ts'
import type { Instant } from '../../base/time.ts'
import { codeText, isSuccess } from '../../coap/codes.ts'
import { option } from '../../coap/options.ts'
import type { OutboundRequest, RequestOutcome } from '../../coap/types.ts'
import type { StepAnswer } from '../../fleet/bootstrap/rules.ts'
import type { BootstrapRun, BootstrapStep, PlannedInstance } from '../../fleet/bootstrap/types.ts'
import { inventoryOf, serverObject, youngFrom } from '../../lwm2m/bootstrap/inventory.ts'
import {
  deleteMessage,
  discoverMessage,
  entriesOf,
  finishMessage,
  readMessage,
  writeMessage,
  type InstanceContent,
} from '../../lwm2m/bootstrap/messages.ts'
import { deviceModel, type DeviceModel, type EnablerVersion, type ObjectLibrary } from '../../lwm2m/model/library.ts'
import { formatPath, parsePath, pathOf, rootPath, samePath } from '../../lwm2m/path.ts'
import { decodePayload } from '../../lwm2m/payload/codec.ts'
import type { FormatNumber } from '../../lwm2m/payload/content-format.ts'
import { decodeDiscover } from '../../lwm2m/payload/discover.ts'
import { isRefusal, refuse, type Refusal } from '../../lwm2m/refusal.ts'
import { sameValue } from '../../lwm2m/value.ts'

/** The key a run carries sealed; undefined where it does not open. */
export type OpenKey = (endpoint: string, sealed: string) => Bytes | undefined

/** Characters of a device's diagnostic text that are kept. */
const shownDiagnostic = 120

export function modelFor(run: BootstrapRun, library: ObjectLibrary): DeviceModel {
  const { enabler } = run
  const version: EnablerVersion = enabler === '1.0' || enabler === '1.2' ? enabler : '1.1'
  return deviceModel(library, version)
}

/** The message of a step; refused where no format left to try can say it. */
export function messageOf(
  run: BootstrapRun,
  step: BootstrapStep,
  model: DeviceModel,
  openKey: OpenKey,
): OutboundRequest | Refusal {
  const format = run.formats[0] as FormatNumber
  switch (step.kind) {
    case 'discover':
      return discoverMessage()
    case 'delete': {
      const path = parsePath(step.path)
      return deleteMessage(isFault(path) ? rootPath : path)
    }
    case 'read':
      return readMessage(serverObject, format)
    case 'write': {
      const planned = (step.writes ?? []).map((index) => run.content[index]!)
      const instances = planned.map((one) => contentOf(one, run, openKey))
      if (instances.includes('sealed')) return refuse('value.not-expressible', 'a sealed key does not open')
      const isWhole = step.path.split('/').length === 2
      return writeMessage(instances as InstanceContent[], isWhole, format, model)
    }
    case 'finish':
    case 'pack':
      return finishMessage()
  }
}

/** An instance as the device is to hold it, its key in it; 'sealed' where the key cannot be opened. */
export function contentOf(planned: PlannedInstance, run: BootstrapRun, openKey: OpenKey): InstanceContent | 'sealed' {
  const { object, instance = 0, sealedKey } = planned
  const resources = run.lean === undefined ? planned.resources : withoutYoung(planned)
  if (sealedKey === undefined) return { object, instance, resources }
  const key = openKey(run.endpoint, sealedKey)
  if (key === undefined) return 'sealed'
  return { object, instance, resources: { ...resources, 5: hexOf(key) } }
}

function withoutYoung({ object, resources }: PlannedInstance): PlannedInstance['resources'] {
  const limit = youngFrom[object] ?? Infinity
  return Object.fromEntries(Object.entries(resources).filter(([id]) => Number(id) < limit))
}

/** What an outcome means for the step that was sent. */
export function answerOf(
  now: Instant,
  run: BootstrapRun,
  step: BootstrapStep,
  outcome: RequestOutcome,
  model: DeviceModel,
): StepAnswer {
  // What clients need not know, some answer with RST: waiting for another answer would be the end of it.
  const isOptional = step.kind === 'discover' || step.kind === 'read'
  if (outcome.outcome === 'reset' && isOptional) return { answer: 'code', code: 'RST', detail: silences.reset }
  if (outcome.outcome !== 'response') return { answer: 'silence', detail: silences[outcome.outcome] }
  const { code, payload, options } = outcome.response
  if (!isSuccess(code)) {
    const text = textOf(payload)?.replaceAll(/\p{C}/gu, '?').slice(0, shownDiagnostic)
    return { answer: 'code', code: codeText(code), ...(text === undefined || text === '' ? {} : { detail: text }) }
  }
  if (step.kind === 'discover') {
    const discovered = decodeDiscover(payload.slice())
    if (!isFault(discovered)) return { answer: 'inventory', inventory: inventoryOf(discovered, run.assumedAccount) }
    return { answer: 'code', code: codeText(code), detail: 'the answer to Discover cannot be read' }
  }
  if (step.kind === 'read') return compared(now, run, options.uint(option.contentFormat), payload, model)
  return { answer: 'code', code: codeText(code) }
}

const silences = {
  timeout: 'no answer',
  reset: 'the device refused the message (RST)',
  asleep: 'no answer',
  cancelled: 'taken back',
  unusable: 'an answer that cannot be used',
} as const

/** Whether the Server object holds each value that was written. */
function compared(
  now: Instant,
  run: BootstrapRun,
  contentFormat: number | undefined,
  payload: Bytes,
  model: DeviceModel,
): StepAnswer {
  const decoded = decodePayload(contentFormat ?? run.formats[0]!, payload, { base: pathOf([serverObject]), model, now })
  if (isFault(decoded)) return { answer: 'code', code: '2.05', detail: 'what was read cannot be decoded' }
  const servers = run.content.filter(({ object }) => object === serverObject)
  const written = entriesOf(servers.map((one) => contentOf(one, run, () => undefined)) as InstanceContent[], model)
  if (isRefusal(written)) return { answer: 'compared' }
  for (const { path, value } of written) {
    const found = decoded.entries.find((entry) => samePath(entry.path, path))?.value
    // A resource the device does not show is one it may have left out.
    if (value === undefined || found === undefined || sameValue(value, found)) continue
    return { answer: 'compared', difference: `${formatPath(path)} is another value` }
  }
  return { answer: 'compared' }
}

/**
 * Which content format to use with a device: what the operator names, else what the device has shown to
 * take, else the best of what it registered, else what its version must be able to do.
 */
import { legacyContentFormat } from '../../coap/content-formats.ts'
import type { DeviceView, FormatMemory } from './device-view.ts'
import { format, formatOf, type FormatNumber } from '../payload/content-format.ts'
import type { Path } from '../path.ts'
import type { Entry } from '../value.ts'

/** Typed and compact first. */
const severalPreferred: readonly FormatNumber[] = [
  format.lwm2mCbor,
  format.senmlCbor,
  format.tlv,
  format.senmlJson,
  format.json,
]
const singlePreferred: readonly FormatNumber[] = [format.text, format.cbor, ...severalPreferred]

/** Accept of a read or observe; undefined leaves the choice to the device, which every version can make. */
export function formatToAccept(device: DeviceView, path: Path): FormatNumber | undefined {
  if (device.formats.choosesItself) return undefined
  const registered = registeredFormats(device)
  const { answered } = device.formats
  if (answered !== undefined && severalPreferred.includes(answered)) return answered
  const several = severalPreferred.find((candidate) => registered.has(candidate))
  if (several !== undefined || !registered.has(format.cbor)) return several
  const holdsOne = path.length === 4 || (path.length === 3 && device.model.resource(path)?.multiple === false)
  return holdsOne ? format.cbor : undefined
}

/** Content-Format of `entries` written to `base`. */
export function formatToWrite(device: DeviceView, base: Path, entries: readonly Entry[]): FormatNumber {
  const candidates = formatsToWrite(device, base, entries)
  const refused = refusedOf(device.formats, isOne(base, entries))
  return candidates.find((candidate) => !refused.includes(candidate)) ?? candidates[0]!
}

/** Whether a write that was refused for its format can be said in one the device has not refused yet. */
export function hasOtherFormat(device: DeviceView, base: Path, entries: readonly Entry[]): boolean {
  const refused = refusedOf(device.formats, isOne(base, entries))
  return formatsToWrite(device, base, entries).some((candidate) => !refused.includes(candidate))
}

/** Whether it is one value of one resource or resource instance, which any format can say. */
export function isOne(base: Path, entries: readonly Entry[]): boolean {
  const [only] = entries
  return entries.length === 1 && only?.value !== undefined && only.path.length === base.length
}

function refusedOf(memory: FormatMemory, forOne: boolean): readonly FormatNumber[] {
  return (forOne ? memory.refusedForOne : memory.refused) ?? []
}

/** Those that can say it, the likeliest first. */
function formatsToWrite(device: DeviceView, base: Path, entries: readonly Entry[]): readonly FormatNumber[] {
  const isSingle = isOne(base, entries)
  const registered = registeredFormats(device)
  const hasEmpty = entries.some((entry) => entry.value === undefined)
  const able = (isSingle ? singlePreferred : severalPreferred).filter(
    (candidate) => !hasEmpty || (candidate !== format.senmlCbor && candidate !== format.senmlJson),
  )
  const { accepted, answered } = device.formats
  // TLV is the one format 1.0 makes mandatory, text the one of 1.1 (LwM2M Core 1.0 §6.4, 1.1 §7.4).
  const takesText = device.version !== '1.0' || device.formats.text === true
  const mandatory = isSingle && takesText ? format.text : device.version === '1.0' ? format.tlv : undefined
  const likely = [
    // Octets of any size go as they are: nothing to wrap, nothing to copy on the device.
    isSingle && entries[0]?.value?.type === 'opaque' ? format.opaque : undefined,
    accepted,
    ...able.filter((candidate) => registered.has(candidate)),
    mandatory,
    // What it writes, it most likely reads.
    answered,
    hasEmpty || device.version === '1.0' ? format.tlv : format.senmlCbor,
    ...able.filter((candidate) => mayKnow(device, candidate)),
  ]
  return likely.filter(
    (each) => each !== undefined && (each === format.opaque || able.includes(each)),
  ) as FormatNumber[]
}

/** Whether the format is as old as the device's enabler. */
function mayKnow({ version }: DeviceView, candidate: FormatNumber): boolean {
  if (candidate === format.lwm2mCbor) return version === '1.2'
  return version !== '1.0' || candidate === format.text || candidate === format.tlv || candidate === format.json
}

/** Both the paths and the answer of a composite (LwM2M Core 1.2 §6.3): SenML, CBOR rather than JSON. */
export function formatForComposite(device: DeviceView, needsEtch: boolean): FormatNumber {
  const registered = registeredFormats(device)
  const wantsJson =
    device.formats.answered === format.senmlJson ||
    refusedOf(device.formats, false).includes(format.senmlCbor) ||
    (registered.has(format.senmlJson) && !registered.has(format.senmlCbor))
  if (needsEtch) return wantsJson ? format.senmlEtchJson : format.senmlEtchCbor
  return wantsJson ? format.senmlJson : format.senmlCbor
}

/**
 * The memory after an exchange that showed `shown`, about one value or more. Formats for a single value say nothing
 * about the next one and are not kept. The very same memory where nothing is new.
 */
export function rememberFormats(memory: FormatMemory, shown: FormatMemory, forOne: boolean = false): FormatMemory {
  const answered = keptFormat(shown.answered) ?? memory.answered
  const accepted = keptFormat(shown.accepted) ?? memory.accepted
  const flags = { ...flagsOf(memory), ...flagsOf(shown) }
  const isForgiven = shown.accepted !== undefined && refusedOf(memory, forOne).includes(shown.accepted)
  const isSame =
    answered === memory.answered &&
    accepted === memory.accepted &&
    !isForgiven &&
    Object.keys(flags).length === Object.keys(flagsOf(memory)).length
  if (isSame) return memory
  const next = {
    ...memory,
    ...(answered !== undefined && { answered }),
    ...(accepted !== undefined && { accepted }),
    ...flags,
  }
  if (!isForgiven) return next
  return withRefused(
    next,
    refusedOf(memory, forOne).filter((one) => one !== shown.accepted),
    forOne,
  )
}

function withRefused(memory: FormatMemory, refused: readonly FormatNumber[], forOne: boolean): FormatMemory {
  const { refused: several, refusedForOne: one, ...rest } = memory
  const [forSeveral = [], forSingle = []] = forOne ? [several, refused] : [refused, one]
  return {
    ...rest,
    ...(forSeveral.length > 0 && { refused: forSeveral }),
    ...(forSingle.length > 0 && { refusedForOne: forSingle }),
  }
}

function flagsOf({
  choosesItself,
  legacy,
  text,
}: FormatMemory): Pick<FormatMemory, 'choosesItself' | 'legacy' | 'text'> {
  return { ...(choosesItself && { choosesItself }), ...(legacy && { legacy }), ...(text && { text }) }
}

/** The number of a format for a device. */
export function numberFor(device: DeviceView, chosen: FormatNumber): number {
  return device.formats.legacy === true ? legacyContentFormat(chosen) : chosen
}

/** The memory after something in `refused` was answered with 4.15 or 4.06: it is the last choice from then on. */
export function forgetAccepted(memory: FormatMemory, refused: FormatNumber, forOne: boolean): FormatMemory {
  const before = refusedOf(memory, forOne)
  if (before.includes(refused) && memory.accepted !== refused) return memory
  const { accepted: _, ...rest } = memory
  const known = memory.accepted === refused ? rest : memory
  return withRefused(known, [...new Set([...before, refused])], forOne)
}

function keptFormat(shown: FormatNumber | undefined): FormatNumber | undefined {
  return shown !== undefined && severalPreferred.includes(shown) ? shown : undefined
}

function registeredFormats(device: DeviceView): ReadonlySet<FormatNumber> {
  const known = device.supported.contentFormats.map(formatOf).filter((number) => number !== undefined)
  return new Set(known)
}

/**
 * Which network profile holds for a device (ARCHITECTURE §7): the operator's word, else its product's, else
 * that of the network it comes from, else what its own /4 reports, else the listener's. Pure.
 */
import { isWithinPrefix, prefixOfText, type AddressPrefix } from '../../base/address.ts'
import { UsageError } from '../../base/errors.ts'
import { isProfileName, profileNames, type ProfileName } from '../../config/profiles.ts'
import type { Settings } from '../../config/tunables.ts'
import type { NetworkFacts } from '../../lwm2m/network.ts'
import type { ChosenProfile, Device, Registration } from './types.ts'

export interface ProfileRules {
  readonly products: ReadonlyMap<string, ProfileName>
  /** The longest first. */
  readonly prefixes: readonly { readonly prefix: AddressPrefix; readonly profile: ProfileName }[]
  readonly plain: ProfileName
  readonly secured: ProfileName
}

type ProfileSettings = Pick<Settings, 'profiles.by-product' | 'profiles.by-prefix' | 'coap.profile' | 'coaps.profile'>

/** Throws UsageError 'config.value' that names the knob and what would be right. */
export function profileRulesOf(settings: ProfileSettings): ProfileRules {
  const prefixes = pairsOf('profiles.by-prefix', settings).map(([text, profile]) => {
    const prefix = prefixOfText(text)
    if (prefix === undefined) throw wrong('profiles.by-prefix', `'${text}' is no address prefix like 10.1.0.0/16`)
    return { prefix, profile }
  })
  return {
    products: new Map(pairsOf('profiles.by-product', settings)),
    prefixes: prefixes.sort((a, b) => b.prefix.bits - a.prefix.bits),
    // The knobs are choices of profile names.
    plain: settings['coap.profile'] as ProfileName,
    secured: settings['coaps.profile'] as ProfileName,
  }
}

/** `meter=nbiot, tracker=lte-m`. */
function pairsOf(
  knob: 'profiles.by-product' | 'profiles.by-prefix',
  settings: ProfileSettings,
): readonly (readonly [string, ProfileName])[] {
  return settings[knob]
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.lastIndexOf('=')
      const [name, profile] = [part.slice(0, Math.max(0, at)).trim(), part.slice(at + 1).trim()]
      if (name === '' || !isProfileName(profile)) throw wrong(knob, `'${part}' is not name=profile`)
      return [name, profile]
    })
}

function wrong(knob: string, why: string): UsageError {
  return new UsageError('config.value', `${knob}: ${why}`, { hint: `profiles: ${profileNames.join(', ')}` })
}

export function chosenProfile(
  device: Pick<Device, 'profile' | 'product' | 'learned'> | undefined,
  registration: Pick<Registration, 'address' | 'queueMode' | 'secured'> | undefined,
  rules: ProfileRules,
): ChosenProfile {
  if (device?.profile !== undefined) return { profile: device.profile, from: 'operator' }
  const ofProduct = device?.product === undefined ? undefined : rules.products.get(device.product)
  if (ofProduct !== undefined) return { profile: ofProduct, from: 'product' }
  const address = registration?.address ?? ''
  const ofPrefix =
    address === '' ? undefined : rules.prefixes.find(({ prefix }) => isWithinPrefix(prefix, address))?.profile
  if (ofPrefix !== undefined) return { profile: ofPrefix, from: 'prefix' }
  const reported = reportedProfile(device?.learned?.network, registration?.queueMode === true)
  if (reported !== undefined) return { profile: reported, from: 'network' }
  return { profile: registration?.secured === true ? rules.secured : rules.plain, from: 'listener' }
}

/** From /4/0/0 and /4/0/13 (devices.md §2): object 4 numbers the bearers. */
function reportedProfile(network: NetworkFacts | undefined, sleeps: boolean): ProfileName | undefined {
  switch (network?.bearer) {
    case 7:
      return (network.coverageLevel ?? 0) >= 3 ? 'nbiot-deep' : 'nbiot'
    case 0:
    case 1:
    case 2:
    case 3:
    case 5:
    case 6:
      return 'lte-m'
    case 21:
    case 41:
    case 42:
    case 43:
      return 'ip'
    case 23:
      return sleeps ? 'thread-sleepy' : 'thread-router'
    default:
      return undefined
  }
}

/** The network profile of a device that has said who it is in a handshake, from what the store knows of it. */
import { profiles, type Profile } from '../config/profiles.ts'
import type { Settings } from '../config/tunables.ts'
import { chosenProfile } from '../fleet/registry/profile-choice.ts'
import { statusRulesOf } from '../fleet/registry/rules.ts'
import type { RegistryStore } from '../fleet/registry/store.ts'
import type { EndpointName } from '../fleet/registry/types.ts'

export function deviceProfiles(
  store: Pick<RegistryStore, 'device'>,
  settings: Settings,
): (endpoint: EndpointName) => Profile {
  const { profiles: rules } = statusRulesOf(settings)
  return (endpoint) => {
    const row = store.device(endpoint)
    // It comes over DTLS now, whatever it did before.
    const registration = row?.registration ?? { address: '', queueMode: false, secured: true }
    return profiles[chosenProfile(row?.device, registration, rules).profile]
  }
}

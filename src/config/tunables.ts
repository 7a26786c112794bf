/**
 * Every knob of the house, once (ARCHITECTURE §7). From these rows come the type of the settings, the
 * environment names, the command-line flags, the validation and `docs/config.md`. Per-network timers
 * are not here: they are a device's profile (`profiles.ts`).
 */
import { bootstrapKnobs } from './knobs/bootstrap.ts'
import { coapKnobs } from './knobs/coap.ts'
import { coapsKnobs } from './knobs/coaps.ts'
import { credentialsKnobs } from './knobs/credentials.ts'
import { downloadsKnobs } from './knobs/downloads.ts'
import { dtlsKnobs } from './knobs/dtls.ts'
import { fleetKnobs } from './knobs/fleet.ts'
import { imagesKnobs } from './knobs/images.ts'
import { httpKnobs } from './knobs/http.ts'
import { serverKnobs } from './knobs/server.ts'
import { udpKnobs } from './knobs/udp.ts'
import type { Knob } from './knobs/knob.ts'

export type { Knob } from './knobs/knob.ts'

export const tunables = {
  ...serverKnobs,
  ...udpKnobs,
  ...coapKnobs,
  ...coapsKnobs,
  ...dtlsKnobs,
  ...fleetKnobs,
  ...downloadsKnobs,
  ...imagesKnobs,
  ...credentialsKnobs,
  ...bootstrapKnobs,
  ...httpKnobs,
} as const satisfies Readonly<Record<string, Knob>>

export type KnobName = keyof typeof tunables

/** The value each knob has: numbers for durations (ms), counts and bytes, text for the rest. */
export type Settings = {
  readonly [K in KnobName]: (typeof tunables)[K]['kind'] extends 'text' | 'choice' ? string : number
}

export const knobNames = Object.keys(tunables) as readonly KnobName[]

/** `coap.dedup.per-peer` → `COAPSTAN_COAP_DEDUP_PER_PEER`. */
export function environmentNameOf(knob: KnobName): string {
  return `COAPSTAN_${knob.toUpperCase().replaceAll(/[.-]/g, '_')}`
}

/** `coap.dedup.per-peer` → `--coap-dedup-per-peer`. */
export function flagOf(knob: KnobName): string {
  return `--${knob.replaceAll('.', '-')}`
}

export const defaultSettings: Settings = Object.freeze(
  Object.fromEntries(knobNames.map((name) => [name, tunables[name].default])),
) as unknown as Settings

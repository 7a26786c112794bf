/**
 * How large simulations are: small in every run, as large as the machine allows by environment
 * (`SIM_DEVICES`, `SIM_DAYS`, `SIM_HOURS`, `SIM_SEEDS`, or `SIM_SEED` to see one world again).
 */
import { World, type WorldOptions } from '../../src/sim/world.ts'
import { readObjectLibrary } from '../../src/sim/object-files.ts'

export const library = readObjectLibrary()

/** A number from the environment, or the usual one. */
export function sized(name: 'SIM_DEVICES' | 'SIM_DAYS' | 'SIM_HOURS', usual: number): number {
  const given = process.env[name]
  return given === undefined ? usual : Number(given)
}

/** The seeds a scenario runs with: `usual` of them, or as many as asked for, or the one asked for. */
export function seeds(usual: number): readonly number[] {
  if (process.env['SIM_SEED'] !== undefined) return [Number(process.env['SIM_SEED'])]
  const count = Number(process.env['SIM_SEEDS'] ?? usual)
  return Array.from({ length: count }, (_, index) => index + 1)
}

export function worldOf(options: Omit<WorldOptions, 'library'>): World {
  const world = new World({ library, ...options })
  world.begin()
  return world
}

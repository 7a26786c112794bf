/** Scenarios that come along, and those in files: found by name or path, read, and refused with line and member. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { campaignDraftSchema } from '../../api/contract/campaign-draft.ts'
import { readScenario } from '../../sim/scenario/read.ts'
import type { Scenario } from '../../sim/scenario/scenario.ts'
import { CommandFailure, usageFailure } from '../failure.ts'
import type { Session } from '../session.ts'

const directory = fileURLToPath(new URL('../../../scenarios/', import.meta.url))
const suffix = '.yaml'
/** What is wrong with a file after the first so many is mostly wrong because of them. */
const shownProblems = 8

export interface FoundScenario {
  readonly scenario: Scenario
  /** As written. */
  readonly text: string
}

/** The names of those that come along. */
export function shippedScenarios(): readonly string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length))
    .sort()
}

/** By name, or by the path of a file. Throws CommandFailure, exit code 2. */
export function scenarioOf({ surroundings }: Pick<Session, 'surroundings'>, reference: string): FoundScenario {
  const shipped = shippedScenarios()
  if (shipped.includes(reference)) return parsed(reference, readFileSync(`${directory}${reference}${suffix}`, 'utf8'))
  const text = surroundings.readText(reference)
  if (text !== undefined) return parsed(reference, text)
  throw usageFailure(
    `there is no scenario and no file '${reference}'`,
    `scenarios that come along: ${shipped.join(', ')}`,
  )
}

function parsed(reference: string, text: string): FoundScenario {
  const read = readScenario(text, campaignDraftSchema)
  if ('scenario' in read) return { scenario: read.scenario, text }
  const lines = read.problems
    .slice(0, shownProblems)
    .map(({ field, line, message }) =>
      [line === undefined ? '' : `line ${line}: `, field === '' ? '' : `${field} `, message].join(''),
    )
  throw new CommandFailure(`${reference} is no scenario that could be run`, { exitCode: 2, advice: lines })
}

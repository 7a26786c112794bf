/**
 * "Did you mean": endpoint names near one that is not there. Looks at a bounded set of candidates, never
 * at the whole fleet: every name one edit away, the neighbours in the index, and all of a small fleet.
 */
import { editDistance } from '../../base/edit-distance.ts'
import type { Sqlite } from './connection.ts'

/** Neighbours looked at on either side in the order of names, and names of a small fleet. */
const neighbours = 400
const smallFleet = 1_000
/** Longer names get neighbours only: the edits of one would be too many to look up. */
const longestEdited = 64
/** What typing slips put into a name; other characters still turn up among the neighbours. */
const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789:-_.'

export function similarNames(database: Sqlite): (name: string, limit: number) => readonly string[] {
  const exact = database.prepareColumn<[string], string>('SELECT endpoint FROM device WHERE endpoint = ?')
  const from = database.prepareColumn<[string, number], string>(
    'SELECT endpoint FROM device WHERE endpoint >= +? ORDER BY endpoint LIMIT +?',
  )
  const before = database.prepareColumn<[string, number], string>(
    'SELECT endpoint FROM device WHERE endpoint < +? ORDER BY endpoint DESC LIMIT +?',
  )
  return (name, limit) => {
    const candidates = new Set([
      ...before.all(name, neighbours),
      ...from.all(name, neighbours),
      ...from.all('', smallFleet),
    ])
    for (const edited of editsOf(name)) {
      if (!candidates.has(edited) && exact.get(edited) !== undefined) candidates.add(edited)
    }
    return nearest(name, candidates, limit)
  }
}

/** The closest `limit` of `candidates`, none so far off that nobody could have meant it. */
function nearest(name: string, candidates: Iterable<string>, limit: number): readonly string[] {
  const farthest = Math.max(2, Math.floor(name.length / 4))
  const wanted = name.toLowerCase()
  const found: { candidate: string; distance: number }[] = []
  for (const candidate of candidates) {
    const distance = candidate.startsWith(name) ? 1 : editDistance(wanted, candidate.toLowerCase(), farthest)
    if (distance <= farthest) found.push({ candidate, distance })
  }
  found.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
  return found.slice(0, limit).map(({ candidate }) => candidate)
}

/** Every name that one slip away from `name` was meant: a character too many, missing, wrong, or two swapped. */
function* editsOf(name: string): Generator<string> {
  if (name.length > longestEdited) return
  for (let i = 0; i <= name.length; i++) {
    const head = name.slice(0, i)
    const tail = name.slice(i)
    for (const character of alphabet) {
      yield head + character + tail
      if (tail !== '') yield head + character + tail.slice(1)
    }
    if (tail !== '') yield head + tail.slice(1)
    if (tail.length > 1) yield head + tail.charAt(1) + tail.charAt(0) + tail.slice(2)
  }
}

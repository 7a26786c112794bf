/** Reads object definitions: the ones that come with the server and a directory of the operator's. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { ObjectLibrary } from '../lwm2m/model/library.ts'

const shippedDirectory = fileURLToPath(new URL('../../objects/', import.meta.url))

/** Throws UsageError 'objects.directory' where `ownDirectory` cannot be read; a bad file in it is a warning. */
export function loadObjects(ownDirectory: string, log: Log): ObjectLibrary {
  const library = new ObjectLibrary()
  for (const file of definitionFiles(shippedDirectory)) library.addUnread(readFileSync(file, 'utf8'))
  if (ownDirectory === '') return library
  for (const file of definitionFiles(ownDirectory)) {
    for (const problem of library.add(readFileSync(file, 'utf8'))) {
      const fields = { file, where: problem.where, problem: problem.message }
      if (problem.severity === 'error') log.error(fields, 'an object definition is not used')
      else log.warn(fields, 'an object definition has a flaw')
    }
  }
  return library
}

function definitionFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.toLowerCase().endsWith('.xml'))
      .sort()
      .map((name) => join(directory, name))
  } catch (cause) {
    throw new UsageError(
      'objects.directory',
      `the directory of object definitions ${directory} cannot be read: ${(cause as Error).message}`,
      {
        hint: 'name an existing one with --objects-directory, or leave it out',
      },
    )
  }
}

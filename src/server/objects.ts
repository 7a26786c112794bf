/** Reads object definitions: the ones that come with the server and a directory of the operator's. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { parseDdf, type DdfProblem } from '../lwm2m/model/ddf.ts'
import { ObjectLibrary } from '../lwm2m/model/library.ts'

const shippedDirectory = fileURLToPath(new URL('../../objects/', import.meta.url))

/** What one file of the operator's holds. */
export interface DefinitionFile {
  /** Its name within the directory. */
  readonly file: string
  readonly problems: readonly DdfProblem[]
}

export class ObjectDefinitions {
  readonly library = new ObjectLibrary()
  readonly #ownDirectory: string
  readonly #log: Log

  /** Throws UsageError 'objects.directory' where `ownDirectory` cannot be read; a bad file in it is not used. */
  constructor(ownDirectory: string, log: Log) {
    this.#ownDirectory = ownDirectory
    this.#log = log
    for (const { file, problems } of this.#readInto(this.library)) this.#report(file, problems)
  }

  /**
   * Reads them all again and uses them from now on. Throws UsageError 'objects.directory', or
   * 'objects.invalid' (422) with the files' problems: then everything stays as it was.
   */
  reload(): { readonly files: readonly DefinitionFile[]; readonly objects: number } {
    const fresh = new ObjectLibrary()
    const files = this.#readInto(fresh)
    const broken = files.filter(({ problems }) => problems.some(({ severity }) => severity === 'error'))
    if (broken.length > 0) {
      const [first] = broken
      throw new UsageError('objects.invalid', `${broken.map(({ file }) => file).join(', ')}: not a sound definition`, {
        status: 422,
        hint: `nothing was changed; see what is wrong: coapstan objects validate ${join(this.#ownDirectory, first!.file)}`,
        members: { files: broken },
      })
    }
    this.library.become(fresh)
    for (const { file, problems } of files) this.#report(file, problems)
    const objects = this.library.list().length
    this.#log.info({ objects, files: files.length }, 'object definitions are read again')
    return { files, objects }
  }

  /** What a definition file holds and what is wrong with it; nothing is kept. */
  validate(text: string): ReturnType<typeof parseDdf> {
    return parseDdf(text)
  }

  #readInto(library: ObjectLibrary): readonly DefinitionFile[] {
    for (const file of definitionFiles(shippedDirectory)) library.addUnread(readFileSync(file, 'utf8'))
    if (this.#ownDirectory === '') return []
    return definitionFiles(this.#ownDirectory).map((path) => ({
      file: basename(path),
      problems: library.add(readFileSync(path, 'utf8')),
    }))
  }

  #report(file: string, problems: readonly DdfProblem[]): void {
    for (const { severity, where, line, message } of problems) {
      const fields = { file, line, where, problem: message }
      if (severity === 'error') this.#log.error(fields, 'an object definition is not used')
      else this.#log.warn(fields, 'an object definition has a flaw')
    }
  }
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

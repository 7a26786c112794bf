/** The object definitions that come with the server, as the engine and the virtual devices read them. */
import { readdirSync, readFileSync } from 'node:fs'
import { ObjectLibrary } from '../lwm2m/model/library.ts'

const directory = new URL('../../objects/', import.meta.url)

export function readObjectLibrary(): ObjectLibrary {
  const library = new ObjectLibrary()
  for (const file of readdirSync(directory)) {
    if (file.endsWith('.xml')) library.addUnread(readFileSync(new URL(file, directory), 'utf8'))
  }
  return library
}

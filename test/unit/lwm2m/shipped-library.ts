/** The object definitions that come with the server, for tests; read once a process. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deviceViewOf, type DeviceView, type FormatMemory } from '../../../src/lwm2m/management/device-view.ts'
import { ObjectLibrary } from '../../../src/lwm2m/model/library.ts'

const directory = fileURLToPath(new URL('../../../objects/', import.meta.url))

export const shippedFiles: readonly string[] = readdirSync(directory).filter((file) => file.endsWith('.xml'))

export function shippedText(file: string): string {
  return readFileSync(directory + file, 'utf8')
}

export const library = new ObjectLibrary()
for (const file of shippedFiles) library.addUnread(shippedText(file))

/** A device as its registration describes it. */
export function device(lwm2mVersion: string, links: string, formats: FormatMemory = {}): DeviceView {
  return deviceViewOf(library, { lwm2mVersion, links }, formats)
}

/** Object list of a plain device with a thermometer. */
export const usualLinks =
  '</>;rt="oma.lwm2m";ct="60 110 112 11542",</1/0>,</3/0>,</4/0>,</5/0>,</9>,</3303/0>;ver=1.1,</3303/1>,</3311/0>'

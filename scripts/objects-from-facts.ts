/**
 * Writes objects/*.xml (OMA DDF) from a file of facts (ids, names, types, ranges, units) and our own
 * descriptions: node scripts/objects-from-facts.ts <facts.txt>. Object 33629, which the registry's facts
 * lack, is described at the end of this file. What has no sentence of ours gets one made from its facts.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Resource {
  readonly id: string
  readonly name: string
  readonly operations: string
  readonly multiple: string
  readonly mandatory: string
  readonly type: string
  readonly range: string
  readonly unit: string
}

interface ObjectFacts {
  readonly id: string
  readonly version: string
  readonly lwm2m: string
  readonly urn: string
  readonly multiple: string
  readonly mandatory: string
  readonly name: string
  readonly resources: Resource[]
}

const advancedFirmwareUpdate = `
O 33629 1.0 1.1 urn:oma:lwm2m:oma:33629 M O Advanced Firmware Update
0 Package | W | S | M | Opaque |  |
1 Package URI | RW | S | M | String | 0..255 |
2 Update | E | S | M |  |  |
3 State | R | S | M | Integer | 0..3 |
5 Update Result | R | S | M | Integer | 0..13 |
6 PkgName | R | S | O | String | 0..255 |
7 PkgVersion | R | S | O | String | 0..255 |
8 Firmware Update Protocol Support | R | M | O | Integer | 0..5 |
9 Firmware Update Delivery Method | R | S | M | Integer | 0..2 |
10 Cancel | E | S | O |  |  |
11 Severity | RW | S | O | Integer | 0..2 |
12 Last State Change Time | R | S | O | Time |  |
13 Maximum Defer Period | RW | S | O | Unsigned Integer |  | s
14 Component Name | R | S | M | String | 0..255 |
15 Current Version | R | S | M | String | 0..255 |
16 Linked Instances | R | M | O | Objlnk |  |
17 Conflicting Instances | R | M | O | Objlnk |  |
`

const factsFile = process.argv[2]
if (factsFile === undefined) {
  process.stderr.write('usage: node scripts/objects-from-facts.ts <facts.txt>\n')
  process.exit(2)
}
const home = fileURLToPath(new URL('.', import.meta.url))
const descriptions = descriptionsOf(readFileSync(`${home}object-descriptions.txt`, 'utf8'))
const target = `${home}../objects`
mkdirSync(target, { recursive: true })
const objects = [...factsOf(readFileSync(factsFile, 'utf8')), ...factsOf(advancedFirmwareUpdate)]
for (const object of objects) writeFileSync(`${target}/${object.id}-${object.version}.xml`, ddfOf(object))
process.stdout.write(`${objects.length} object definitions written to objects/\n`)

function descriptionsOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const at = line.indexOf(' | ')
    if (!line.startsWith('#') && at > 0) found.set(line.slice(0, at).replace(/^O /, ''), line.slice(at + 3).trim())
  }
  return found
}

function factsOf(text: string): ObjectFacts[] {
  const objects: ObjectFacts[] = []
  for (const line of text.split('\n')) {
    const head = /^O (\d+) (\S+) (\S+) (\S+) ([SM]) ([MO]) (.+)$/.exec(line)
    if (head) {
      const [id = '', version = '', lwm2m = '', urn = '', multiple = '', mandatory = '', name = ''] = head.slice(1)
      objects.push({ id, version, lwm2m, urn, multiple, mandatory, name: tidy(name), resources: [] })
    } else if (/^\d/.test(line)) {
      const [numbered = '', ...facts] = line.split('|').map(tidy)
      const [operations = '', multiple = '', mandatory = '', type = '', range = '', unit = ''] = facts
      const [id = ''] = numbered.split(' ')
      const name = numbered.slice(id.length + 1)
      objects.at(-1)?.resources.push({ id, name, operations, multiple, mandatory, type, range, unit })
    }
  }
  return objects
}

function tidy(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}

function ddfOf(object: ObjectFacts): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<LWM2M>',
    '  <Object ObjectType="MODefinition">',
    element(4, 'Name', object.name),
    element(4, 'Description1', descriptions.get(object.id) ?? `${object.name}.`),
    element(4, 'ObjectID', object.id),
    element(4, 'ObjectURN', object.urn),
    element(4, 'LWM2MVersion', object.lwm2m),
    element(4, 'ObjectVersion', object.version),
    element(4, 'MultipleInstances', object.multiple === 'M' ? 'Multiple' : 'Single'),
    element(4, 'Mandatory', object.mandatory === 'M' ? 'Mandatory' : 'Optional'),
    '    <Resources>',
  ]
  for (const resource of object.resources) {
    lines.push(
      `      <Item ID="${resource.id}">`,
      element(8, 'Name', resource.name),
      element(8, 'Operations', resource.operations),
      element(8, 'MultipleInstances', resource.multiple === 'M' ? 'Multiple' : 'Single'),
      element(8, 'Mandatory', resource.mandatory === 'M' ? 'Mandatory' : 'Optional'),
      element(8, 'Type', resource.type),
      element(8, 'RangeEnumeration', resource.range),
      element(8, 'Units', resource.unit),
      element(8, 'Description', describe(object, resource)),
      '      </Item>',
    )
  }
  return `${[...lines, '    </Resources>', '    <Description2></Description2>', '  </Object>', '</LWM2M>'].join('\n')}\n`
}

function describe(object: ObjectFacts, resource: Resource): string {
  const own = descriptions.get(`${object.id}/${resource.id}`) ?? descriptions.get(`*/${resource.id}`)
  if (own !== undefined) return own
  if (resource.operations === 'E') return `${resource.name}: an action of the device.`
  const kind = resource.type.toLowerCase()
  const unit = resource.unit === '' ? '' : ` in ${resource.unit}`
  const range = resource.range === '' ? '' : `, ${resource.range}`
  const count = resource.multiple === 'M' ? 'one value of type' : 'a value of type'
  return `${resource.name}: ${count} ${kind}${unit}${range}${resource.multiple === 'M' ? ' for each instance' : ''}.`
}

function element(indent: number, name: string, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `${' '.repeat(indent)}<${name}>${escaped}</${name}>`
}

/** Object definitions: reading, choosing a version, naming. */
import { describe, expect, it } from 'vitest'
import { withinLimits, limitsOf, limitsSentence, type Limits } from '../../../src/lwm2m/model/definition.ts'
import { parseDdf } from '../../../src/lwm2m/model/ddf.ts'
import { deviceModel, ObjectLibrary } from '../../../src/lwm2m/model/library.ts'
import { describePath, resolvePath } from '../../../src/lwm2m/model/names.ts'
import { formatPath, type Path } from '../../../src/lwm2m/path.ts'
import { isRefusal } from '../../../src/lwm2m/refusal.ts'
import type { ValueType } from '../../../src/lwm2m/value.ts'
import { library, shippedFiles, shippedText } from './shipped-library.ts'

describe('the definitions that come with the server', () => {
  it.each(shippedFiles)('%s is sound and says what every resource is for', (file) => {
    const { definitions, problems } = parseDdf(shippedText(file))
    expect(problems).toEqual([])
    const [definition] = definitions
    expect(file).toBe(`${definition!.id}-${definition!.version}.xml`)
    expect(definition!.description).not.toBe('')
    for (const resource of definition!.resources.values()) {
      expect(resource.description, `${definition!.id}/${resource.id}`).not.toBe('')
    }
  })

  it('cover the core, the usual sensors and advanced firmware update', () => {
    const ids = library.list().map(({ id }) => id)
    const core = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28]
    const others = [500, 501, 502, 503, 504, 505, 3200, 3303, 3350, 10259, 10371, 33629]
    expect(ids).toEqual(expect.arrayContaining([...core, ...others]))
    expect(library.list().find(({ id }) => id === 4)?.versions).toEqual(['1.0', '1.1', '1.2', '1.3'])
  })
})

const object = (inner: string, head = '<ObjectID>40000</ObjectID>'): string =>
  `<LWM2M><Object><Name>Thing</Name>${head}<ObjectURN>urn:x</ObjectURN><ObjectVersion>1.0</ObjectVersion>
<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Resources>${inner}</Resources></Object></LWM2M>`
const item = (inner: string, id = '0'): string =>
  `<Item ID="${id}"><Name>R</Name><Operations>R</Operations><MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory><Type>Integer</Type>${inner}</Item>`

describe('validating a definition', () => {
  it.each<[what: string, text: string, where: string, message: string | RegExp]>([
    ['not XML', 'hello', 'file', /./],
    ['an open tag', '<LWM2M><Object></LWM2M>', 'file', /Object/],
    ['another document', '<html></html>', 'file', 'there is no <LWM2M><Object> in it'],
    ['no id', object(item(''), ''), 'object ?', 'ObjectID must be a number from 0 to 65534'],
    [
      'an id out of range',
      object(item(''), '<ObjectID>65535</ObjectID>'),
      'object 65535',
      'ObjectID must be a number from 0 to 65534',
    ],
    ['a resource without id', object(item('', '')), 'object 40000 resource ?', 'ID must be a number from 0 to 65534'],
    ['a resource twice', object(item('') + item('')), 'object 40000', 'resource 0 is there twice'],
    [
      'an unknown operation',
      object(item('').replace('<Operations>R<', '<Operations>Q<')),
      'object 40000 resource 0',
      "Operations 'Q' is not R, W, RW, E or empty",
    ],
    [
      'an unknown type',
      object(item('').replace('Integer', 'Number')),
      'object 40000 resource 0',
      "Type 'Number' is no LwM2M type",
    ],
    ['no name', object(item('').replace('<Name>R<', '<Name><')), 'object 40000 resource 0', 'Name is missing'],
  ])('%s', (_what, text, where, message) => {
    const { definitions, problems } = parseDdf(text)
    expect(definitions).toEqual([])
    const [first] = problems.filter((problem) => problem.severity === 'error')
    expect(first).toMatchObject({
      where,
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    })
  })

  it('says the line of each problem', () => {
    const broken = object(`${item('').replace('ID="0"', 'ID="1"')}\n\n${item('').replace('Integer', 'Number')}`)
    const lines = broken.split('\n')
    const { problems } = parseDdf(broken)
    expect(problems).toHaveLength(1)
    expect(lines[problems[0]!.line! - 1]).toContain('<Item ID="0">')
    expect(parseDdf('<LWM2M>\n<Object>\n</LWM2M>').problems).toMatchObject([{ where: 'file', line: 3 }])
  })

  it('warns of what can be guessed, and uses the rest', () => {
    const text = object(item('').replace('<Type>Integer</Type>', '').replace('Single', 'Some'))
    const { definitions, problems } = parseDdf(text)
    expect(definitions).toHaveLength(1)
    expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'warning: Type is missing; values will be kept raw',
      "warning: MultipleInstances is 'some', neither Multiple nor Single; Single is taken",
    ])
  })
})

describe('a range', () => {
  it.each<[type: ValueType, text: string, sentence: string | undefined]>([
    ['integer', '0..4', '0 to 4'],
    ['integer', '0-255', '0 to 255'],
    ['integer', '1...63', '1 to 63'],
    ['integer', '0..3, 99', '0 to 3 or 99'],
    ['integer', '255', '0 to 255'],
    ['integer', '8-Bits', '0 to 255'],
    ['integer', '16-bit', '0 to 65535'],
    ['integer', '2 bytes', '0 to 65535'],
    ['float', '0.0..100.0', '0 to 100'],
    ['float', '-1..1', '-1 to 1'],
    ['string', '0-255 bytes', '0 to 255 octets long'],
    ['opaque', '16-32-48 bytes', '16, 32 or 48 octets long'],
    ['opaque', '16,32,48', '16, 32 or 48 octets long'],
    ['opaque', '8 bit', '1 octets long'],
    ['string', 'The possible values are those of the specification', undefined],
    ['integer', '4..0', undefined],
    ['integer', '', undefined],
    ['boolean', '0..1', undefined],
  ])('of a %s written %s', (type, text, sentence) => {
    expect(limitsSentence(limitsOf(type, text))).toBe(sentence)
  })

  it('counts octets, not characters', () => {
    const limits: Limits = limitsOf('string', '0..3')
    expect(withinLimits(limits, { type: 'string', value: 'üü' })).toBe(false)
    expect(withinLimits(limits, { type: 'string', value: 'üa' })).toBe(true)
  })
})

describe('choosing a version', () => {
  it.each<[objectId: number, version: string | undefined, found: string, exact: boolean]>([
    [4, '1.2', '1.2', true],
    [4, undefined, '1.3', true],
    [4, '9.9', '1.3', false],
    [3336, '1.5', '1.1', false],
    [3336, '3.0', '2.0', false],
    [3311, '1.1', '1.0', false],
  ])('object %i in %s gives %s', (objectId, version, found, exact) => {
    const lookup = library.lookup(objectId, version)
    expect([lookup?.definition.version, lookup?.exact]).toEqual([found, exact])
  })

  it('of core objects follows the enabler unless the device names one', () => {
    expect(deviceModel(library, '1.0').object(4)?.version).toBe('1.0')
    expect(deviceModel(library, '1.1').object(4)?.version).toBe('1.2')
    expect(deviceModel(library, '1.2').object(4)?.version).toBe('1.3')
    const named = deviceModel(library, '1.0', new Map([[4, '1.1']]))
    expect([named.object(4)?.version, named.isExact(4)]).toEqual(['1.1', true])
    const unknown = deviceModel(library, '1.0', new Map([[4, '7.0']]))
    expect([unknown.object(4)?.version, unknown.isExact(4)]).toEqual(['1.3', false])
  })

  it('finds a resource in a newer version than the device named', () => {
    expect(deviceModel(library, '1.0').resource([5, 0, 10])?.name).toBe('Cancel')
    expect(deviceModel(library, '1.0').resource([5, 0, 99])).toBeUndefined()
  })

  it('lets an operator’s file replace what came with the server', () => {
    const own = new ObjectLibrary()
    own.add(object(item('')))
    own.add(object(item('') + item('', '1')))
    expect(own.lookup(40000)?.definition.resources.size).toBe(2)
    expect(own.versionsOf(40000)).toHaveLength(1)
  })
})

describe('a path with names', () => {
  const model = deviceModel(library, '1.1')

  it.each<[text: string, path: Path]>([
    ['Device/0/Reboot', [3, 0, 4]],
    ['device/0/utc offset', [3, 0, 14]],
    ['LWM2M Server/1/Lifetime', [1, 1, 1]],
    ['server/1/lifetime', [1, 1, 1]],
    ['/3303/0/SensorValue', [3303, 0, 5700]],
    ['Light Control/2/on-off', [3311, 2, 5850]],
    ['location', [6]],
    ['3/0/Power Source Voltage/1', [3, 0, 7, 1]],
    ['/3/0/4', [3, 0, 4]],
  ])('%s', (text, path) => {
    const resolved = resolvePath(text, model)
    expect(isRefusal(resolved) ? resolved.message : formatPath(resolved)).toBe(formatPath(path))
  })

  it.each<[text: string, message: string, hint: RegExp]>([
    ['Devise/0', "There is no object 'Devise'.", /did you mean Device/],
    ['Device/0/Rebot', "Object 3 has no resource 'Rebot'.", /did you mean Reboot/],
    ['Device/first/0', "'first' is not the id of an object instance: these are numbers from 0 to 65534.", /^$/],
    ['Zzzzzzzzzzzz', "There is no object 'Zzzzzzzzzzzz'.", /objects list/],
  ])('%s is refused', (text, message, hint) => {
    const refused = resolvePath(text, model)
    expect(refused).toMatchObject({ message })
    expect(isRefusal(refused) ? (refused.hint ?? '') : 'resolved').toMatch(hint)
  })

  it('is described with the names the model has', () => {
    expect(describePath([3, 0, 4], model)).toBe('/3/0/4 (Device / Reboot)')
    expect(describePath([31337, 0, 4], model)).toBe('/31337/0/4')
  })
})

/** The object routes: what the server knows of objects and their resources. */
import { beforeAll, expect, expectTypeOf, it } from 'vitest'
import { Value } from 'typebox/value'
import {
  objectDefinitionSchema,
  objectListSchema,
  objectReloadSchema,
  objectValidationSchema,
} from '../../../src/api/contract/object.ts'
import type { ObjectsCalls } from '../../../src/api/services.ts'
import type { ObjectLibrary } from '../../../src/lwm2m/model/library.ts'
import { apiUnderTest, type ApiUnderTest } from './api-under-test.ts'

let api: ApiUnderTest
beforeAll(async () => {
  api = await apiUnderTest()
})

it('lists objects with their versions', async () => {
  const { json } = await api.call('GET', '/v1/objects')
  expect(json).toEqual({ objects: [{ id: 3, name: 'Device', versions: ['1.0', '1.1'] }] })
  expect(Value.Check(objectListSchema, json)).toBe(true)
})

it.each([
  ['/v1/objects/3', '1.1'],
  ['/v1/objects/3?version=1.0', '1.0'],
])('shows %s in version %s, resources by id', async (url, version) => {
  const { json } = await api.call('GET', url)
  expect(Value.Check(objectDefinitionSchema, json)).toBe(true)
  expect(json).toMatchObject({ name: 'Device', version, resources: [{ id: 4 }, { id: 9, unit: '%' }, { id: 11 }] })
})

it.each([
  ['/v1/objects/99', 404, { code: 'object.unknown', versions: [] }],
  ['/v1/objects/3?version=9.9', 404, { code: 'object.unknown', versions: ['1.0', '1.1'] }],
  ['/v1/objects/3?version=new', 400, { errors: [{ field: 'query.version' }] }],
  ['/v1/objects/65535', 400, { errors: [{ field: 'params.id' }] }],
])('answers %s with %i', async (url, status, problem) => {
  expect((await api.call('GET', url)).json).toMatchObject({ status, ...problem })
})

it('checks a file of definitions, with the lines of its errors, and keeps nothing of it', async () => {
  const { json } = await api.call('POST', '/v1/objects/validate', {
    body: '<LWM2M>Int</LWM2M>',
    headers: { 'content-type': 'application/octet-stream' },
  })
  expect(Value.Check(objectValidationSchema, json)).toBe(true)
  expect(json).toMatchObject({ objects: [{ id: 3, version: '1.1' }], problems: [{ line: 12, severity: 'error' }] })
})

it('reads the definitions again', async () => {
  const { json } = await api.call('POST', '/v1/objects/reload')
  expect(Value.Check(objectReloadSchema, json)).toBe(true)
  expect(json).toMatchObject({ objects: 1, files: [{ file: 'own.xml' }] })
})

it('takes the library of definitions as it is', () => {
  expectTypeOf<ObjectLibrary>().toExtend<Pick<ObjectsCalls, 'list' | 'versionsOf'>>()
})

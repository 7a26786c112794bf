/** The OpenAPI document: valid, complete, and the same as what the routes do. */
import { beforeAll, expect, it } from 'vitest'
import { paths } from '../../../src/api/contract/paths.ts'
import { routes } from '../../../src/api/contract/routes.ts'
import { apiUnderTest } from './api-under-test.ts'

type Json = Record<string, unknown>
let document: { openapi: string; paths: Record<string, Record<string, Json>>; components: { schemas: Json } }

beforeAll(async () => {
  const api = await apiUnderTest()
  document = (await api.call('GET', '/v1/openapi.json')).json
})

it('is OpenAPI 3.1', () => {
  expect(document).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'Coapstan', version: '1.2.3' },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  })
})

it('describes every route and no other', () => {
  const described = Object.entries(document.paths).flatMap(([url, path]) =>
    Object.keys(path).map((method) => `${method.toUpperCase()} ${url}`),
  )
  const registered = Object.keys(routes).map((name) => {
    const { method, url } = paths[name as keyof typeof paths]
    return `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`
  })
  expect(described.toSorted()).toEqual(registered.toSorted())
})

it('names each operation once, with a summary, its path parameters and its problems', () => {
  const names = new Set<unknown>()
  for (const [url, path] of Object.entries(document.paths)) {
    for (const operation of Object.values(path)) {
      names.add(operation['operationId'])
      expect(operation['summary']).toEqual(expect.any(String))
      const parameters = (operation['parameters'] ?? []) as { in: string; name: string }[]
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)
      expect(inPath).toEqual([...url.matchAll(/{(\w+)}/g)].map(([, name]) => name))
      expect(operation['responses']).toMatchObject({
        default: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      })
    }
  }
  expect(names.size).toBe(Object.keys(routes).length)
})

it('has no reference that leads nowhere, and no schema nobody refers to', () => {
  const text = JSON.stringify(document)
  const referred = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name))
  expect(referred).toEqual(new Set(Object.keys(document.components.schemas)))
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(['Device', 'Operation', 'OperationDraft', 'Image', 'FirmwareUpdate', 'Event', 'Problem']),
  )
})

it('says what JSON schemas cannot: octets and event streams', () => {
  expect(document.paths['/v1/firmware-images']!['post']).toMatchObject({
    requestBody: { required: true, content: { 'application/octet-stream': {} } },
  })
  expect(document.paths['/v1/events']!['get']).toMatchObject({
    responses: { 200: { content: { 'application/json': {}, 'text/event-stream': { schema: { type: 'string' } } } } },
  })
  expect(JSON.stringify(document)).not.toMatch(/"x-/)
})

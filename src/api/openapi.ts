/**
 * The OpenAPI 3.1 document of the route table. Schemas with a title become components; what plain JSON
 * schemas cannot say of octets and event streams is added here.
 */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { eventStreamMediaType } from './contract/event.ts'

type Json = Record<string, unknown>

export function openapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Coapstan',
        version,
        description: 'Devices, what is asked of them, their firmware, and what happened.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transformObject: (document) => complete('openapiObject' in document ? document.openapiObject : {}),
  }
}

function complete(document: object): Json {
  const whole = structuredClone(document) as Json
  for (const path of Object.values(whole['paths'] as Json)) {
    for (const operation of Object.values(path as Json) as Json[]) {
      describeMedia(operation)
      describeTags(operation)
    }
  }
  const schemas: Json = {}
  whole['paths'] = withReferences(whole['paths'], schemas)
  whole['components'] = { ...(whole['components'] as Json), schemas }
  return whole
}

function describeMedia(operation: Json): void {
  const octets = operation['x-body']
  if (typeof octets === 'string') {
    operation['requestBody'] = { required: true, content: { [octets]: {} } }
    delete operation['x-body']
  }
  const stream = operation['x-also-produces']
  if (typeof stream === 'string') {
    const ok = (operation['responses'] as Json)['200'] as Json
    ok['content'] = { ...(ok['content'] as Json), [eventStreamMediaType]: { schema: { type: 'string' } } }
    delete operation['x-also-produces']
  }
}

/** What has a revision bears it as its ETag. */
function describeTags(operation: Json): void {
  for (const response of Object.values(operation['responses'] as Json) as Json[]) {
    const { schema } = ((response['content'] as Json | undefined)?.['application/json'] ?? {}) as { schema?: Json }
    if (!('revision' in ((schema?.['properties'] ?? {}) as Json))) continue
    response['headers'] = { ETag: { schema: { type: 'string' }, description: 'Its `revision`, in quotes' } }
  }
}

/** Moves each titled schema into `schemas` and leaves a reference in its place. */
function withReferences(part: unknown, schemas: Json): unknown {
  if (Array.isArray(part)) return part.map((item) => withReferences(item, schemas))
  if (typeof part !== 'object' || part === null) return part
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, withReferences(value, schemas)]))
  const title = inner['title']
  if (typeof title !== 'string' || !('type' in inner)) return inner
  schemas[title] = inner
  return { $ref: `#/components/schemas/${title}` }
}

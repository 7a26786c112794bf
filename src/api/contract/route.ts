/** How a row of the route table is made: its method and path by its name, and the problem every route may answer. */
import Type from 'typebox'
import { paths, type RouteName } from './paths.ts'
import { problemMediaType, problemSchema } from './problem.ts'

export const noContent = Type.Null({ description: 'Done' })
const problem = { description: 'Problem', content: { [problemMediaType]: { schema: problemSchema } } }

/** A route that answers with octets, not JSON; read by the OpenAPI document. */
export const octetsAnswer = (mediaType: string, description: string) => ({
  description,
  content: { [mediaType]: { schema: Type.Unknown() } },
})

/** Marks a route that takes octets, not JSON; read by the OpenAPI document and by the body parser. */
export const octetsBody = { 'x-body': 'application/octet-stream' } as const

export function route<const N extends RouteName, const S extends { response: object }>(name: N, schema: S) {
  return {
    ...paths[name],
    schema: { operationId: name, ...schema, response: { ...schema.response, default: problem } },
  }
}

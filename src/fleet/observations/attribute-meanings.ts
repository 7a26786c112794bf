/** The notification attributes there are, each with its meaning for people (LwM2M Core 1.2 §5.1.2). */
import { attributeDefinitions, attributeNames, type AttributeName } from '../../lwm2m/attributes.ts'

export const attributeMeanings: Readonly<Record<AttributeName, string>> = Object.freeze(
  Object.fromEntries(attributeNames.map((name) => [name, attributeDefinitions[name].meaning])) as Record<
    AttributeName,
    string
  >,
)

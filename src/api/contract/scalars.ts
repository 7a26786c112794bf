/**
 * The small schemas every part of the contract is made of. An instant is an ISO 8601 string in UTC, an
 * id a number, a 64-bit integer of a device a string of digits.
 */
import Type from 'typebox'
import { waitPattern } from './patterns.ts'

export const instantSchema = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' })

/** LwM2M Core 1.2 §7.4: 1–255 octets of UTF-8. */
export const endpointSchema = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'Endpoint Client Name, for example urn:dev:demo-1',
})

export const pathSchema = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: '/object/instance/resource, for example /3/0/14; for composites several, divided by blanks',
})

export const idSchema = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })

/** How many rows a page of a list may ask for. */
export const pageLimit = 1000
export const defaultPageLimit = 100

export const limitSchema = Type.Integer({
  minimum: 1,
  maximum: pageLimit,
  description: `Rows of the page; ${defaultPageLimit} unless told`,
})

export const waitSchema = Type.String({
  pattern: waitPattern,
  description: 'How long to wait for the outcome, for example 20s; the server cuts it to its limit',
})

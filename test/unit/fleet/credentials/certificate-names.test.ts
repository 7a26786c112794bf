/** From names in a certificate to an endpoint name. */
import { expect, it } from 'vitest'
import { endpointOf, ruleProblem } from '../../../../src/fleet/credentials/certificate-names.ts'

it.each<[pattern: string, template: string, names: string[], endpoint: string | undefined]>([
  ['*.meters.example', 'urn:dev:*', ['a7.meters.example'], 'urn:dev:a7'],
  ['*.meters.example', '*', ['a7.meters.example'], 'a7'],
  ['*.meters.example', '*.m', ['a7.meters.example'], 'a7.m'],
  ['*.meters.example', '*', ['other', 'b8.meters.example'], 'b8'],
  ['*.meters.example', '*', ['.meters.example'], undefined],
  ['*.meters.example', '*', ['meters.example'], undefined],
  ['*.meters.example', '*', ['x.a7.meters.example'], undefined],
  ['*.meters.example', '*', ['a7.meters.example.evil'], undefined],
  ['*.meters.example', '*', ['a7xmeters.example'], undefined],
  ['urn:dev:*', '*', ['urn:dev:17'], '17'],
  ['ab*ba', '*', ['aba'], undefined],
  ['ab*ba', '*', ['abXba'], 'X'],
  ['*', '*', ['urn:dev:ops:32473-rev.1'], 'urn:dev:ops:32473-rev.1'],
  ['*', 'x-*', ['first', 'second'], 'x-first'],
  ['*', '*', [], undefined],
  ['exact.example', 'urn:dev:1', ['exact.example'], 'urn:dev:1'],
  ['exact.example', 'urn:dev:1', ['Exact.example'], undefined],
  ['*.example', '*', ['$&.example'], '$&'],
])('%s with %s makes of %j: %s', (pattern, template, names, endpoint) => {
  expect(endpointOf({ pattern, template }, names)).toBe(endpoint)
})

it.each<[string, string, RegExp | undefined]>([
  ['*.example', 'urn:*', undefined],
  ['a.example', 'urn:a', undefined],
  ['', 'urn:a', /at least one character/],
  ['*.*', '*', /at most one/],
  ['*.example', 'urn:dev:1', /cannot share one endpoint name/],
  ['a.example', 'urn:*', /the pattern has none/],
  ['*.example', '*-*', /has one/],
])('a rule from %j to %j: %s', (pattern, template, problem) => {
  const found = ruleProblem({ pattern, template })
  if (problem === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(problem)
})

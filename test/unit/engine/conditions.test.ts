/** If-Match and If-None-Match (RFC 7252 §5.10.8) on what the server offers: 4.12, and nothing done, where they fail. */
import { expect, test } from 'vitest'
import { EngineHarness } from '../../support/engine-harness.ts'

const register = '?ep=urn:dev:a&lt=3600&lwm2m=1.1'
const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'

function ask(house: EngineHarness, line: string): string {
  house.receive(1, line)
  house.settle()
  return house.sent(1).join(' | ')
}

test.each([
  ['POST', '/rd', `If-None-Match ${register} Content-Format=40 ${links}`, '4.12'],
  ['POST', '/rd', `If-Match=0x01 ${register} Content-Format=40 ${links}`, '4.12'],
  ['POST', '/rd', `If-Match= ${register} Content-Format=40 ${links}`, '2.01'],
  ['POST', '/data', 'If-None-Match Content-Format=0 "21"', '4.12'],
  ['POST', '/nowhere', 'If-None-Match "21"', '4.04'],
  ['GET', '/.well-known/core', 'If-None-Match', '4.12'],
  ['GET', '/.well-known/core', 'If-Match=0x01', '4.12'],
  ['GET', '/.well-known/core', 'If-Match=', '2.05'],
  ['GET', '/nowhere', 'If-None-Match', '4.04'],
])('%s %s %s: %s', (method, path, options, code) => {
  const house = new EngineHarness()
  const answer = ask(house, `CON 1 ${method} [01] ${path} ${options}`)
  expect(answer).toMatch(new RegExp(`^ACK 1 ${code.replace('.', '\\.')} \\[01\\]`))
  expect(house.events.length > 0).toBe(code === '2.01')
})

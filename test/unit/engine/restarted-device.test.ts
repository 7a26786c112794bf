/** A device that registered anew may have restarted: what it forgot must not run a second time. */
import { expect, test } from 'vitest'
import { seconds } from '../../../src/base/time.ts'
import { EngineHarness } from '../../support/engine-harness.ts'

const links = '"</>;rt=oma.lwm2m;ct=110,</1/0>,</3/0>"'
const query = '/rd ?ep=urn:dev:a&lt=86400&lwm2m=1.1&b=U'

function registered(): EngineHarness {
  const house = new EngineHarness()
  house.receive(1, `CON 1 POST [01] ${query} Content-Format=40 ${links}`)
  house.settle()
  house.sent()
  return house
}

const asked = (kind: 'read' | 'execute', path: string) =>
  ({ command: 'operation.submit', endpoint: 'urn:dev:a', draft: { kind, path } }) as const

//  server                          device
//    |  POST /3/0/4 (Reboot) ------>|  runs it, its ACK is lost
//    |<----- POST /rd --------------|  back, knows nothing of our message id
test('an execute that was under way when the device registered anew is not sent again', async () => {
  const house = registered()
  const operation = await house.command(asked('execute', '/3/0/4'))
  house.sent()
  house.receive(1, `CON 700 POST [02] ${query} Content-Format=40 ${links}`)
  house.settle()
  house.elapse(seconds(200))
  expect(house.sent().filter((line) => line.includes('POST'))).toEqual([])
  expect(house.store.operation(operation.id)).toMatchObject({ state: 'failed', reason: 'outcome-unknown' })
})

test('a read that was under way then is asked again, for it does no harm', async () => {
  const house = registered()
  const operation = await house.command(asked('read', '/3/0/0'))
  const [first] = house.sent()
  house.receive(1, `CON 700 POST [02] ${query} Content-Format=40 ${links}`)
  house.settle()
  const again = house.sent().find((line) => line.includes('GET'))!
  expect(again).not.toBe(first)
  const [, id, token] = /^CON (\d+) GET \[(\w+)\]/.exec(again)!
  house.receive(1, `ACK ${id} 2.05 [${token}] Content-Format=0 "Acme"`)
  house.settle()
  expect(house.store.operation(operation.id)?.state).toBe('acknowledged')
})

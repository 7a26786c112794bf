/** One datagram to a server on this machine and its answer, both in the notation of `coap-notation.ts`. */
import { createSocket } from 'node:dgram'
import { datagramOf, lineOf } from './coap-notation.ts'

/** Resolves with 'silence' after `patience` milliseconds. */
export async function exchange(port: number, line: string, patience = 2000): Promise<string> {
  const socket = createSocket('udp4')
  const { promise, resolve } = Promise.withResolvers<string>()
  const overdue = setTimeout(() => resolve('silence'), patience)
  socket.once('message', (datagram) => resolve(lineOf(datagram)))
  socket.send(datagramOf(line), port, '127.0.0.1')
  const answer = await promise
  clearTimeout(overdue)
  socket.close()
  return answer
}

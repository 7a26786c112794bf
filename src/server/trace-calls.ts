/** The engine's flight recorder as the API asks for it: peers become addresses. */
import type { TraceCalls, TracedDatagram } from '../api/services.ts'
import type { Engine } from '../engine/engine.ts'
import type { TracedDatagram as Traced } from '../engine/trace.ts'

export function traceCalls(engine: Engine, localAddress: string): TraceCalls {
  const addressed = (datagram: Traced): TracedDatagram => ({
    ...datagram,
    remote: engine.senderOf(datagram.peer).remote,
  })
  return {
    datagrams: (endpoint) => engine.recorder.trace(endpoint).map(addressed),
    follow: (endpoint, listener) => engine.recorder.follow(endpoint, (datagram) => listener(addressed(datagram))),
    localAddress: () => localAddress,
  }
}

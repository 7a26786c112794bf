/** A raw echo over node:dgram: what Node allows a server that goes through it. */
import { createSocket } from 'node:dgram'

const socket = createSocket({
  type: 'udp4',
  recvBufferSize: 4_194_304,
  lookup: (address, _options, callback) => callback(null, address, 4),
})
socket.on('message', (datagram, from) => socket.send(datagram, from.port, from.address))
socket.bind(0, '127.0.0.1', () => console.log(`ready ${socket.address().port}`))

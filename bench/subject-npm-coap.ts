/** The npm package `coap` answering every GET with a small text. */
import { createServer } from 'coap'

const port = 40_000 + (process.pid % 20_000)
const server = createServer((_request, response) => {
  response.setOption('Content-Format', 'text/plain')
  response.end('hello')
})
server.listen(port, '127.0.0.1', () => console.log(`ready ${port}`))

/** The npm package `coap` answering with a small text, or a 1 MiB image at GET /image. */
import { createServer } from 'coap'

const port = 40_000 + (process.pid % 20_000)
const image = Buffer.alloc(1_048_576)
const server = createServer((request, response) => {
  response.setOption('Content-Format', 'text/plain')
  response.end(request.url === '/image' ? image : 'hello')
})
server.listen(port, '127.0.0.1', () => console.log(`ready ${port}`))

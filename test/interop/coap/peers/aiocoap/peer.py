"""A device on aiocoap for the interop tests: it asks the server named by its argument (host:port) what each line on
standard input says, and serves /3303/0/5700, /3/0/14, /3/0/4 and /19/0/0/0 on the same socket. A line is JSON: method,
path, and maybe query, payload (hex), format, szx (of the first block). Each answer is a line of JSON: code, payload
(hex), location. With "set" a line changes the value others observe, /3303/0/5700."""

import asyncio
import json
import sys

import aiocoap
from aiocoap import resource


def say(**what):
    print(json.dumps(what), flush=True)


class Value(resource.ObservableResource):
    def __init__(self, path, value):
        super().__init__()
        self.path = path
        self.value = value
        self.format = 0

    def set(self, value):
        self.value = value
        self.updated_state()

    async def render_get(self, request):
        return aiocoap.Message(payload=self.value, content_format=self.format)

    async def render_put(self, request):
        self.format = request.opt.content_format
        self.set(request.payload)
        return aiocoap.Message(code=aiocoap.CHANGED)


class Executable(resource.Resource):
    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED)


async def ask(context, line):
    uri = f"coap://{sys.argv[1]}{line['path']}"
    request = aiocoap.Message(code=getattr(aiocoap, line["method"]), uri=uri)
    request.opt.uri_query = line.get("query", [])
    request.payload = bytes.fromhex(line.get("payload", ""))
    if "format" in line:
        request.opt.content_format = line["format"]
    if "szx" in line and not request.payload:
        request.opt.block2 = (0, False, line["szx"])
    if "szx" in line and request.payload:
        request.remote.maximum_block_size_exp = line["szx"]
    try:
        answer = await context.request(request).response
        location = "/" + "/".join(answer.opt.location_path)
        say(code=answer.code.dotted, payload=answer.payload.hex(), location=location)
    except aiocoap.error.Error as why:
        say(code=repr(why))


async def main():
    temperature = Value("/3303/0/5700", b"20.5")
    values = [temperature, Value("/3/0/14", b"+00:00"), Value("/19/0/0/0", b"")]
    site = resource.Site()
    for value in values:
        site.add_resource(value.path[1:].split("/"), value)
    site.add_resource(["3", "0", "4"], Executable())
    context = await aiocoap.Context.create_server_context(site, bind=("127.0.0.1", 0), transports=["udp6"])
    say(open=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while text := await lines.readline():
        line = json.loads(text)
        if "set" in line:
            temperature.set(line["set"].encode())
        else:
            await ask(context, line)
    await context.shutdown()


asyncio.run(main())

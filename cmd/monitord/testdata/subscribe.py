import asyncio
import json
import sys
import urllib.parse

import websockets


async def main(address):
    query = urllib.parse.urlencode({"samples": "", "from": "-10s"})
    async with websockets.connect(address + "?" + query, subprotocols=["monitord.v1.json"]) as ws:
        assert ws.subprotocol == "monitord.v1.json", ws.subprotocol
        assert [e.name for e in ws.extensions] == ["permessage-deflate"], ws.extensions
        hello = json.loads(await ws.recv())
        assert hello["op"] == "hello", hello
        columns, times = None, []
        while len(times) < 4:
            m = json.loads(await ws.recv())
            if m["op"] == "series":
                columns = len(m["series"])
            elif m["op"] == "samples":
                assert len(m["v"]) == columns, (len(m["v"]), columns)
                times.append(m["t"])
            elif m["op"] == "gap":  # a busy machine may leave out a tick
                times = []
        steps = {b - a for a, b in zip(times, times[1:])}
        assert steps == {hello["interval"]}, times
        await asyncio.wait_for(await ws.ping(b"are you there"), 10)
        await ws.send(json.dumps({"op": "unsubscribe", "id": "samples="}))
        while json.loads(await ws.recv())["op"] != "unsubscribed":
            pass
        await ws.close()
        assert ws.close_code == 1000, (ws.close_code, ws.close_reason)
    print("ok")


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 50))

"""A fan-out server as one would write it with Python's websockets: every message of a publisher is checked by json.loads
and forwarded by websockets.broadcast. Prints where it listens."""

import asyncio
import contextlib
import json

import websockets

subscribers = set()


async def serve_client(client):
    try:
        async for text in client:
            try:
                message = json.loads(text)
            except ValueError:
                await client.send('{"type":"error","error_code":"INVALID_JSON","error_message":"Invalid JSON format"}')
                continue
            if message["type"] == "client_register":
                if message["client_type"] == "web_ui":
                    subscribers.add(client)
                await client.send('{"type":"ack","original_type":"client_register","status":"success"}')
                continue
            websockets.broadcast(subscribers, text)
    except websockets.ConnectionClosed:
        pass
    finally:
        subscribers.discard(client)


async def main():
    async with websockets.serve(serve_client, "127.0.0.1", 0, compression=None, backlog=1024) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())

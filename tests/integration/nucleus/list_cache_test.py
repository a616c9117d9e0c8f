"""The lists that the client library keeps: `omniclient_tests` against a Nucleus, with somebody else at the same server.

What is asked of the server is counted on its way. `OMNICLIENT_TEST_CONTROL` takes orders, a line each, and answers each
with a line."""

import asyncio
import contextlib
import json
import threading

from client_test import api_token, run_tests
from nucleus import Server


class Requests:
    """The commands in what a client sends on one connection."""

    def __init__(self, counts):
        self.counts = counts
        self.data = b""
        self.upgraded = None  # Not known yet.

    def feed(self, data):
        if self.upgraded is False:
            return
        self.data += data
        if self.upgraded is None:
            head, end, rest = self.data.partition(b"\r\n\r\n")
            if not end:
                return
            self.upgraded = head.split(b" ")[1].startswith(b"/omni/api")
            self.data = rest
        while (frame := self._frame()) is not None:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # Pings, and the rest of what is large.
                command = json.loads(frame.partition(b"\0")[0])["command"]
                self.counts[command] = self.counts.get(command, 0) + 1

    def _frame(self):
        """What is in the next frame; a command stands at the beginning of its message."""
        if len(self.data) < 2:
            return None
        size, at = self.data[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, at = int.from_bytes(self.data[2:2 + wide], "big"), 2 + wide
        if len(self.data) < at + 4 + size:
            return None
        mask, body = self.data[at:at + 4], self.data[at + 4:at + 4 + size]
        self.data = self.data[at + 4 + size:]
        return bytes(byte ^ mask[i % 4] for i, byte in enumerate(body[:4096]))


class Between:
    """Stands between the client and the server, and is a client of the server, too."""

    def __init__(self, server):
        self.server = server
        self.counts = {}
        self.writers = set()
        self.ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self._run(),))

    def __enter__(self):
        self.thread.start()
        self.ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()
        self.loop.close()

    async def _run(self):
        self.end = asyncio.Event()
        try:
            async with self.server.api() as self.other:
                proxy = await asyncio.start_server(self._forward, "127.0.0.1", 0)
                control = await asyncio.start_server(self._take_orders, "127.0.0.1", 0)
                self.port, self.control = (one.sockets[0].getsockname()[1] for one in (proxy, control))
                self.ready.set()
                await self.end.wait()
                proxy.close()
                control.close()
                self._drop()
        finally:
            self.ready.set()

    def _drop(self):
        for writer in self.writers:
            writer.transport.abort()

    async def _forward(self, reader, writer):
        theirs, to_them = await asyncio.open_connection("127.0.0.1", self.server.port)
        both = {writer, to_them}
        self.writers |= both
        requests = Requests(self.counts)

        async def pump(source, sink, look):
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    look(data)
                    sink.write(data)
                    await sink.drain()
            sink.close()
        await asyncio.gather(pump(reader, to_them, requests.feed), pump(theirs, writer, lambda data: None))
        self.writers -= both

    async def _take_orders(self, reader, writer):
        order, *words = (await reader.readline()).decode().split()
        try:
            answer = await getattr(self, order)(*words) or "ok"
        except Exception as problem:  # The test says which order it was.
            answer = repr(problem)
        writer.write(f"{answer}\n".encode())
        writer.close()

    async def count(self, *commands):
        return str(sum(self.counts.get(command, 0) for command in commands))

    async def drop(self):
        self._drop()

    async def write(self, path, content):
        await self.other.write(path, content.encode())

    async def delete(self, path):
        await self.other.all(await self.other.begin("delete", uri=path), end="OK")

    async def rename(self, path, to):
        await self.other.ok("rename2", src_path=path, dst_path=to)

    async def close(self, path, user):
        await self.other.ok("set_acl_v2", path={"path": path}, acl=[{"name": user, "acl": []}])

    async def open(self, path):
        await self.other.ok("set_acl_v2", path={"path": path}, acl=[])


def run_against(server, wanted, user="$omni-api-token", password=None):
    with Between(server) as between:
        run_tests(wanted, between.port, OMNI_USER=user, OMNI_PASS=password or asyncio.run(api_token(server)),
                  OMNICLIENT_TEST_CONTROL=str(between.control))


def test_lists_are_kept_while_the_server_tells_of_changes(server):
    run_against(server, "*/KeptLists.*")


def test_lists_go_with_the_right_to_read_them(server):
    asyncio.run(server.add_user("eve"))
    run_against(server, "*/ListsOfEve.*", "eve", "eve")


def test_a_server_may_want_few_subscriptions(tmp_path):
    with Server(tmp_path, api={"max_subscriptions": 1}) as server:
        run_against(server, "*/FewSubscriptions.*")

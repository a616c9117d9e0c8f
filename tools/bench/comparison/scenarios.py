"""What is measured: each scenario is a load, and the servers that it is put on one after the other."""

import dataclasses
import socket

from comparison.servers import BareSends, Nats, Omnibroker, Start, Websockets, Ws


@dataclasses.dataclass
class Entrant:
    """A server in a scenario. `words` are more words for the generator."""
    name: str
    server: object  # makes one
    words: tuple = ()


@dataclasses.dataclass
class Scenario:
    key: str
    title: str
    words: tuple
    entrants: list
    warmup: float = 1.0
    seconds: float = None  # None: what the run as a whole asks for
    once: bool = False     # in the first round only, because it takes long and varies little


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def load(clients, rate, *more):
    return ("--clients", clients, "--rate", rate, *more)


class Plan:
    """All scenarios, for a build and for cores. `quick`: fewer connections, for a look and not for figures."""

    def __init__(self, build, server_cores, all_cores, idle, hold, quick):
        self.build, self.cores, self.all_cores = build, server_cores, all_cores
        self.idle, self.hold, self.quick = idle, hold, quick

    def broker(self, **options):
        return lambda: Omnibroker(self.cores, self.build, **options)

    def bare(self, rate):
        return Entrant("bare sends", lambda: BareSends(self.cores, self.build, rate))

    def peers(self):
        return [Entrant("nats-server", lambda: Nats(self.cores)), Entrant("ws on Node", lambda: Ws(self.cores)),
                Entrant("websockets on Python", lambda: Websockets(self.cores))]

    def against_all(self, key, title, clients, rate, checked):
        words = load(clients, rate, "--check") if checked else load(clients, rate)
        return Scenario(key, title, words, [self.bare(rate), Entrant("omnibroker", self.broker()), *self.peers()])

    def scenarios(self):
        return [
            self.against_all("saturated", "saturated, 100 clients", 100, 0, checked=False),
            self.against_all("paced", "1,000 msg/s to 100 clients", 100, 1000, checked=True),
            Scenario("flush", "1,000 msg/s to 100 clients, flush_interval: 5ms", load(100, 1000, "--check"),
                     [Entrant("omnibroker", self.broker(flush_interval="5ms"))]),
            self.against_all("wide", "200 msg/s to 1,000 clients", 1000, 200, checked=True),
            self.against_all("wider", "500 msg/s to 2,000 clients", 2000, 500, checked=False),
            Scenario("one", "one subscriber, saturated", load(1, 0),
                     [self.bare(0), Entrant("omnibroker", self.broker()), self.peers()[0]]),
            self.stalled(), self.workers_paced(), self.workers_saturated(), *self.idle_connections()]

    def stalled(self):
        # So large and so long that neither the kernel's buffers nor the backlog hold for a client what it does not read.
        words = load(100, 1000, "--check", "--size", 2000)
        return Scenario("stalled", "one client of 100 stops reading, 1,000 msg/s of 2,000 bytes", words, [
            Entrant("all read", self.broker()), Entrant("one does not", self.broker(), ("--pausing", 1))],
                        seconds=None if self.quick else 12)

    def on_all_cores(self, workers):
        return Entrant(f"{workers} worker" + "s" * (workers > 1),
                       lambda: Omnibroker(self.all_cores, self.build, workers=workers))

    def workers_paced(self):
        return Scenario("workers", "1,000 msg/s to 100 clients, on all cores", load(100, 1000),
                        [self.on_all_cores(1), self.on_all_cores(2)])

    def workers_saturated(self):
        return Scenario("workers_saturated", "saturated, 100 clients, on all cores", load(100, 0),
                        [self.on_all_cores(1), self.on_all_cores(2)])

    def idle_connections(self):
        def words(clients, *more):
            return load(clients, 1, "--hold", self.hold, *more)
        many, some = self.idle, min(self.idle, 5000)
        nats, ws, websockets = self.peers()
        for peer in (nats, ws, websockets):
            peer.words = words(some)
        return [Scenario("idle", "idle connections", (), [
            Entrant("omnibroker", self.broker(), words(many)),
            Entrant("omnibroker, unregistered", self.broker(), words(many, "--unregistered")), nats, ws, websockets],
            warmup=0, seconds=2, once=True)]

    def start(self):
        return Start(self.cores, self.build, free_port())

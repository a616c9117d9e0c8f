"""Clients that come and go, stop reading and go on, and end in the middle of a frame, for as long as one likes.

OMNIBROKER_SOAK_SECONDS says how long (20), OMNIBROKER_SOAK_SEED repeats a run. All the time it holds that

- who reads gets every update, in the order of each prim, none of them twice;
- who has just come, or has not read for a while, may have skipped some, and never gets an older one or one again;
- whenever the publishers pause, everybody who reads has the newest update of every prim;
- the broker's memory stays where it is.
"""

import os
import random
import time

from clients import TIMEOUT, Broker, gateway_config, metric
from crowd import UPDATE, Crowd, Listener, client_frame, fixed_update

SECONDS = float(os.environ.get("OMNIBROKER_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("OMNIBROKER_SOAK_SEED", str(time.time_ns() % 1_000_000)))

MAPS = 200
PUBLISHERS = 20
PRIMS = 5  # of each publisher
STEADY = 20  # maps that only read
ROUND = 0.02  # seconds from one round of updates to the next
ROUNDS_UNTIL_PAUSE = 100
SIZES = (200, 400, 4000, 20_000)
PAUSES = (10_000, 500_000, 5_000_000, 5_000_000)  # bytes of updates; the kernel's buffers hold less than the longest


class Map(Listener):
    """Checks each update as it comes. `complete`: it has read without a break since it had the newest of everything."""

    def begin(self, bytes_):
        self.newest_of = {}
        self.complete = False
        self.wakes = None
        super().begin(bytes_)

    def frame(self, opcode, payload):
        if opcode == 9:
            self.socket.send(client_frame(payload, opcode=10))
        if opcode != 1:
            assert opcode == 9, f"the broker ended a client with {payload}"
            return
        update = UPDATE.match(payload)
        assert update is not None, f"no update: {payload[:200]}"
        prim, number = update[1], int(update[2])
        before = self.newest_of.get(prim, -1)
        assert number > before, f"{prim}: {number} came behind {before}"
        assert number == before + 1 or not self.complete, f"{prim}: {number} came behind {before} to one that reads"
        self.newest_of[prim] = number
        self.count += 1


class Publisher:
    """One of those that send. Its prims go on where they were when its connection is replaced."""

    def __init__(self, crowd, index):
        self.crowd = crowd
        self.client = crowd.publisher()
        self.numbers = {f"/World/Fleet_{index}/Robot_{prim}": -1 for prim in range(PRIMS)}

    def next_frame(self, chance, sizes):
        prim = chance.choice(list(self.numbers))
        return prim, client_frame(fixed_update(prim, self.numbers[prim] + 1, chance.choice(sizes)))

    def send(self, chance, sizes=SIZES):
        """Answers how many bytes that were."""
        prim, frame = self.next_frame(chance, sizes)
        self.numbers[prim] += 1
        cut = chance.randrange(len(frame))  # it arrives in two pieces
        self.crowd.send(self.client, frame[:cut])
        self.crowd.send(self.client, frame[cut:])
        return len(frame)

    def end_in_a_frame(self, chance):
        _, frame = self.next_frame(chance, SIZES)
        self.crowd.send(self.client, frame[:chance.randrange(1, len(frame))])
        self.crowd.leave(self.client)
        self.client = self.crowd.publisher()


class Soak:
    def __init__(self, broker, crowd, chance):
        self.broker = broker
        self.crowd = crowd
        self.chance = chance
        self.publishers = [Publisher(crowd, index) for index in range(PUBLISHERS)]
        self.steady = [crowd.map(kind=Map) for _ in range(STEADY)]
        self.restless = [self.new_map() for _ in range(MAPS - STEADY)]
        self.events = {"came": MAPS, "left": 0, "left in a frame": 0, "stopped reading": 0, "publishers replaced": 0,
                       "updates": 0, "received": 0}
        self.memory = []
        self.published = 0  # bytes

    def new_map(self):
        return self.crowd.map(kind=Map, receive_buffer=self.chance.choice([4096, 65536]))

    def stop_reading(self, member, for_bytes):
        member.complete = False
        member.wakes = self.published + for_bytes
        self.crowd.pause(member)
        self.events["stopped reading"] += 1

    def publish(self, publisher, sizes=SIZES):
        self.published += publisher.send(self.chance, sizes)
        self.events["updates"] += 1

    def overrun_some(self):
        """However slow the machine, some have fallen behind before it begins."""
        for member in self.restless[:5]:
            self.stop_reading(member, 0)
        while metric(self.broker, "messages_dropped_total", reason="conflated") == 0:
            assert self.published < 100_000_000, "nobody can be so slow"
            for publisher in self.publishers:
                self.publish(publisher, SIZES[-1:])

    def disturb(self):
        """Something happens to one map."""
        index = self.chance.randrange(len(self.restless))
        member, what = self.restless[index], self.chance.random()
        if not member.reading:
            return
        if what < 0.5:
            self.stop_reading(member, self.chance.choice(PAUSES))
        else:
            if what < 0.75:
                begun = client_frame(b'{"type":"select_object","prim_path":"/World/Fleet_0/Robot_0"}')
                member.socket.send(begun[:self.chance.randrange(1, len(begun))])
                self.events["left in a frame"] += 1
            self.events["received"] += member.count
            self.crowd.leave(member)
            self.restless[index] = self.new_map()
            self.events["left"] += 1
            self.events["came"] += 1

    def wake(self):
        for member in self.restless:
            if not member.reading and self.published >= member.wakes:
                self.crowd.go_on(member)

    def run(self, until):
        while time.monotonic() < until:
            for _ in range(ROUNDS_UNTIL_PAUSE):
                for publisher in self.publishers:
                    if self.chance.random() < 0.3:
                        self.publish(publisher)
                if self.chance.random() < 0.5:
                    self.disturb()
                self.wake()
                self.crowd.read(ROUND)
            self.settle()

    def settle(self):
        """The publishers pause: everybody who reads has the newest of everything, and misses nothing from here on."""
        newest = {prim.encode(): number for publisher in self.publishers
                  for prim, number in publisher.numbers.items() if number >= 0}
        readers = [member for member in self.steady + self.restless if member.reading]
        self.crowd.until(lambda: all(member.newest_of == newest for member in readers), "all who read have the newest")
        for member in readers:
            member.complete = True
        self.memory.append(memory(self.broker))
        for publisher in self.chance.sample(self.publishers, 3):
            publisher.end_in_a_frame(self.chance)
            self.events["publishers replaced"] += 1

    def finish(self):
        for member in self.restless:
            if not member.reading:
                self.crowd.go_on(member)
        self.settle()
        for member in self.steady:
            assert member.count == self.events["updates"], "each update came once"
        self.events["received"] += sum(member.count for member in self.steady + self.restless)


def memory(broker):
    with open(f"/proc/{broker.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def most_growth(broker):
    """In MiB. Sanitizers keep freed memory, and remember what happened; only their own bound holds there."""
    with open(f"/proc/{broker.pid}/maps", encoding="utf-8") as maps:
        text = maps.read()
    return 400 if "libasan" in text or "libtsan" in text else 12


def test_whatever_clients_do():
    # Pings are sent and answered, but who does not read for a while is not taken for dead.
    config = gateway_config(
        workers=2, transports={"realtime": {"ping_interval": "5s", "ping_timeout": "1h"}},
        routes={"coordinate_update": {"max_backlog": "256KiB", "max_lag": "off"}},
        limits={"messages_per_second": "off", "frames_per_second": "off", "max_stall": "off",
                "max_connections_per_address": "off"})
    print(f"\nseed {SEED}, {SECONDS:g} s")
    with Broker(config) as broker:
        with Crowd(broker) as crowd:
            begun = time.monotonic()
            soak = Soak(broker, crowd, random.Random(SEED))
            soak.overrun_some()
            soak.run(begun + SECONDS)
            soak.finish()
            conflated = metric(broker, "messages_dropped_total", reason="conflated")
            dropped = metric(broker, "messages_dropped_total", reason="dropped_oldest")
            soak.events["conflated"] = int(conflated)
            print(", ".join(f"{what} {number}" for what, number in soak.events.items()))
            warm = soak.memory[len(soak.memory) // 4]
            print(f"memory in MiB: {soak.memory[0]:.1f} at first, {warm:.1f} after a quarter, "
                  f"{max(soak.memory):.1f} at most, {soak.memory[-1]:.1f} at the end")
        assert dropped == 0
        assert soak.memory[-1] - warm < most_growth(broker)
        deadline = time.monotonic() + TIMEOUT
        while metric(broker, "sessions") > 0:
            assert time.monotonic() < deadline, "everybody has left, and there are sessions"

"""In a steady state the broker allocates nothing, whatever passes through it.

The real broker runs under a library that counts what it allocates (counting_allocations.c). A failure says where.
"""

import contextlib
import random
import select
import time

import pytest

from allocation_count import AllocationCount
from clients import Broker, gateway_config
from crowd import UPDATE_SIZE, Counter, Crowd, client_frame, fixed_update, frame_size

PUBLISHERS = 4
SUBSCRIBERS = 20
PRIMS = 25  # of each publisher
MESSAGES = 20_000
IN_A_ROUND = 25  # of each publisher
WARM_UP_ROUNDS = 100
WARM_UP_SECONDS = 1.5  # for what is done now and then
ACK = b'{"type":"ack","original_type":"coordinate_update","status":"success"}'


@contextlib.contextmanager
def counted_broker(config):
    count = AllocationCount()
    try:
        with Broker(config, env=count.environment) as broker:
            yield broker, count
    finally:
        count.close()


def config(workers, **route):
    return gateway_config(workers=workers, routes={"coordinate_update": {"max_lag": "off", **route}},
                          limits={"messages_per_second": "off", "frames_per_second": "off", "max_backlog": "64MiB"})


def whole(frames):
    """What a publisher sends of a round: all in one."""
    return [b"".join(frames)]


class Cut:
    """What a publisher sends of a round, cut where frames do not end: in their heads, masks and payloads."""

    def __init__(self):
        self.random = random.Random(7)

    def __call__(self, frames):
        bytes_, pieces = b"".join(frames), []
        while bytes_:
            size = self.random.choice([1, 2, 3, 5, 7, 100, 251, 600])
            pieces.append(bytes_[:size])
            bytes_ = bytes_[size:]
        return pieces


class Load:
    """Rounds of messages, each one sent only when everybody has got the one before."""

    def __init__(self, crowd, publishers=PUBLISHERS, subscribers=SUBSCRIBERS, ack=False):
        self.crowd = crowd
        self.publishers = [crowd.publisher(kind=Counter) for _ in range(publishers)]
        self.subscribers = [crowd.map(kind=Counter) for _ in range(subscribers)]
        self.ack = ack
        self.number = 0

    def round(self, shape=whole, in_a_round=IN_A_ROUND):
        crowd, waiting = self.crowd, []
        for index, publisher in enumerate(self.publishers):
            payloads = [fixed_update(f"/World/Fleet_{index}/Robot_{i % PRIMS}", self.number + i)
                        for i in range(in_a_round)]
            waiting.append((publisher, shape([client_frame(payload) for payload in payloads])))
            if self.ack:
                publisher.expected += in_a_round * frame_size(len(ACK))
        self.number += in_a_round
        for subscriber in self.subscribers:
            subscriber.expected += len(self.publishers) * in_a_round * frame_size(UPDATE_SIZE)
        while waiting:  # in turn, so that what is cut arrives cut
            for publisher, pieces in waiting:
                crowd.send(publisher, pieces.pop(0))
            waiting = [(publisher, pieces) for publisher, pieces in waiting if pieces]
        members = self.publishers + self.subscribers
        crowd.until(lambda: all(member.received >= member.expected for member in members), "everybody has everything")
        assert all(member.received == member.expected for member in members), "nobody gets more than there is"


def measure(broker, count, load, shape):
    # What may grow with the greatest turn is as large as it will be: the warm-up has greater ones.
    for _ in range(10):
        load.round(shape, 10 * IN_A_ROUND)
    begun, rounds = time.monotonic(), 0
    while rounds < WARM_UP_ROUNDS or time.monotonic() < begun + WARM_UP_SECONDS:
        load.round(shape)
        rounds += 1
    with count:
        for _ in range(MESSAGES // (PUBLISHERS * IN_A_ROUND)):
            load.round(shape)
    for subscriber in load.subscribers:
        assert subscriber.last_message()["metadata"]["n"] == load.number - 1
    assert count.allocations == 0, count.report(broker.pid)


CASES = {
    "plain": ({}, whole),
    "max_lag": ({"max_lag": "1s"}, whole),
    "cut frames": ({}, Cut()),
    "flush_interval": ({"flush_interval": "5ms"}, whole),
    "ack": ({"ack": True}, whole),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("case", CASES)
def test_messages_cost_no_allocation(case, workers):
    route, shape = CASES[case]
    with counted_broker(config(workers, **route)) as (broker, count), Crowd(broker) as crowd:
        measure(broker, count, Load(crowd, ack=route.get("ack", False)), shape)


@pytest.mark.parametrize("workers", [1, 2])
def test_time_that_passes_costs_no_allocation(workers):
    with counted_broker(config(workers)) as (broker, count), Crowd(broker) as crowd:
        load = Load(crowd)
        for _ in range(WARM_UP_ROUNDS):
            load.round()
        with count:  # three times what the broker does once a second
            readable, _, _ = select.select([member.socket for member in load.subscribers], [], [], 3.5)
        assert not readable, "nothing was sent"
        assert count.allocations == 0, count.report(broker.pid)


def test_the_count_sees_what_is_allocated():
    """A client that comes costs memory: the library is loaded and counts, in plugins too."""
    with counted_broker(config(1)) as (broker, count), Crowd(broker) as crowd:
        Load(crowd, 1, 1).round()
        with count:
            crowd.map(kind=Counter)
        report = count.report(broker.pid)
        assert count.allocations > 5, report
        assert "Worker::adopt" in report

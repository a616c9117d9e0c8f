"""Who registers late gets every object's latest place, while everybody else's stream goes on."""

import pytest

from clients import Broker, gateway_config, metric
from crowd import Crowd, client_frame, fixed_update

PRIMS = 10_000


def config(workers):
    return gateway_config(workers=workers, routes={"coordinate_update": {"latest_max": PRIMS, "max_lag": "off"}},
                          limits={"messages_per_second": "off", "frames_per_second": "off", "max_backlog": "64MiB"})


def name(prim):
    return f"/World/Fleet/Robot_{prim:05}"


def frames(prims, number):
    return b"".join(client_frame(fixed_update(name(prim), number)) for prim in prims)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_late_joiner_gets_every_prim_once_and_nobody_else_notices(workers):
    with Broker(config(workers)) as broker, Crowd(broker) as crowd:
        early, robot = crowd.map(), crowd.publisher()
        crowd.send(robot, frames(range(PRIMS), 0))
        crowd.until(lambda: early.count == PRIMS, "everything is stored")

        late = [crowd.map() for _ in range(3)]  # Member registers first: an update before the ack fails there
        crowd.until(lambda: all(member.count == PRIMS for member in late), "they have everything")

        for member in late:
            assert member.numbers == {name(prim): [0] for prim in range(PRIMS)}
        crowd.read(0.2)
        assert early.count == PRIMS, "what is for them is not for it"


@pytest.mark.parametrize("workers", [1, 2])
def test_joining_while_updates_flow_shows_every_prim_and_no_step_back(workers):
    busy, rounds = 200, 60
    with Broker(config(workers)) as broker, Crowd(broker) as crowd:
        early, robot = crowd.map(), crowd.publisher()
        crowd.send(robot, frames(range(PRIMS), 0))
        late = []
        for number in range(1, rounds + 1):
            if number % 10 == 5:
                late.append(crowd.map())  # with what was sent before still on its way
            crowd.send(robot, frames(range(0, PRIMS, PRIMS // busy), number))
        everybody = [early, *late]

        crowd.until(lambda: all(member.newest(name(prim)) == rounds for member in everybody
                                for prim in range(0, PRIMS, PRIMS // busy)), "everybody has the newest")
        crowd.until(lambda: all(len(member.numbers) == PRIMS for member in everybody), "everybody has every prim")

        assert all(early.numbers[name(prim)] == list(range(rounds + 1)) for prim in range(0, PRIMS, PRIMS // busy))
        assert early.count == PRIMS + rounds * busy
        for member in late:
            member.assert_in_order()
            assert len(member.numbers) == PRIMS


@pytest.mark.parametrize("workers", [1, 2])
def test_a_joiner_that_does_not_read_gets_the_newest_of_each_when_it_does(workers):
    """What it is given waits for it without being copied: thousands of such clients would cost nothing."""
    with Broker(config(workers)) as broker, Crowd(broker) as crowd:
        early, robot = crowd.map(), crowd.publisher()
        crowd.send(robot, frames(range(PRIMS), 0))
        crowd.until(lambda: early.count == PRIMS, "everything is stored")
        late = crowd.map(receive_buffer=4096)
        crowd.pause(late)
        for number in range(1, 11):
            crowd.send(robot, frames(range(PRIMS), number))
        crowd.until(lambda: early.count == 11 * PRIMS, "the early one has everything")
        assert early.numbers == {name(prim): list(range(11)) for prim in range(PRIMS)}

        crowd.go_on(late)
        crowd.until(lambda: all(late.newest(name(prim)) == 10 for prim in range(PRIMS)), "it has the newest of each")
        # What was there when it joined, unless a newer one was there before its turn came, and all that followed.
        assert all(late.numbers[name(prim)] in (list(range(11)), list(range(1, 11))) for prim in range(PRIMS))
        assert metric(broker, "messages_dropped_total", reason="conflated") == 0

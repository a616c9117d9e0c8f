"""What a client that reads too slowly gets, and what it is said to have missed: together, all there was."""

import random

import pytest

from clients import Broker, gateway_config, metric
from crowd import Crowd, client_frame, fixed_update

PRIMS = 50
SIZE = 4000  # of a message: so that few of them are beyond what the kernel's buffers hold


def config(workers=1, limits=None, routes=None, **route):
    merged_routes = {"coordinate_update": {"max_backlog": "1MiB", "max_lag": "off", **route}, **(routes or {})}
    return gateway_config(workers=workers, routes=merged_routes,
                          limits={"messages_per_second": "off", "frames_per_second": "off", "max_backlog": "64MiB",
                                  **(limits or {})})


def name(prim):
    return f"/World/Robot_{prim}"


def alarm_route(policy):
    """Events to the same role, without a key."""
    return {"from": "omniverse_extension", "to": "web_ui", "handler": "select_object", "slow_clients": policy}


def alarm(number, size=0):
    text = f'{{"type":"alarm","prim_path":"/World/Gate","number":{number},"fill":"{"x" * size}"}}'
    return client_frame(text.encode())


class Publishing:
    """Rounds of one update of each prim."""

    def __init__(self, crowd, prims=PRIMS):
        self.crowd = crowd
        self.prims = prims
        self.robot = crowd.publisher()
        self.rounds = 0
        self.pace_by = None  # a member that is given the time to keep up, however slow the machine

    def round(self):
        if self.pace_by is not None and self.rounds % 10 == 0:
            self.crowd.until(lambda: self.pace_by.count == self.published, "the one that reads keeps up")
        self.crowd.send(self.robot, b"".join(client_frame(fixed_update(name(prim), self.rounds, SIZE))
                                             for prim in range(self.prims)))
        self.rounds += 1

    @property
    def published(self):
        return self.rounds * self.prims

    def everything_is_handled(self, *witnesses):
        self.crowd.until(lambda: all(witness.count == self.published for witness in witnesses),
                         "the others have everything")
        for witness in witnesses:
            assert witness.numbers == {name(prim): list(range(self.rounds)) for prim in range(self.prims)}

    def adds_up(self, member, broker):
        self.crowd.until(lambda: missed(broker) + member.count == self.published,
                         "what it received and what is counted as missed are all there was")

    def has_the_newest(self, member):
        return all(member.newest(name(prim)) == self.rounds - 1 for prim in range(self.prims))


def missed(broker):
    return sum(metric(broker, "messages_dropped_total", reason=reason) for reason in ("conflated", "dropped_oldest"))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("policy", ["conflate", "drop_oldest"])
def test_received_and_missed_are_all_there_was(policy, workers):
    with Broker(config(workers, slow_clients=policy)) as broker, Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        chance = random.Random(workers)
        for _ in range(4):  # it stops and goes on again and again
            crowd.pause(slow)
            for _ in range(80):
                publishing.round()
            crowd.go_on(slow)
            for _ in range(chance.randrange(200)):
                slow.take()
        publishing.everything_is_handled(healthy)

        crowd.until(lambda: publishing.has_the_newest(slow), "the slow one has the newest")
        slow.assert_in_order()
        assert missed(broker) > 0
        publishing.adds_up(slow, broker)
        reason = "conflated" if policy == "conflate" else "dropped_oldest"
        assert metric(broker, "messages_dropped_total", reason=reason) == missed(broker), "by this policy alone"


def test_a_frozen_client_that_comes_back_gets_only_the_newest_of_each():
    with Broker(config(slow_clients="conflate")) as broker, Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for _ in range(200):
            publishing.round()
        publishing.everything_is_handled(healthy)

        crowd.go_on(slow)
        crowd.until(lambda: publishing.has_the_newest(slow), "it has the newest")
        # What the kernel had taken for it, and the step of the walk that was under way when it froze, comes first.
        assert slow.count < publishing.published / 2
        publishing.adds_up(slow, broker)


@pytest.mark.parametrize("workers", [1, 2])
def test_of_keys_that_went_meanwhile_nothing_is_owed(workers):
    """The store keeps fewer keys than there are: those that went are missed, and counted as such."""
    with Broker(config(workers, slow_clients="conflate", latest_max=10)) as broker, Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for _ in range(120):
            publishing.round()
        publishing.everything_is_handled(healthy)

        crowd.go_on(slow)
        crowd.until(lambda: all(slow.newest(name(prim)) == publishing.rounds - 1 for prim in range(40, 50)),
                    "it has what is kept")
        slow.assert_in_order()
        publishing.adds_up(slow, broker)


@pytest.mark.parametrize("workers", [1, 2])
def test_events_survive_a_flood_of_coordinates(workers):
    """One role, two routes: who has fallen behind skips coordinates, and gets the events, each in its order."""
    routes = {"alarm": alarm_route("drop_oldest")}
    with Broker(config(workers, routes=routes, slow_clients="conflate")) as broker, Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for number in range(200):
            publishing.round()
            crowd.send(publishing.robot, alarm(number))
        publishing.everything_is_handled(healthy)
        crowd.until(lambda: len(healthy.others) == 200, "the others have the alarms")

        crowd.go_on(slow)
        crowd.until(lambda: publishing.has_the_newest(slow) and len(slow.others) == 200, "everything has come")
        slow.assert_in_order()
        assert [alarm["number"] for alarm in slow.others] == list(range(200))
        assert metric(broker, "messages_dropped_total", reason="conflated") > 0
        assert metric(broker, "messages_dropped_total", reason="dropped_oldest") == 0


def test_events_beyond_their_bound_lose_the_oldest():
    routes = {"alarm": alarm_route("drop_oldest")}
    with Broker(config(routes=routes, slow_clients="conflate")) as broker, Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for number in range(200):
            publishing.round()
            crowd.send(publishing.robot, alarm(number, 8000))
        publishing.everything_is_handled(healthy)
        crowd.until(lambda: len(healthy.others) == 200, "the others have the alarms")

        crowd.go_on(slow)
        crowd.until(lambda: publishing.has_the_newest(slow) and slow.others and slow.others[-1]["number"] == 199,
                    "the newest has come")
        numbers = [alarm["number"] for alarm in slow.others]
        assert numbers == sorted(set(numbers)), "in order, none twice"
        assert numbers[-20:] == list(range(180, 200)), "what is lost is the oldest"
        assert metric(broker, "messages_dropped_total", reason="dropped_oldest") == 200 - len(numbers) > 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_route_that_disconnects_ends_the_slow_client_alone(workers):
    routes = {"alarm": alarm_route("disconnect")}
    with Broker(config(workers, limits={"linger": "500ms"}, routes=routes, slow_clients="conflate")) as broker, \
            Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for _ in range(200):  # coordinates alone end nobody
            publishing.round()
        publishing.everything_is_handled(healthy)
        assert metric(broker, "sessions") == 3

        for number in range(200):
            crowd.send(publishing.robot, alarm(number, 8000))
        crowd.until(lambda: len(healthy.others) == 200, "the others have the alarms")
        crowd.until(lambda: metric(broker, "sessions") == 2, "the slow one has been ended")
        crowd.go_on(slow)
        crowd.until(lambda: slow.ended, "it sees the end")
        numbers = [alarm["number"] for alarm in slow.others]
        assert numbers == list(range(len(numbers))), "no gap before the end"
        assert not healthy.ended


def test_max_lag_conflates_by_age_where_bytes_would_not():
    with Broker(config(slow_clients="conflate", max_backlog="64MiB", max_lag="300ms")) as broker, \
            Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for _ in range(60):  # 12 MB: beyond the kernel's buffers, far from the backlog's bound
            publishing.round()
        publishing.everything_is_handled(healthy)
        crowd.until(lambda: metric(broker, "messages_dropped_total", reason="conflated") > 0, "it has waited too long")

        crowd.go_on(slow)
        crowd.until(lambda: publishing.has_the_newest(slow), "it has the newest")
        slow.assert_in_order()
        publishing.adds_up(slow, broker)


def test_without_max_lag_nothing_is_lost_for_its_age():
    with Broker(config(slow_clients="conflate", max_backlog="64MiB")) as broker, Crowd(broker) as crowd:
        slow, healthy, publishing = crowd.map(receive_buffer=16384), crowd.map(), Publishing(crowd)
        publishing.pace_by = healthy
        crowd.pause(slow)
        for _ in range(60):
            publishing.round()
        publishing.everything_is_handled(healthy)

        crowd.go_on(slow)
        publishing.everything_is_handled(slow)
        assert missed(broker) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_one_of_a_hundred_that_stops_reading_hurts_nobody(workers):
    """A hundred prims, a thousand updates a second, a hundred maps, one of them frozen."""
    prims, rounds = 100, 60
    with Broker(config(workers, slow_clients="conflate")) as broker, Crowd(broker) as crowd:
        maps = [crowd.map() for _ in range(99)]
        frozen, publishing = crowd.map(receive_buffer=16384), Publishing(crowd, prims)
        publishing.round()
        crowd.until(lambda: publishing.has_the_newest(frozen), "it takes part")
        before = memory(broker)
        crowd.pause(frozen)
        for _ in range(rounds):
            publishing.round()
            crowd.read(0.01)
        publishing.everything_is_handled(*maps)
        assert memory(broker) - before < most_growth(broker)

        crowd.go_on(frozen)
        crowd.until(lambda: publishing.has_the_newest(frozen), "it has the newest of each")
        frozen.assert_in_order()
        publishing.adds_up(frozen, broker)


def memory(broker):
    with open(f"/proc/{broker.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) * 1024


def most_growth(broker):
    """What the broker may grow by; sanitizers keep freed memory for a while, so only a looser bound holds there."""
    with open(f"/proc/{broker.pid}/maps", encoding="utf-8") as maps:
        text = maps.read()
    return (256 if "libasan" in text or "libtsan" in text else 16) * 1024 * 1024

"""Who keeps up loses nothing, whatever it asks for meanwhile; who does not is told so, and comes back once."""

import json

import pytest

from clients import Broker, gateway_config, metric
from crowd import Crowd, client_frame, fixed_update

MAP = "web_ui"
ROBOT = "omniverse_extension"
LIVE = "/World/Live"
BOX = [126, 36, 128, 38]


def config(routes=None, limits=None, **route):
    """A gateway with subscriptions, and `route` for the coordinates."""
    return gateway_config(
        workers=1, notices="subscriptions:notices",
        routes={"coordinate_update": {"max_lag": "off", "position": ["latitude", "longitude"], **route},
                "subscribe": {"from": MAP, "handler": "subscriptions:subscribe"},
                "snapshot": {"from": MAP, "handler": "subscriptions:snapshot"}, **(routes or {})},
        limits={"messages_per_second": "off", "frames_per_second": "off", **(limits or {})})


def message(**members):
    return client_frame(json.dumps(members, separators=(",", ":")).encode())


def update(prim, number, latitude=37.0, fill=0, **members):
    return message(type="coordinate_update", prim_path=prim, latitude=latitude, longitude=127.0, height=0.0,
                   metadata={"n": number, "fill": "x" * fill}, **members)


def snapshot(prim_path="/**"):
    return message(type="snapshot", message_type="coordinate_update", prim_path=prim_path)


def subscribe(**members):
    return message(type="subscribe", message_type="coordinate_update", **members)


def statuses(member):
    return [other for other in member.others if other["type"] == "status"]


def acked(crowd, member, frame):
    before = sum(other["type"] == "ack" for other in member.others)
    crowd.send(member, frame)
    crowd.until(lambda: sum(other["type"] == "ack" for other in member.others) > before, "it is accepted")


def frozen_after(crowd, robot, member, prim, first):
    """Updates of one prim that go unread until the member has fallen behind; answers the next number."""
    crowd.pause(member)
    number = first
    while metric(crowd.broker, "messages_dropped_total") == 0:
        for number in range(number, number + 100):
            crowd.send(robot, update(prim, number, fill=4000))
        number += 1
    return number


@pytest.mark.parametrize("policy", ["conflate", "drop_oldest"])
@pytest.mark.parametrize("interval", ["0ms", "20ms"])
def test_snapshots_and_subscriptions_take_nothing_from_the_stream(policy, interval):
    """The objects of a snapshot are many turns' work; the stream beside it comes whole."""
    objects, live = 3000, 4000
    with Broker(config(slow_clients=policy, flush_interval=interval, max_backlog="64MiB")) as broker, \
            Crowd(broker) as crowd:
        robot, member = crowd.publisher(), crowd.map()
        crowd.send(robot, b"".join(update(f"/World/O/{i}", 0) for i in range(objects)))
        crowd.until(lambda: member.count == objects, "the objects are known")
        for number in range(live):
            crowd.send(robot, update(LIVE, number))
            if number % 400 == 100:
                crowd.send(member, snapshot("/World/O/*"))
            if number % 400 == 300:
                crowd.send(member, subscribe(id=str(number), prim_path=f"/World/{'L' if number % 800 < 400 else '**/L'}*"))
        crowd.until(lambda: member.newest(LIVE) == live - 1, "the stream has come to its end")

        once = sorted(set(member.numbers[LIVE]))
        assert once == list(range(live)), "every message of the stream"
        assert metric(broker, "messages_dropped_total") == 0
        crowd.until(lambda: all(len(numbers) > 1 for prim, numbers in member.numbers.items() if prim != LIVE),
                    "and every object comes again: the last snapshot is whole, however slow the machine")


def test_who_joins_takes_part_in_the_stream_from_its_ack_on():
    objects, live = 5000, 3000
    with Broker(config(max_backlog="64MiB")) as broker, Crowd(broker) as crowd:
        robot, early = crowd.publisher(), crowd.map()
        crowd.send(robot, b"".join(update(f"/World/O/{i}", 0) for i in range(objects)))
        crowd.until(lambda: early.count == objects, "the objects are known")
        late = []
        for number in range(live):
            crowd.send(robot, update(LIVE, number))
            if number % 500 == 250:
                late.append(crowd.map())
        crowd.until(lambda: all(member.newest(LIVE) == live - 1 and len(member.numbers) == objects + 1
                                for member in late), "they have the stream and the objects")

        for member in late:
            member.assert_in_order()
            numbers = member.numbers[LIVE]
            assert numbers == list(range(numbers[0], live)), "from the first that it got, every one"
        assert metric(broker, "messages_dropped_total") == 0


def test_messages_without_a_key_come_while_a_snapshot_is_under_way():
    objects, live = 3000, 500
    with Broker(config(latest_by="timestamp", slow_clients="drop_oldest")) as broker, Crowd(broker) as crowd:
        robot, member = crowd.publisher(), crowd.map()
        for i in range(objects):
            stamp = f"2026-01-01T{i // 3600:02}:{i // 60 % 60:02}:{i % 60:02}Z"
            crowd.send(robot, update("/World/O", i, timestamp=stamp))
        crowd.until(lambda: member.count == objects, "the objects are known")
        for number in range(live):
            if number % 100 == 0:
                crowd.send(member, snapshot())
            crowd.send(robot, update(LIVE, number))
        crowd.until(lambda: member.newest(LIVE) == live - 1, "the stream has come to its end")

        assert member.numbers[LIVE] == list(range(live))


def test_each_audience_has_its_own_lag():
    """The longer one was looked at first, and is far from its end."""
    routes = {"select_object": {"max_lag": "200ms", "slow_clients": "disconnect", "max_backlog": "64MiB"}}
    with Broker(config(routes, {"linger": "100ms"}, max_lag="1h", max_backlog="64MiB")) as broker, Crowd(broker) as crowd:
        robot, member = crowd.publisher(), crowd.map()
        crowd.send(robot, update(LIVE, 0))
        crowd.until(lambda: member.count == 1, "the maps' audience has had a message")
        frozen = crowd.publisher(receive_buffer=16384)
        crowd.pause(frozen)
        for _ in range(1500):
            crowd.send(member, message(type="select_object", prim_path="/World/O", fill="x" * 4000))

        crowd.until(lambda: metric(broker, "connections_closed_total", reason="max_stall") == 1, "it was too long ago")


def test_a_slow_client_that_is_disconnected_is_counted_once():
    with Broker(config(limits={"linger": "100ms"}, slow_clients="disconnect", max_backlog="64KiB")) as broker, \
            Crowd(broker) as crowd:
        robot, frozen, healthy = crowd.publisher(), crowd.map(receive_buffer=16384), crowd.map()
        crowd.pause(frozen)
        number = 0
        while metric(broker, "sessions") == 3:
            for number in range(number, number + 50):
                crowd.send(robot, update(LIVE, number, fill=1000))
                crowd.until(lambda sent=number: healthy.newest(LIVE) == sent, "who reads keeps up")
            number += 1

        assert metric(broker, "connections_closed_total", reason="max_stall") == 1


def test_who_asks_for_notices_after_it_has_missed_messages_is_told_of_the_next():
    with Broker(config(max_backlog="64KiB")) as broker, Crowd(broker) as crowd:
        robot, member = crowd.publisher(), crowd.map(receive_buffer=16384)
        number = frozen_after(crowd, robot, member, LIVE, 0)
        crowd.go_on(member)
        crowd.until(lambda: member.newest(LIVE) == number - 1, "it is back")
        before = metric(broker, "messages_dropped_total")
        acked(crowd, member, snapshot("/nothing"))
        assert not statuses(member), "what it missed before it asked is nobody's business"

        crowd.pause(member)
        while metric(broker, "messages_dropped_total") == before:
            for number in range(number, number + 100):
                crowd.send(robot, update(LIVE, number, fill=4000))
            number += 1
        crowd.go_on(member)
        crowd.until(lambda: sum(status["count"] for status in statuses(member)) ==
                    metric(broker, "messages_dropped_total") - before, "it is told of all of them")


def test_keys_that_wait_for_their_interval_come_once_when_a_frozen_client_is_back():
    keys = [f"/World/K/{i}" for i in range(50)]
    with Broker(config(max_backlog="64KiB")) as broker, Crowd(broker) as crowd:
        robot, member = crowd.publisher(), crowd.map(receive_buffer=16384)
        acked(crowd, member, subscribe(prim_path="/World/**", min_interval=0.01))
        number = frozen_after(crowd, robot, member, "/World/Flood", 0)
        appended = metric(broker, "audience_messages_total")
        rounds = 0
        while metric(broker, "audience_messages_total") < appended + 40 * len(keys):
            rounds += 1
            crowd.send(robot, b"".join(update(key, rounds, fill=500) for key in keys))
        crowd.go_on(member)
        crowd.until(lambda: all(member.newest(key) == rounds for key in keys), "it has the newest of each")

        for key in keys:
            assert member.numbers[key].count(rounds) <= 2, "by the walk, and once more by the interval at most"


def test_an_object_that_leaves_the_box_while_a_client_is_behind_is_seen_leaving():
    with Broker(config(max_backlog="64KiB")) as broker, Crowd(broker) as crowd:
        robot, member = crowd.publisher(), crowd.map(receive_buffer=16384)
        acked(crowd, member, subscribe(bbox=BOX))
        crowd.send(robot, update("/World/Leaving", 1))
        crowd.until(lambda: member.newest("/World/Leaving") == 1, "it is in the box")
        number = frozen_after(crowd, robot, member, LIVE, 0)
        crowd.send(robot, update("/World/Leaving", 2, latitude=0.0) + update("/World/Leaving", 3, latitude=0.0))
        crowd.send(robot, update(LIVE, number))
        crowd.go_on(member)
        crowd.until(lambda: member.newest(LIVE) == number and member.newest("/World/Leaving") > 1, "it is back")

        crowd.send(robot, update("/World/Leaving", 4, latitude=0.0) + update(LIVE, number + 1))
        crowd.until(lambda: member.newest(LIVE) == number + 1, "and takes part again")
        assert len(member.numbers["/World/Leaving"]) == 2, "in the box, and outside of it once"


def test_falling_behind_right_after_joining_repeats_nothing():
    objects = 100
    with Broker(config(max_backlog="64KiB")) as broker, Crowd(broker) as crowd:
        robot = crowd.publisher()
        crowd.send(robot, b"".join(update(f"/World/O/{i}", 0, fill=1000) for i in range(objects)))
        member = crowd.map(receive_buffer=4096)
        number = frozen_after(crowd, robot, member, LIVE, 0)
        crowd.go_on(member)
        crowd.until(lambda: member.newest(LIVE) == number - 1 and len(member.numbers) == objects + 1, "it has all")

        member.assert_in_order()
        assert metric(broker, "messages_dropped_total") == number - len(member.numbers[LIVE])


def test_many_snapshots_for_a_client_that_does_not_read_stay_within_the_backlog():
    """What is pending when a snapshot is asked for counts as backlog."""
    with Broker(config(limits={"max_control_queue": "16MiB"}, max_backlog="256KiB")) as broker, Crowd(broker) as crowd:
        robot, member, healthy = crowd.publisher(), crowd.map(receive_buffer=16384), crowd.map()
        frozen_after(crowd, robot, member, LIVE, 0)
        before = resident(broker)
        for number in range(1, 400):
            crowd.send(robot, b"".join(update(f"/World/P/{i}", number, fill=4000) for i in range(20)))
            crowd.send(member, snapshot("/World/P/*"))
            crowd.until(lambda sent=number: healthy.newest("/World/P/19") == sent, "who reads keeps up")

        assert resident(broker) - before < 32 * 1024 * 1024, "and not the 32 MB that went past it"


def resident(broker):
    with open(f"/proc/{broker.pid}/smaps_rollup", encoding="ascii") as smaps:
        return next(int(line.split()[1]) for line in smaps if line.startswith("Pss:")) * 1024

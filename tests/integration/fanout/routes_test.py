"""What a route says about its messages: how they are gathered, and how many of them one client may send."""

import pytest

from clients import Broker, gateway_config, metric
from crowd import Crowd, client_frame, fixed_update


def config(workers=1, limits=None, routes=None, **route):
    return gateway_config(workers=workers, routes={"coordinate_update": {"max_lag": "off", **route}, **(routes or {})},
                          limits={"messages_per_second": "off", "frames_per_second": "off", **(limits or {})})


def update(prim, number):
    return client_frame(fixed_update(f"/World/{prim}", number))


def errors(member):
    return [message["error_code"] for message in member.others if message["type"] == "error"]


def acks(member):
    return sum(1 for message in member.others if message["type"] == "ack")


def one_by_one(crowd, robot, first, last):
    """Each is sent when the one before has been handled: in a turn of its own."""
    for number in range(first, last):
        crowd.send(robot, update("Robot", number))
        crowd.until(lambda: acks(robot) > number, f"the ack of {number}")


@pytest.mark.parametrize("workers", [1, 2])
def test_without_a_flush_interval_each_message_leaves_at_once(workers):
    with Broker(config(workers, ack=True)) as broker, Crowd(broker) as crowd:
        web, robot = crowd.map(), crowd.publisher()
        for number in range(20):
            one_by_one(crowd, robot, number, number + 1)
            crowd.until(lambda: web.count == number + 1, "it is there before the next one is sent")

        assert web.receive_calls == 20


@pytest.mark.parametrize("workers", [1, 2])
def test_a_flush_interval_brings_messages_together(workers):
    rounds, in_a_round = 5, 20
    with Broker(config(workers, ack=True, flush_interval="50ms")) as broker, Crowd(broker) as crowd:
        web, robot = crowd.map(), crowd.publisher()
        for number in range(0, rounds * in_a_round, in_a_round):
            one_by_one(crowd, robot, number, number + in_a_round)
            crowd.until(lambda: web.count == number + in_a_round, "nothing more needs to be sent for them to come")

        assert web.numbers == {"/World/Robot": list(range(rounds * in_a_round))}
        assert web.receive_calls < rounds * in_a_round / 2
        assert acks(robot) == rounds * in_a_round, "what is said to the sender does not wait"


def test_a_message_of_a_route_without_an_interval_takes_those_that_wait_along():
    """One stream from both routes: the order in which they were sent is kept."""
    routes = {"alarm": {"from": "omniverse_extension", "to": "web_ui", "handler": "select_object", "ack": True}}
    with Broker(config(routes=routes, ack=True, flush_interval="50ms")) as broker, Crowd(broker) as crowd:
        web, robot = crowd.map(), crowd.publisher()
        for number in range(10):
            crowd.send(robot, update("Robot", number))
            crowd.send(robot, client_frame(f'{{"type":"alarm","prim_path":"/World/Gate","number":{number}}}'.encode()))
            crowd.until(lambda: len(web.others) == number + 1, "the alarm is there")
            assert web.count == number + 1, "and what was sent before it"


@pytest.mark.parametrize("workers", [1, 2])
def test_max_rate_refuses_what_is_too_much_of_one_type_and_ends_nobody(workers):
    routes = {"alarm": {"from": "omniverse_extension", "to": "web_ui", "handler": "select_object"}}
    with Broker(config(workers, routes=routes, max_rate=10)) as broker, Crowd(broker) as crowd:
        web, greedy, other = crowd.map(), crowd.publisher(), crowd.publisher()
        for number in range(200):
            crowd.send(greedy, update("Greedy", number))
        for number in range(5):
            crowd.send(other, update("Other", number))
        for number in range(50):
            crowd.send(greedy, client_frame(f'{{"type":"alarm","prim_path":"/W/G","number":{number}}}'.encode()))
        crowd.until(lambda: len(web.others) == 50, "of the other type there is no limit")
        crowd.until(lambda: web.count + len(errors(greedy)) == 205, "each message is delivered or refused")

        assert set(errors(greedy)) == {"RATE_LIMIT_EXCEEDED"}
        assert len(errors(greedy)) >= 100
        assert web.numbers["/World/Other"] == list(range(5)), "the limit is each client's own"
        assert not errors(other)
        assert metric(broker, "messages_over_rate_total") == len(errors(greedy))
        assert metric(broker, "sessions") == 3
        web.assert_in_order()


@pytest.mark.parametrize("workers", [1, 2])
def test_messages_per_second_refuses_what_is_too_much_and_ends_nobody(workers):
    with Broker(config(workers, limits={"messages_per_second": 20})) as broker, Crowd(broker) as crowd:
        web, greedy = crowd.map(), crowd.publisher()
        for number in range(300):
            crowd.send(greedy, update("Greedy", number))
        crowd.until(lambda: web.count + len(errors(greedy)) == 300, "each message is delivered or refused")

        assert set(errors(greedy)) == {"RATE_LIMIT_EXCEEDED"}
        assert len(errors(greedy)) >= 100
        assert metric(broker, "messages_over_rate_total") == len(errors(greedy))

        sent = 300
        while not any(number >= 300 for number in web.numbers["/World/Greedy"]):  # when time has passed, it may again
            crowd.send(greedy, update("Greedy", sent))
            sent += 1
            crowd.read(0.05)
        web.assert_in_order()
        assert not greedy.ended


@pytest.mark.parametrize("workers", [1, 2])
def test_a_flooding_publisher_takes_nothing_from_honest_ones(workers):
    """At a moderate rate all that the honest ones send arrives, in order, whatever the flood is."""
    honest, messages = 5, 100
    with Broker(config(workers, limits={"messages_per_second": 2000}, ack=True)) as broker, Crowd(broker) as crowd:
        web = crowd.map()
        robots, flooding = [crowd.publisher() for _ in range(honest)], crowd.publisher()
        flood, sent = b"".join(update("Flood", number) for number in range(100)), 0
        for number in range(messages):
            for index, robot in enumerate(robots):
                crowd.send(robot, update(f"Robot_{index}", number))
            for _ in range(3):
                crowd.send(flooding, flood)
                sent += 100
        crowd.until(lambda: all(acks(robot) == messages for robot in robots), "the honest ones have their acks")
        crowd.until(lambda: all(web.newest(f"/World/Robot_{index}") == messages - 1 for index in range(honest)),
                    "everything of theirs has come")

        for index in range(honest):
            assert web.numbers[f"/World/Robot_{index}"] == list(range(messages))
        crowd.until(lambda: acks(flooding) + len(errors(flooding)) == sent, "the flood is answered, too")
        assert errors(flooding), "it was more than it may send"
        assert not flooding.ended

"""A broker with a fragile handler in a process of its own (tests/plugins/fragile), and looks at that process."""

import os
import pathlib

from clients import gateway_config, receive, send, until

SERVES = "The process of an isolated component serves"
ENDED = "The process of an isolated component has ended"
HANDLER = "handlers.fragile"


def fragile_config(limits=None, workers=3, routes=None, **options):
    """Who is connected may send `fragile`, web_ui gets it."""
    handler = {"plugin": "fragile", "isolation": "process", **options}
    return gateway_config(workers=workers, limits=limits or {},
                          routes={"fragile": {"from": "anyone", "to": "web_ui", "handler": handler}, **(routes or {})})


def pid_of(broker, component=HANDLER, count=1):
    """The process that it was started in for the `count`th time."""
    return int(broker.wait_for_log(SERVES, component=component, count=count)["pid"])


def is_alive(pid):
    """Neither gone nor a zombie that somebody else has to look after."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def exists(pid):
    return os.path.exists(f"/proc/{pid}")


async def ask(client, **message):
    """Sends a fragile message, and answers what comes back."""
    await send(client, type="fragile", **message)
    return await receive(client)


async def gone(pid):
    await until(lambda: not is_alive(pid), f"process {pid} has ended")


async def acknowledged(client, **message):
    """Sends until an ack comes, and answers how many errors came before."""
    errors = 0
    while (answer := await ask(client, **message))["type"] != "ack":
        assert answer["error_code"] == "FRAGILE_FAILED", answer
        errors += 1
    return errors

"""A client of a broker's control socket (docs/operations.md), and copies of plugins with other contents."""

import json
import pathlib
import shutil
import socket

TIMEOUT = 120


class ControlError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]


class Control:
    def __init__(self, path):
        self.path = str(path)

    def ask(self, command, **members):
        """The result of a command; its progress goes to `self.progress`."""
        self.progress = []
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT)
            connection.connect(self.path)
            connection.sendall(json.dumps({"command": command, **members}).encode() + b"\n")
            for line in connection.makefile("rb"):
                answer = json.loads(line)
                if "error" in answer:
                    raise ControlError(answer["error"])
                if "result" in answer:
                    return answer["result"]
                self.progress.append(answer["progress"])
        raise ControlError({"code": "CLOSED", "message": "the control connection ended without a result"})

    def swap(self, name="transports.realtime", **members):
        return self.ask("swap", name=name, **members)

    def generations(self, name="transports.realtime"):
        return [entry for entry in self.ask("generations")["generations"] if entry["name"] == name]


def builds(folder, plugin, count=2):
    """Copies of a plugin that differ in their contents: what follows an ELF file's tables is nobody's business."""
    copies = []
    for index in range(count):
        copy = pathlib.Path(folder) / f"build{index}" / pathlib.Path(plugin).name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(plugin, copy)
        with copy.open("ab") as file:
            file.write(f"build {index}".encode())
        copies.append(copy)
    return copies

"""A running broker that commands are for, in a runtime folder of its own, so that no other broker is found."""

import json
import pathlib
import shutil
import socket
import stat

from broker import Broker, gateway_config
from program import omnibroker, plugin_folder

TIMEOUT = 20


class Gateway:
    """A broker whose commands find it as those of its user would.

        with Gateway(tmp_path) as gateway:
            gateway.command("status").stdout
            gateway.result("status")["pid"]
    """

    def __init__(self, folder, env=None, **changes):
        self.folder = pathlib.Path(folder)
        self.env = {"XDG_RUNTIME_DIR": str(folder), "OMNIBROKER_CONTROL": None, **(env or {})}
        self.broker = Broker(gateway_config(**changes), env=self.env)

    def __enter__(self):
        self.broker.__enter__()
        return self

    def __exit__(self, *error):
        return self.broker.__exit__(*error)

    @property
    def socket(self):
        return self.folder / "omnibroker" / f"{self.broker.pid}.sock"

    def command(self, *words, **options):
        return omnibroker(*words, env={**self.env, **options.pop("env", {})}, **options)

    def result(self, *words):
        """What a command prints with --json."""
        done = self.command(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def refusal(self, *words, status=1):
        """What a command has to say that is refused."""
        done = self.command(*words)
        assert done.returncode == status, done.stdout + done.stderr
        assert done.stdout == ""
        return done.stderr

    def change(self, **changes):
        """Writes the configuration file again, with `changes` laid over what it began with."""
        with open(self.broker.config_file, "w", encoding="utf-8") as file:
            file.write(gateway_config(**changes))

    def generations(self, name="transports.realtime"):
        return [(one["generation"], one["state"]) for one in self.result("generations")["generations"]
                if one["name"] == name]


class Wire:
    """A connection to a control socket that says what a test wants it to say."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.lines.close()
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def read(self):
        """The next line as JSON; None at the end."""
        line = self.lines.readline()
        return json.loads(line) if line else None

    def ask(self, command, **members):
        """All that a command is answered, the progress too."""
        self.send(json.dumps({"command": command, **members}) + "\n")
        answers = [self.read()]
        while "progress" in answers[-1]:
            answers.append(self.read())
        return answers


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def another_build(folder, plugin="websocket"):
    """A copy of a plugin with other contents: what follows the tables of an ELF file is nobody's business."""
    copy = pathlib.Path(folder) / f"{plugin}.so"
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(plugin_folder() / f"{plugin}.so", copy)
    with copy.open("ab") as file:
        file.write(b"another build")
    return copy

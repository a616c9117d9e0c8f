"""What a broker allocates while a test looks: the other side of counting_allocations.c."""

import mmap
import os
import shutil
import struct
import subprocess
import tempfile

PLACES = 256
FRAMES = 20
WORDS = 3 + PLACES * (1 + FRAMES)
SHOWN_CALLS = 12


class AllocationCount:
    """
        with AllocationCount() as count, Broker(config, env=count.environment) as broker:
            ...                             # warm up
            with count:
                ...                         # what must not allocate
            assert count.allocations == 0, count.report(broker.pid)

    The counts go on from one inner block to the next; `reset` starts anew.
    """

    def __init__(self):
        self._library = os.environ["OMNIBROKER_COUNTING_LIBRARY"]
        self._file = tempfile.NamedTemporaryFile(prefix="omnibroker-allocations-")
        self._file.truncate(WORDS * 8)
        self._page = mmap.mmap(self._file.fileno(), WORDS * 8)
        self.environment = {"LD_PRELOAD": self._library, "OMNIBROKER_ALLOCATIONS": self._file.name}

    def close(self):
        self._page.close()
        self._file.close()

    def __enter__(self):
        self._page[0:8] = struct.pack("=Q", 1)
        return self

    def __exit__(self, *_):
        self._page[0:8] = struct.pack("=Q", 0)
        return False

    def reset(self):
        self._page[8:] = bytes(len(self._page) - 8)

    def _word(self, index):
        return struct.unpack_from("=Q", self._page, index * 8)[0]

    @property
    def allocations(self):
        return self._word(1)

    @property
    def bytes(self):
        return self._word(2)

    def places(self):
        """(how often, [return addresses]), the most frequent first."""
        found = []
        for place in range(PLACES):
            at = 3 + place * (1 + FRAMES)
            if self._word(at) > 0:
                calls = [self._word(at + 1 + frame) for frame in range(FRAMES)]
                found.append((self._word(at), [call for call in calls if call]))
        return sorted(found, key=lambda item: -item[0])

    def report(self, pid):
        """How many, and where, in words; the process must still run."""
        places = [(number, calls[:SHOWN_CALLS]) for number, calls in self.places()]
        named = _named(_modules(pid), {call for _, calls in places for call in calls})
        lines = [f"{self.allocations} allocations, {self.bytes} bytes"]
        for number, calls in places:
            lines.append(f"{number} times:")
            lines += [f"    {named[call]}" for call in calls]
        return "\n".join(lines)


def _modules(pid):
    """(begin, end, base, file) of what is mapped to be run."""
    bases, found = {}, []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            fields = line.split(None, 5)
            if len(fields) < 6 or not fields[5].startswith("/"):
                continue
            begin, end = (int(word, 16) for word in fields[0].split("-"))
            name = fields[5].strip()
            base = bases.setdefault(name, begin)
            if "x" in fields[1]:
                found.append((begin, end, base, name))
    return found


def _named(modules, addresses):
    """Function and line of each return address, where that can be found."""
    named, of_module = {}, {}
    for address in addresses:
        for begin, end, base, name in modules:
            if begin <= address < end:
                of_module.setdefault(name, []).append((address, hex(address - 1 - base)))
                break
        else:
            named[address] = hex(address)
    for name, found in of_module.items():
        words = [f"+ {offset}" for _, offset in found]
        if shutil.which("addr2line") is not None:
            answer = subprocess.run(["addr2line", "-Cfpe", name, *(offset for _, offset in found)], capture_output=True,
                                    text=True, check=False).stdout.splitlines()
            words = answer if len(answer) == len(found) else words
        for (address, _), word in zip(found, words):
            named[address] = f"{word[:200]} [{os.path.basename(name)[:24]}]"
    return named

"""The documents as the tests read them: which there are, and the code blocks that are in them."""

import dataclasses
import functools
import os
import pathlib
import re
import subprocess

from broker import ROOT, executable

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@dataclasses.dataclass(frozen=True)
class Block:
    page: pathlib.Path
    line: int  # of its first line of code
    language: str
    text: str

    @property
    def name(self):
        """`docs/gateway.md:12`, as a compiler and an editor write it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@functools.cache
def blocks_of(page):
    found, begun, language, lines = [], 0, None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif language is None:
            begun, language, lines = number + 1, line[3:].strip(), []
        else:
            found.append(Block(page, begun, language, "\n".join(lines) + "\n"))
            language = None
    assert language is None, f"{page}: the code block in line {begun} has no end"
    return found


def blocks(language, pages=PAGES):
    return [block for page in pages for block in blocks_of(page) if block.language == language]


def plugin_folder():
    """The plugins that were built with the program under test."""
    return pathlib.Path(executable()).resolve().parent.parent / "plugins"


def compile_command(compiler_variable, fallback, standard):
    """The compiler of this build, with the SDK's headers, as a plugin is compiled."""
    sanitize = os.environ.get("OMNIBROKER_SANITIZE", "")
    return [os.environ.get(compiler_variable) or fallback, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-fPIC",
            "-fvisibility=hidden", *([f"-fsanitize={sanitize}"] if sanitize else []),
            f"-I{ROOT / 'sdk/include'}", f"-I{ROOT / 'sdk/testing/include'}"]


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120, **options)


def slug(heading):
    """The anchor that a heading gets where Markdown is shown."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")

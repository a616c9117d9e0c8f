"""The pages hold together: links lead somewhere, lines are short enough to read as they are."""

import re

import pytest

from broker import ROOT
from pages import PAGES, slug

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
LONGEST = 125
GENERATED = ROOT / "docs/configuration.md"


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", without_code(file.read_text(encoding="utf-8")), re.MULTILINE)
            assert anchor in map(slug, headings), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_are_wrapped(page):
    if page == GENERATED:
        return
    text = re.sub(r"^```console.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for line in text.splitlines():
        if not line.startswith("|"):  # neither a row of a table nor what a program prints can be wrapped
            assert len(line) <= LONGEST, f"{page.name}: {len(line)} columns: {line}"


def sources():
    return "\n".join(file.read_text(encoding="utf-8", errors="replace")
                     for folder in ("core", "sdk", "plugins", "tools", "tests/unit") for file in sorted((ROOT / folder).rglob("*"))
                     if file.suffix in {".c", ".h", ".cpp", ".hpp"})


@pytest.fixture(scope="module")
def words_of_the_code():
    return set(re.findall(r"\w+", sources()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_named_is_there(page, words_of_the_code):
    """Functions, metrics and files that prose names in backticks: a page that still tells of what is gone misleads."""
    for quoted in re.findall(r"`([^`\n]+)`", without_code(page.read_text(encoding="utf-8"))):
        if re.fullmatch(r"(?!std::)\w+::\w+(\(\))?", quoted):
            assert set(re.findall(r"\w+", quoted)) <= words_of_the_code, f"{page.name}: there is no {quoted}"
        elif re.fullmatch(r"[a-z_]+_total", quoted):
            assert quoted.removeprefix("omnibroker_") in words_of_the_code, f"{page.name}: there is no metric {quoted}"
        elif re.fullmatch(r"(core|sdk|tests|configs|docs|tools)/[\w./-]+", quoted):
            assert (ROOT / quoted).exists(), f"{page.name}: there is no {quoted}"

"""docs/operations.md shows a crash report and its list as they are."""

import re
import sys

from broker import ROOT
from crashing import config, crash, only_report
from program import omnibroker

sys.path.insert(0, str(ROOT / "tests/integration/docs"))

from pages import blocks  # noqa: E402

MASKS = [(r"\b[0-9a-f]{12,64}\b", "<hex>"), (r"0x[0-9a-f]+", "<offset>"), (r"\d{4}-\d\d-\d\dT[\d:]+Z", "<time>"),
         (r"(/[\w.-]+)*/([\w.+-]+\.so[.\d]*|omnibroker)\b", r"<folder>/\2"), (r"/\S+\.crash", "<report>"),
         (r"^(process|thread) +\d+", r"\1 <number>"), (r"^  \d+ ", "  <n> ")]


def plain(line):
    for pattern, name in MASKS:
        line = re.sub(pattern, name, line)
    return re.sub(r" +", " ", line).strip()


def page_block(begin):
    [text] = [block.text for block in blocks("text", [ROOT / "docs/operations.md"]) if block.text.startswith(begin)]
    return [plain(line) for line in text.splitlines()]


def test_the_page_shows_a_report_and_the_list_as_they_are(tmp_path):
    folder = tmp_path / "crashes"
    crash(folder, workers=1)
    report = [plain(line) for line in only_report(folder).text.splitlines()]

    shown = page_block("omnibroker crash report")
    stack = report.index("stack")
    assert shown[:stack + 1] == report[:stack + 1]
    assert shown[-1] == report[-1] == "end"
    for line in shown[stack:]:
        assert line in report, line

    assert [plain(line) for line in omnibroker("crashes", "--dir", folder).stdout.splitlines()] == page_block("TIME ")

"""docs/configuration.md is what the program prints, behind a head that people write."""

from broker import ROOT, executable
from pages import plugin_folder, run

PAGE = ROOT / "docs/configuration.md"
MARK = "<!-- From here on: `omnibroker describe --markdown`. -->\n"
HOW_TO_RENEW = ("docs/configuration.md is not what the program prints. Renew it, from the root of the tree:\n"
                "  sed -i '/^<!-- From here on/q' docs/configuration.md\n"
                "  build/release/bin/omnibroker describe --markdown >> docs/configuration.md")


def test_the_reference_is_what_the_program_prints():
    printed = run(executable(), "describe", "--markdown", "--dir", plugin_folder())
    assert printed.returncode == 0, printed.stderr
    head, mark, reference = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark, f"the line that ends the head is missing: {MARK}"
    assert reference == printed.stdout, HOW_TO_RENEW
    assert head.startswith("# Configuration\n")

"""The figures as tables in Markdown."""

import textwrap

from comparison.goals import CPU, P99, all_goals, memory_of

BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"
COLUMNS = ["bare sends", "omnibroker", "nats-server", "ws on Node", "websockets on Python"]


def micro(value):
    return "–" if value is None else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def millions(value):
    if value is None:
        return "–"
    return f"{value / 1e6:.1f} M" if value >= 1e6 else f"{value / 1e6:.2f} M"


def milli(value):
    if value is None or value == 0:
        return "–"
    return f"{value / 1000:.2f}" if value < 10_000 else f"{value / 1000:,.0f}"


def kib(value):
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def row(title, cells):
    return f"| {title} | " + " | ".join(cells) + " |"


def work_table(figures):
    """One row for each figure of a work, one column for each server."""
    lines = [row("work", COLUMNS), "| --- |" + " --- |" * len(COLUMNS)]

    def add(title, scenario, figure, show):
        cells = [show(figures.median(scenario, server, figure)) for server in COLUMNS]
        if any(cell != "–" for cell in cells):
            lines.append(row(title, cells))

    add("saturated, 100 clients: CPU µs per delivery", "saturated", CPU, micro)
    add("saturated, 100 clients: deliveries/s", "saturated", "deliveries_per_s", millions)
    add("1,000 msg/s to 100 clients: CPU µs per delivery", "paced", CPU, micro)
    add("1,000 msg/s to 100 clients: p99, ms", "paced", P99, milli)
    add("the same with `flush_interval: 5ms`: CPU µs per delivery", "flush", CPU, micro)
    add("the same with `flush_interval: 5ms`: p99, ms", "flush", P99, milli)
    add("200 msg/s to 1,000 clients: CPU µs per delivery", "wide", CPU, micro)
    add("200 msg/s to 1,000 clients: p99, ms", "wide", P99, milli)
    add("500 msg/s to 2,000 clients: CPU µs per delivery", "wider", CPU, micro)
    add("500 msg/s to 2,000 clients: deliveries/s", "wider", "deliveries_per_s", millions)
    add("one subscriber, saturated: CPU µs per message", "one", CPU, micro)
    add("one subscriber, saturated: messages/s", "one", "deliveries_per_s", millions)
    memory = [kib(memory_of(figures, server)[0]) for server in COLUMNS]
    if any(cell != "–" for cell in memory):
        lines.append(row("idle client: KiB of process memory", memory))
    return "\n".join(lines)


def goal_table(figures):
    lines = ["| work | goal | figure | met |", "| --- | --- | --- | --- |"]
    for goal in all_goals(figures):
        met = {None: "not shown", True: "yes", False: "**no**"}[goal.met]
        lines.append(f"| {goal.work} | {goal.goal} | {goal.figure or '–'} | {met} |")
    return "\n".join(lines)


def noise_line(comparison):
    """How quiet the machine was, in a sentence."""
    runs = comparison["runs"]
    others = sum(run["others_cpu_s"] for run in runs)
    return (f"{comparison['cores']} cores, {comparison['rounds']} rounds of {comparison['seconds']:g} s; load average "
            f"{comparison['load_before']:.1f} before, other processes used {others:.0f} s of CPU in {comparison['took_s']:.0f} s"
            + (", which had to wait for what was measured." if comparison.get("first_in_line") else "."))


def markdown(comparison, figures):
    versions = ", ".join(comparison["versions"].values())
    about = textwrap.fill(f"{noise_line(comparison)} Compared: {versions}.", 118)
    return f"{work_table(figures)}\n\n{goal_table(figures)}\n\n{about}\n"


class NoPlace(Exception):
    """A page that does not say where its figures are."""


def renew(page, text):
    """Puts `text` where a page has its figures."""
    old = page.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlace(f"{page} has no lines {BEGIN.strip()} and {END}")
    page.write_text(before + begin + text + end + after, encoding="utf-8")

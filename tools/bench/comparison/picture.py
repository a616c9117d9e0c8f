"""The figures as a picture: bars of CPU for each delivery, one panel for each work, drawn as SVG."""

from comparison.goals import CPU
from comparison.tables import micro

SERVERS = [("bare sends", "#a1a1aa"), ("omnibroker", "#2f6fb0"), ("nats-server", "#c77d0a"), ("ws on Node", "#6b8e3d"),
           ("websockets on Python", "#8a5a9e")]
PANELS = [("saturated", "Saturated, 100 clients"), ("paced", "1,000 msg/s to 100 clients"),
          ("flush", "The same, flush_interval: 5ms"), ("wide", "200 msg/s to 1,000 clients"),
          ("wider", "500 msg/s to 2,000 clients"), ("one", "One subscriber, saturated")]

WIDTH, COLUMN = 960, 470
LEFT, BAR, STEP, BARS = 170, 18, 24, 200


def text(x, y, content, kind="", anchor="start"):
    return f'  <text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{content}</text>\n'


def panel(figures, key, title, x, y):
    """One work: a bar for each server that did it, to a scale of its own. Answers the drawing and its height."""
    bars = [(name, colour, figures.median(key, name, CPU)) for name, colour in SERVERS]
    bars = [bar for bar in bars if bar[2] is not None]
    if not bars:
        return "", 0
    most = max(value for _, _, value in bars)
    drawing = text(x, y + 14, title, "head")
    for i, (name, colour, value) in enumerate(bars):
        top = y + 26 + i * STEP
        width = max(1.0, BARS * value / most)
        drawing += text(x + LEFT - 8, top + 13, name, "own" if name == "omnibroker" else "name", "end")
        drawing += f'  <rect x="{x + LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour}"/>\n'
        drawing += text(x + LEFT + width + 6, top + 13, f"{micro(value)} µs", "value")
    return drawing, 26 + len(bars) * STEP + 20


def svg(figures):
    body, y = "", 60
    panels = [panel_of for panel_of in PANELS if figures.servers(panel_of[0])]
    for first in range(0, len(panels), 2):
        height = 0
        for i, (key, title) in enumerate(panels[first:first + 2]):
            drawing, tall = panel(figures, key, title, 20 + i * COLUMN, y)
            body += drawing
            height = max(height, tall)
        y += height
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
            'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="13">\n'
            "  <style>\n    .title { font-size: 16px; font-weight: bold; }\n    .head { font-weight: bold; }\n"
            "    .name, .value { font-size: 12px; fill: #374151; }\n"
            "    .own { font-size: 12px; font-weight: bold; fill: #2f6fb0; }\n  </style>\n"
            f'  <rect width="{WIDTH}" height="{y}" fill="#ffffff"/>\n'
            + text(20, 32, "CPU time of the server for one delivery (shorter is better; each panel has a scale of its own)",
                   "title") + body + "</svg>\n")

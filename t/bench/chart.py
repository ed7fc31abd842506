# SPDX-License-Identifier: Apache-2.0
"""The chart of docs/performance.md: what each makes in a second of CPU time, on a logarithmic scale."""
import html
import math

WIDTH, LEFT, RIGHT, TOP, ROW, FOOT = 720, 170, 70, 34, 30, 34

PAGE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"
  font-family="system-ui, sans-serif" font-size="13">
<title>Responses per second of CPU time, RSA 2048, the assertion signed</title>
<rect width="{width}" height="{height}" fill="#fff"/>
<text x="{left}" y="20" fill="#182033" font-weight="600">Responses per second of CPU time (logarithmic)</text>
{lines}
</svg>
"""


def _bar(row, y, scale):
    rate = 1e6 / row["cpu_us"][1]
    fill = "#0a5bb5" if row["name"].startswith("mod_rcidp") else "#8a94a8" if row["name"].startswith("the ") else "#c9a227"
    width = max(scale(rate), 1)
    return ['<text x="%d" y="%d" text-anchor="end" fill="#182033">%s</text>' % (LEFT - 10, y + 14, html.escape(row["name"])),
            '<rect x="%d" y="%d" width="%.1f" height="18" rx="2" fill="%s"/>' % (LEFT, y, width, fill),
            '<text x="%.1f" y="%d" fill="#4c5870">%s</text>' % (LEFT + width + 6, y + 14, format(round(rate), ","))]


def draw(rows):
    """SVG, from the rows of peers.run()."""
    rows = sorted(rows, key=lambda row: row["cpu_us"][1])
    rates = [1e6 / row["cpu_us"][1] for row in rows]
    low, high = math.floor(math.log10(min(rates))), math.log10(max(rates))
    height = TOP + ROW * len(rows) + FOOT

    def scale(rate):
        return (math.log10(rate) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    lines = []
    for power in range(low, math.floor(high) + 1):
        x = LEFT + scale(10 ** power)
        lines += ['<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#d5dce8"/>' % (x, TOP, x, height - FOOT + 4),
                  '<text x="%.1f" y="%d" text-anchor="middle" fill="#4c5870">%s</text>' % (x, height - 12, format(10 ** power, ","))]
    for number, row in enumerate(rows):
        lines += _bar(row, TOP + 4 + ROW * number, scale)
    return PAGE.format(width=WIDTH, height=height, left=LEFT, lines="\n".join(lines))

# SPDX-License-Identifier: Apache-2.0
"""Tables on the terminal, or as Markdown for the documentation."""

MARKDOWN = False


def table(title, heads, rows):
    """Columns as wide as what is in them; numbers stand to the right."""
    cells = [heads] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    right = [all(row[i][:1].isdigit() or row[i][:1] == "-" for row in cells[1:]) for i in range(len(heads))]
    print("\n%s\n" % title)
    if MARKDOWN:
        rule = ["---:" if to_right else "---" for to_right in right]
        for row in [cells[0], rule] + cells[1:]:
            print("| %s |" % " | ".join(row), flush=True)
        return
    for row in cells:
        print("  ".join(cell.rjust(width) if to_right else cell.ljust(width)
                        for cell, width, to_right in zip(row, widths, right)).rstrip(), flush=True)


def between(spread, places=None):
    """A median with its range: "318 (287 to 398)"."""
    if places is None:
        places = 1 if spread[1] < 100 else 0
    low, middle, high = ("%.*f" % (places, value) for value in spread)
    return "%s (%s to %s)" % (middle, low, high)

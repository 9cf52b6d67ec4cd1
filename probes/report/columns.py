"""Plain text in lines of a width: paragraphs, and tables whose columns are aligned."""

import textwrap
from collections.abc import Sequence

__all__ = ["filled", "layout"]


def filled(text: str, width: int) -> str:
    """A paragraph."""
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False))


def layout(table: Sequence[Sequence[str]], width: int, *, rule: bool = True) -> str:
    """Align columns, numbers to the right; columns that do not fit go below, the first column repeated."""
    widths = [max(len(line[j]) for line in table) for j in range(len(table[0]))]
    gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= width else 1
    blocks: list[list[int]] = [[0]]
    used = widths[0]
    for j in range(1, len(widths)):
        if used + gap + widths[j] > width and len(blocks[-1]) > 1:
            blocks.append([0])
            used = widths[0]
        blocks[-1].append(j)
        used += gap + widths[j]
    return "\n\n".join(_block(table, columns, widths, gap, rule) for columns in blocks)


def _block(table: Sequence[Sequence[str]], columns: list[int], widths: list[int], gap: int, rule: bool) -> str:
    right = [all(_numeric(line[j]) for line in table[1:]) for j in range(len(widths))]
    lines = []
    for line in table:
        cells = [line[j].rjust(widths[j]) if right[j] else line[j].ljust(widths[j]) for j in columns]
        lines.append((" " * gap).join(cells).rstrip())
    if rule:
        lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def _numeric(cell: str) -> bool:
    return cell in ("-", "inf", "empty") or cell[:1].isdigit() or (cell[:1] in "+-" and cell[1:2].isdigit())

"""State diagrams as TikZ, with places and curves as in the pictures: core TikZ and its automata library, no more."""

import numpy as np
from jaxtyping import Float

from compmech.draw.diagram import Arrow, Drawable, Node, diagram
from compmech.draw.picture import MAX_STATES, check_size
from compmech.draw.placement import Curve, placed
from compmech.draw.tex import tex_text, tex_written

PREAMBLE = r"""\usepackage{tikz}
\usetikzlibrary{automata}"""
"""What a document needs above \\begin{document} to hold a diagram."""

_CM = 2.54  # per inch

_OPTIONS = r"""[
  every state/.style={draw, thick, circle, inner sep=0pt, minimum size=SIZEcm, align=center},
  recurrent/.style={fill=blue!8},
  transient/.style={dashed, fill=black!4},
  unexpanded/.style={dotted},
  coordinate/.style={rectangle, rounded corners},
  negative/.style={dashed, red!70!black},
  weight/.style={font=\scriptsize, align=center, inner sep=1pt},
  >=stealth]"""


def to_tikz(process: Drawable, *, max_states: int = MAX_STATES) -> str:
    """A state diagram as a tikzpicture, for a document with `PREAMBLE`; `tikz_document` makes a whole one.

    Raises:
        BudgetExceeded: if there are more than `max_states` states; `.found` is the Diagram.
    """
    found = diagram(process)
    check_size(found, max_states)
    where = placed(found)
    lines = [r"\begin{tikzpicture}" + _OPTIONS.replace("SIZE", f"{2 * where.radius * _CM:.2f}")]
    for i, (node, place) in enumerate(zip(found.nodes, where.place, strict=True)):
        lines.append(rf"  \node[state, {node.kind}] (s{i}) at {_point(place)} {{{_node_text(node)}}};")
    entered = [i for i, node in enumerate(found.nodes) if node.entry is not None]
    for i, entry in zip(entered, where.entries, strict=True):
        lines.append(rf"  \draw[->] {_point(entry.tail)} -- (s{i});")
        if entry.text:
            lines.append(_label(entry.label, tex_text(entry.text), ""))
    for arrow, curve in zip(found.arrows, where.curves, strict=True):
        lines += _curve(arrow, curve)
    return "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"


def tikz_document(process: Drawable, *, max_states: int = MAX_STATES) -> str:
    """A LaTeX document that shows the state diagram and nothing else.

    Raises:
        BudgetExceeded: if there are more than `max_states` states; `.found` is the Diagram.
    """
    found = diagram(process)
    picture = to_tikz(found, max_states=max_states)
    left, bottom, right, top = placed(found).extent
    width, height = (right - left) * _CM + 2 * _BORDER, (top - bottom) * _CM + 2 * _BORDER
    return _DOCUMENT.replace("WIDTH", f"{width:.1f}cm").replace("HEIGHT", f"{height:.1f}cm").replace("PICTURE", picture)


# A page of the picture's size, by what every TeX that makes PDF has, and no package.
_BORDER = 0.6
_DOCUMENT = r"""\documentclass{article}
PREAMBLE
\pagestyle{empty}
\ifdefined\pdfpagewidth\pdfpagewidth=WIDTH\pdfpageheight=HEIGHT\fi
\ifdefined\pagewidth\pagewidth=WIDTH\pageheight=HEIGHT\fi
\paperwidth=WIDTH\paperheight=HEIGHT\textwidth=WIDTH\textheight=HEIGHT
\hoffset=-1in\voffset=-1in\oddsidemargin=0pt\topmargin=0pt\headheight=0pt\headsep=0pt
\topskip=0pt\parindent=0pt\parskip=0pt
\begin{document}
\vspace*{\fill}\centering
PICTURE\vspace*{\fill}
\end{document}
""".replace("PREAMBLE", PREAMBLE)


def _node_text(node: Node) -> str:
    name = tex_text(node.name)
    return name + (rf"\\[-3pt]{{\tiny {tex_text(node.note)}}}" if node.note else "")


def _curve(arrow: Arrow, curve: Curve) -> list[str]:
    a, b, c, d = curve.control
    style = ", negative" if arrow.is_negative else ""
    labels = zip(arrow.symbols, arrow.numbers, strict=True)
    texts = [rf"{tex_text(symbol)}:${tex_written(number)}$" for symbol, number in labels]
    columns = -(-len(texts) // len(curve.lines))
    rows = [", ".join(texts[start : start + columns]) for start in range(0, len(texts), columns)]
    return [
        rf"  \draw[->{style}] {_point(a)} .. controls {_point(b)} and {_point(c)} .. {_point(d)};",
        _label(curve.label, r"\\".join(rows), style),
    ]


def _label(box: Float[np.ndarray, "4"], text: str, style: str) -> str:
    return rf"  \node[weight{style and ', text=red!70!black'}] at {_point(box[:2])} {{{text}}};"


def _point(place: Float[np.ndarray, "2"]) -> str:
    x, y = place * _CM
    return f"({x + 0.0:.2f},{y + 0.0:.2f})"

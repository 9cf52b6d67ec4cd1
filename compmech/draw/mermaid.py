"""State diagrams as text for Mermaid, as Markdown pages take it.

A flowchart, not a stateDiagram: there the colon of `symbol:probability` ends a label.
"""

from compmech.draw.diagram import Drawable, Kind, diagram
from compmech.errors import BudgetExceeded

MAX_EDGES = 500
"""Mermaid refuses to draw more edges than this (its setting maxEdges)."""

_STYLES: dict[Kind, str] = {
    "recurrent": "fill:#d6e8f4,stroke:#0072b2,color:#1f2328",
    "transient": "fill:#f5f6f7,stroke:#667078,color:#1f2328,stroke-dasharray:4",
    "unexpanded": "fill:#ffffff,stroke:#667078,color:#1f2328,stroke-dasharray:1 3",
    "coordinate": "fill:#ffffff,stroke:#1f2328,color:#1f2328",
}


def to_mermaid(process: Drawable, *, max_edges: int = MAX_EDGES) -> str:
    """A state diagram as a Mermaid flowchart.

    Raises:
        BudgetExceeded: if it has more edges than Mermaid draws unless it is told to; `.found` is the Diagram.
    Reference:
        https://mermaid.js.org/syntax/flowchart.html
    Example:
        >>> from compmech import HMM
        >>> print(to_mermaid(HMM([[[0.5]], [[0.5]]], states="A")), end="")
        flowchart LR
          s0(("A")):::recurrent
          start0[ ]:::hidden --> s0
          s0 -->|"0:1/2<br>1:1/2"| s0
          classDef recurrent fill:#d6e8f4,stroke:#0072b2,color:#1f2328
          classDef hidden fill:none,stroke:none
    """
    found = diagram(process)
    entered = [(i, node.entry) for i, node in enumerate(found.nodes) if node.entry is not None]
    n_edge = len(found.arrows) + len(entered)
    if n_edge > max_edges:
        raise BudgetExceeded(
            f"the state diagram has {n_edge} edges, which are more",
            "max_edges",
            max_edges,
            n_edge,
            found,
            "write DOT (.dot), as Mermaid itself draws no more than 500 unless it is told to",
        )
    lines = ["flowchart LR"]
    for i, node in enumerate(found.nodes):
        left, right = ("[", "]") if node.kind == "coordinate" else ("((", "))")
        text = _quoted(node.name, node.note) if node.note else _quoted(node.name)
        lines.append(f"  s{i}{left}{text}{right}:::{node.kind}")
    for i, text in entered:
        lines.append(f"  start{i}[ ]:::hidden -->{_edge_text(text)} s{i}")
    for arrow in found.arrows:
        shaft = "-.->" if arrow.is_negative else "-->"
        lines.append(f"  s{arrow.source} {shaft}{_edge_text(*arrow.labels)} s{arrow.target}")
    kinds = dict.fromkeys(node.kind for node in found.nodes)
    lines += [f"  classDef {kind} {_STYLES[kind]}" for kind in kinds]
    if entered:
        lines.append("  classDef hidden fill:none,stroke:none")
    return "\n".join(lines) + "\n"


def _edge_text(*lines: str) -> str:
    return f"|{_quoted(*lines)}|" if any(lines) else ""


# As entity codes, which Mermaid writes with # in place of &. Others are harmless between quotes, but for those that
# Markdown (between backquotes), HTML or Mermaid itself would read.
_ENTITIES = str.maketrans({character: f"#{ord(character)};" for character in '"#&<>`\\*_|[](){};'})


def _quoted(*lines: str) -> str:
    escaped = (" ".join(line.splitlines()).translate(_ENTITIES) for line in lines)
    return '"' + "<br>".join(escaped) + '"'

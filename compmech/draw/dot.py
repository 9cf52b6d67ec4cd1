"""State diagrams as text for Graphviz."""

from compmech.draw.diagram import Diagram, Drawable, Kind, Node, diagram

_STYLES: dict[Kind, str] = {
    "recurrent": 'style=filled, fillcolor="#d6e8f4", color="#0072b2"',
    "transient": 'style="filled,dashed", fillcolor="#f5f6f7", color="#667078"',
    "unexpanded": 'style=dotted, color="#667078"',
    "coordinate": "shape=box, style=rounded",
}


def to_dot(process: Drawable) -> str:
    """A state diagram in the DOT language: one edge for each arrow, one line of its label for each symbol.

    Kinds of states are told apart as in `state_figure`; start states have an arrow from an invisible point.

    Reference:
        https://graphviz.org/doc/info/lang.html
    Example:
        >>> from compmech import HMM
        >>> print(to_dot(HMM([[[0.5]], [[0.5]]], states="A", name="coin")), end="")
        digraph "coin" {
          rankdir=LR;
          node [shape=circle, fontname="Helvetica"];
          edge [fontname="Helvetica", fontsize=10];
          s0 [label="A", style=filled, fillcolor="#d6e8f4", color="#0072b2"];
          start0 [shape=point, style=invis];
          start0 -> s0;
          s0 -> s0 [label="0:1/2\\n1:1/2"];
        }
    """
    found = diagram(process)
    lines = [f"digraph {_quoted(found.title)} {{"] if found.title else ["digraph {"]
    lines += [
        "  rankdir=LR;",
        '  node [shape=circle, fontname="Helvetica"];',
        '  edge [fontname="Helvetica", fontsize=10];',
        *(f"  s{i} [label={_label(node)}, {_STYLES[node.kind]}];" for i, node in enumerate(found.nodes)),
        *_starts(found),
    ]
    for arrow in found.arrows:
        negative = ', style=dashed, color="#d55e00", fontcolor="#d55e00"' if arrow.is_negative else ""
        lines.append(f"  s{arrow.source} -> s{arrow.target} [label={_quoted(*arrow.labels)}{negative}];")
    return "\n".join([*lines, "}"]) + "\n"


def _starts(found: Diagram) -> list[str]:
    lines = []
    for i, node in enumerate(found.nodes):
        if node.entry is not None:
            label = f" [label={_quoted(node.entry)}]" if node.entry else ""
            lines += [f"  start{i} [shape=point, style=invis];", f"  start{i} -> s{i}{label};"]
    return lines


def _label(node: Node) -> str:
    return _quoted(node.name, node.note) if node.note else _quoted(node.name)


def _quoted(*lines: str) -> str:
    """A double-quoted string in which backslashes and quotes stand for themselves; lines are centred."""
    escaped = (" ".join(line.replace("\\", "\\\\").replace('"', '\\"').splitlines()) for line in lines)
    return '"' + "\\n".join(escaped) + '"'

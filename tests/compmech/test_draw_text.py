"""State diagrams as text, to the letter for small machines, with names that each language would stumble over."""

import re

import numpy as np
import pytest
from machines import golden_mean, period, probability_clock

from compmech import HMM, mixed_states, zoo
from compmech.draw import (
    diagram,
    latex_document,
    matrices_to_latex,
    statistics_to_latex,
    tikz_document,
    to_dot,
    to_latex,
    to_mermaid,
    to_tikz,
)
from compmech.draw.tex import tex_number, tex_text
from compmech.errors import NotStationary
from compmech.measures.statistics import statistics

AWKWARD = 'a"b\\c {d} $e$ f&g#h%i_j^k~l <m> |n| [o] (p) `q` ;'


def awkward() -> HMM:
    return HMM(
        [[[0.5, 0], [0, 0.5]], [[0.5, 0], [0, 0.5]]],
        start=[0.3, 0.7],
        alphabet=[AWKWARD, "two\nlines"],
        states=[AWKWARD, "B"],
        name=AWKWARD,
    )


def test_dot_of_the_golden_mean() -> None:
    assert to_dot(zoo.golden_mean()) == (
        'digraph "golden_mean" {\n'
        "  rankdir=LR;\n"
        '  node [shape=circle, fontname="Helvetica"];\n'
        '  edge [fontname="Helvetica", fontsize=10];\n'
        '  s0 [label="A\\n2/3", style=filled, fillcolor="#d6e8f4", color="#0072b2"];\n'
        '  s1 [label="B\\n1/3", style=filled, fillcolor="#d6e8f4", color="#0072b2"];\n'
        '  s0 -> s0 [label="0:1/2"];\n'
        '  s0 -> s1 [label="1:1/2"];\n'
        '  s1 -> s0 [label="0:1"];\n'
        "}\n"
    )


def test_dot_of_mixed_states_marks_the_start_and_what_is_transient() -> None:
    text = to_dot(mixed_states(golden_mean()))
    assert text.startswith("digraph {\n")
    assert '  s0 [label="0", style="filled,dashed", fillcolor="#f5f6f7", color="#667078"];\n' in text
    assert "  start0 [shape=point, style=invis];\n  start0 -> s0;\n" in text


def test_dot_of_awkward_names_keeps_its_strings_closed() -> None:
    text = to_dot(awkward())
    strings = r'"(?:[^"\\]|\\.)*"'
    assert '"' not in re.sub(strings, "", text)
    assert re.search(strings, text)[0] == '"' + AWKWARD.replace("\\", "\\\\").replace('"', '\\"') + '"'  # type: ignore[index]
    assert "two lines:1/2" in text


def test_dot_of_a_start_that_is_not_stationary() -> None:
    text = to_dot(HMM(golden_mean().T, start=[0.3, 0.7]))
    assert '  start0 [shape=point, style=invis];\n  start0 -> s0 [label="0.3"];\n' in text


def test_dot_of_negative_weights() -> None:
    T = [[[0.0, -0.5], [0.5, 0.5]], [[1.0, 0.5], [0.0, 0.0]]]
    from compmech import GHMM

    text = to_dot(GHMM(T, [1.0, 0.0], [1.0, 1.0], check_words=0))
    assert '  s0 -> s1 [label="0:-1/2\\n1:1/2"];\n' in text
    assert "shape=box" in to_dot(probability_clock())


def test_mermaid_of_mixed_states_of_the_golden_mean() -> None:
    assert to_mermaid(mixed_states(golden_mean())) == (
        "flowchart LR\n"
        '  s0(("0")):::transient\n'
        '  s1(("1")):::recurrent\n'
        '  s2(("2")):::recurrent\n'
        "  start0[ ]:::hidden --> s0\n"
        '  s0 -->|"0:2/3"| s1\n'
        '  s0 -->|"1:1/3"| s2\n'
        '  s1 -->|"0:1/2"| s1\n'
        '  s1 -->|"1:1/2"| s2\n'
        '  s2 -->|"0:1"| s1\n'
        "  classDef transient fill:#f5f6f7,stroke:#667078,color:#1f2328,stroke-dasharray:4\n"
        "  classDef recurrent fill:#d6e8f4,stroke:#0072b2,color:#1f2328\n"
        "  classDef hidden fill:none,stroke:none\n"
    )


def test_mermaid_of_awkward_names_has_nothing_to_stumble_over() -> None:
    for line in to_mermaid(awkward()).splitlines():
        for inside in re.findall(r'"([^"]*)"', line):
            assert not re.search(r"[<>`\\*_|{}\[\]()&]", inside.replace("<br>", ""))
    assert to_mermaid(awkward()).count('"') % 2 == 0


def test_mermaid_has_a_limit() -> None:
    with pytest.raises(ValueError, match=r"has 3 edges, which are more than max_edges=2 allows.*write DOT"):
        to_mermaid(golden_mean(), max_edges=2)
    assert to_mermaid(golden_mean(), max_edges=3)


def test_tikz_of_the_golden_mean() -> None:
    lines = to_tikz(zoo.golden_mean()).splitlines()
    assert lines[0] == r"\begin{tikzpicture}["
    assert lines[-1] == r"\end{tikzpicture}"
    assert r"  \node[state, recurrent] (s0) at (0.00,0.00) {A\\[-3pt]{\tiny 2/3}};" in lines
    points = r"\(-?\d+\.\d\d,-?\d+\.\d\d\)"
    curve = rf"  \\draw\[->\] {points} \.\. controls {points} and {points} \.\. {points};"
    assert sum(re.fullmatch(curve, line) is not None for line in lines) == 3
    labels = [line.partition("{")[2] for line in lines if line.startswith(r"  \node[weight]")]
    assert labels == [r"0:$\frac{1}{2}$};", r"1:$\frac{1}{2}$};", "0:$1$};"]


def test_a_tikz_document_needs_the_automata_library_alone() -> None:
    text = tikz_document(mixed_states(golden_mean()))
    assert re.findall(r"\\usepackage\{(.*?)\}", text) == ["tikz"]
    assert re.findall(r"\\usetikzlibrary\{(.*?)\}", text) == ["automata"]
    assert r"\draw[->] (-" in text
    assert text.count(r"\begin{") == text.count(r"\end{") == 2


@pytest.mark.parametrize("write", [to_tikz, tikz_document, matrices_to_latex, latex_document])
def test_awkward_names_leave_tex_balanced(write: object) -> None:
    assert callable(write)
    text = write(awkward())
    body = re.sub(r"\\[{}$]", "", text)
    assert body.count("{") == body.count("}")
    assert body.count("$") % 2 == 0
    assert not re.search(r"(?<!\\)[#%]", body.replace("#1", ""))


def test_tex_text_escapes_what_tex_reads() -> None:
    assert tex_text("a_b") == r"a\_b"
    assert tex_text("50 %\n{x}") == r"50 \% \{x\}"
    assert tex_text("\\$^~") == r"$\backslash$$\$$\^{}\~{}"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, r"\frac{1}{2}"), (-1 / 3, r"-\frac{1}{3}"), (0.85, "0.85"), (1.5e-7, r"1.5 \cdot 10^{-7}"), (2.0, "2")],
)
def test_numbers_in_tex(value: float, text: str) -> None:
    assert tex_number(value) == text


def test_matrices_of_the_golden_mean() -> None:
    assert matrices_to_latex(golden_mean()) == (
        "\\[\nT^{(\\mbox{0})} = \\left(\\begin{array}{cc}\n"
        "  \\frac{1}{2} & 0 \\\\\n  1 & 0\n\\end{array}\\right)\n\\]\n"
        "\\[\nT^{(\\mbox{1})} = \\left(\\begin{array}{cc}\n"
        "  0 & \\frac{1}{2} \\\\\n  0 & 0\n\\end{array}\\right)\n\\]\n"
        "\\[\n\\pi = \\left(\\begin{array}{cc}\n  \\frac{2}{3} & \\frac{1}{3}\n\\end{array}\\right)\n\\]\n"
    )


def test_matrices_may_be_wide_and_signed() -> None:
    assert r"\begin{array}{cccccccccccc}" in matrices_to_latex(period(12))  # pmatrix would end at ten columns
    assert matrices_to_latex(probability_clock()).count(r"\begin{array}{c}") == 1  # the evaluation vector


def test_a_table_says_how_its_numbers_are_known() -> None:
    table = statistics_to_latex(statistics(zoo.mess3()))
    assert re.search(r"  entropy rate & \$h_\\mu\$ & \$1\.14471\d\\ldots 1\.14471\d\$ & bounds \\\\\n", table)
    assert r"  statistical complexity & $C_\mu^+$ & $\infty$ & exact \\" in table
    assert r"  causal irreversibility & $\Xi$ & not known &  \\" in table
    assert r"  minimal dimension &  & $3$ & exact \\" in table
    exact = to_latex(golden_mean())
    assert r"  entropy rate & $h_\mu$ & $0.666667$ & exact \\" in exact
    assert exact.startswith(r"\[")


def test_statistics_need_a_stationary_start() -> None:
    with pytest.raises(NotStationary):
        to_latex(HMM(golden_mean().T, start=[0, 1]))


def test_tikz_has_a_limit() -> None:
    with pytest.raises(ValueError, match=r"has 2 states, which are more than max_states=1 allows.*\.dot"):
        to_tikz(golden_mean(), max_states=1)


def test_all_texts_can_be_made_of_one_diagram() -> None:
    found = diagram(golden_mean())
    assert to_dot(found) == to_dot(golden_mean())
    assert to_tikz(found) == to_tikz(golden_mean())
    assert np.isfinite(len(to_mermaid(found)))

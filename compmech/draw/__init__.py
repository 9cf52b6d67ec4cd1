"""Pictures and texts of processes: state diagrams, mixed states, block-entropy and information diagrams, what a machine
was inferred from, LaTeX.

Figures are matplotlib figures that pyplot knows nothing of, in one house style that leaves matplotlib's settings as
they were; `save_figure` writes them. matplotlib is imported when something is drawn.
"""

from compmech.draw.blocks import block_figure
from compmech.draw.candidates import candidates_figure
from compmech.draw.diagram import Arrow, Diagram, Drawable, Node, diagram, transducer_diagram
from compmech.draw.dot import to_dot
from compmech.draw.files import FIGURE_SUFFIXES, save_figure, save_text
from compmech.draw.information import information_figure
from compmech.draw.latex import latex_document, matrices_to_latex, statistics_to_latex, to_latex
from compmech.draw.mermaid import to_mermaid
from compmech.draw.picture import MAX_STATES, state_figure
from compmech.draw.published import PAGE_WIDTH, publish
from compmech.draw.simplex import cloud_figure, draw_simplex, simplex_figure
from compmech.draw.tikz import PREAMBLE, tikz_document, to_tikz

__all__ = [
    "state_figure",
    "simplex_figure",
    "cloud_figure",
    "draw_simplex",
    "block_figure",
    "information_figure",
    "candidates_figure",
    "Arrow",
    "Diagram",
    "Drawable",
    "Node",
    "diagram",
    "transducer_diagram",
    "MAX_STATES",
    "to_dot",
    "to_mermaid",
    "to_tikz",
    "tikz_document",
    "PREAMBLE",
    "to_latex",
    "matrices_to_latex",
    "statistics_to_latex",
    "latex_document",
    "FIGURE_SUFFIXES",
    "save_figure",
    "save_text",
    "publish",
    "PAGE_WIDTH",
]

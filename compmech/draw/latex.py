"""Processes and their statistics as LaTeX, without any package."""

from compmech.draw.tex import tex_matrix, tex_number, tex_text
from compmech.draw.wording import quantity_text
from compmech.hmm import GHMM, AnyPresentation, as_presentation
from compmech.measures.findings import Quantity
from compmech.measures.statistics import Statistics, statistics

_SYMBOLS = {
    "entropy_rate": r"h_\mu",
    "statistical_complexity": r"C_\mu^+",
    "excess_entropy": r"\mathbf{E}",
    "crypticity": r"\chi",
    "reverse_statistical_complexity": r"C_\mu^-",
    "bidirectional_complexity": r"C_\mu^\pm",
    "causal_irreversibility": r"\Xi",
    "transient_information": r"\mathbf{T}",
    "synchronization_information": r"\mathbf{S}",
    "single_symbol_entropy": r"H[X_0]",
    "predicted_information": r"\rho_\mu",
    "ephemeral_information": r"r_\mu",
    "bound_information": r"b_\mu",
    "enigmatic_information": r"q_\mu",
    "elusive_information": r"\sigma_\mu",
    "markov_order": "R",
    "cryptic_order": "k_\\chi",
    "period": "p",
    "n_causal_states": r"|\mathcal{S}^+|",
    "n_reverse_causal_states": r"|\mathcal{S}^-|",
    "n_mixed_states": "",
    "n_transient_mixed_states": "",
    "minimal_dimension": "",
}
_COUNTS = ("markov_order", "cryptic_order", "period", "minimal_dimension")


def to_latex(process: AnyPresentation) -> str:
    """The labelled matrices of a process, its start, and a table of its statistics.

    Needs no package: fractions where entries are such, to rounding, with denominators up to 99; else three digits.

    Raises:
        NotStationary: if the start is not stationary; `matrices_to_latex` takes any.
    """
    return matrices_to_latex(process) + "\n" + statistics_to_latex(statistics(process))


def matrices_to_latex(process: AnyPresentation) -> str:
    """The labelled matrices T^(x), row i and column j for P(emit x and go to j | in i), and the start, as equations.

    Example:
        >>> from compmech import HMM
        >>> print(matrices_to_latex(HMM([[[1 / 3]], [[2 / 3]]])), end="")
        \\[
        T^{(\\mbox{0})} = \\left(\\begin{array}{c}
          \\frac{1}{3}
        \\end{array}\\right)
        \\]
        \\[
        T^{(\\mbox{1})} = \\left(\\begin{array}{c}
          \\frac{2}{3}
        \\end{array}\\right)
        \\]
        \\[
        \\pi = \\left(\\begin{array}{c}
          1
        \\end{array}\\right)
        \\]
    """
    presentation = as_presentation(process)
    shown = [
        (rf"T^{{(\mbox{{{tex_text(str(symbol))}}})}}", matrix)
        for symbol, matrix in zip(presentation.alphabet, presentation.T, strict=True)
    ]
    shown.append((r"\pi", presentation.start[None]))
    if isinstance(presentation, GHMM):
        shown.append(("w", presentation.evaluate[:, None]))
    return "".join(f"\\[\n{name} = {tex_matrix(matrix)}\n\\]\n" for name, matrix in shown)


def statistics_to_latex(found: Statistics) -> str:
    """A table of statistics in bits: what each is, its symbol, its value, and how it is known.

    Bounds are rounded outward; what is not known says so.
    """
    rows = []
    for key, symbol in _SYMBOLS.items():
        value: Quantity = getattr(found, key)
        name = key.removeprefix("n_").replace("_", " ")
        name = f"number of {name}" if key.startswith("n_") else name
        how = found.how[key].partition(":")[0] if value is not None else ""
        rows.append(f"  {name} & {f'${symbol}$' if symbol else ''} & {_tex_quantity(key, value)} & {how} \\\\")
    body = "\n".join(rows)
    return f"\\begin{{tabular}}{{llrl}}\n  \\hline\n{body}\n  \\hline\n\\end{{tabular}}\n"


def _tex_quantity(key: str, value: Quantity) -> str:
    if value is None:
        return "not known"
    if isinstance(value, int) or ((key in _COUNTS or key.startswith("n_")) and isinstance(value, float)):
        return r"$\infty$" if value == float("inf") else f"${tex_number(float(value))}$"
    text = quantity_text(value, digits=6)
    for plain, tex in (("∞", r"\infty"), ("≥", r"\geq"), (" .. ", r"\ldots ")):
        text = text.replace(plain, tex)
    return f"${text}$"


def latex_document(process: AnyPresentation) -> str:
    """A document that holds what `to_latex` gives.

    Raises:
        NotStationary: if the start is not stationary.
    """
    body = to_latex(process)
    return "\\documentclass{article}\n\\begin{document}\n\\noindent\n" + body + "\\end{document}\n"

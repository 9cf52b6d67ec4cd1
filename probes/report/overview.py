"""The headline of a comparison, a line for each process and predictor: what the page, Markdown and LaTeX tables say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compmech.draw.tex import tex_text
from probes.headline import Score, headline, headline_target, predictors, runs_of
from probes.report.drawn import of_process
from probes.report.numerals import decimal, interval, nats, signed
from probes.report.style import display_name
from probes.report.words import control_name, distinct_titles, mean_kl
from probes.results import Comparison, write_files

__all__ = ["HeadlineLine", "headline_lines", "latex_table", "markdown_table", "save_tables"]

TITLES = (
    "Process",
    "Predictor",
    "Target",
    "R²",
    "95 %",
    "At site",
    "Best model-free",
    "Above it",
    "Untrained",
    "KL, nats",
)

ABOUT = (
    "R²: held out by history, histories weighted by probability, at each predictor's best site. Target beyond: the "
    "belief less what the next symbol's probabilities say of it; belief, where nothing lies beyond. Intervals: over "
    "seeds where there are several, else over histories. Best model-free: the best baseline without a network."
)


@dataclass(frozen=True)
class HeadlineLine:
    """One predictor on one process.

    Attributes:
        process, predictor: names for people. title: of the process, with its parameters.
        best, baseline, untrained, difference: as `Headline` has them.
        kl: mean over seeds, nats.
        seeds: how many there are.
    """

    process: str
    title: str
    predictor: str
    target: str
    best: Score | None
    baseline: Score | None
    untrained: Score | None
    difference: float | None
    kl: float | None
    seeds: int

    def words(self) -> list[str]:
        """What stands in a table, by `TITLES`."""
        return [
            self.process,
            self.predictor,
            self.target,
            _value(self.best),
            "-" if self.best is None or self.best.low is None else interval(self.best.low, self.best.high),
            "-" if self.best is None else self.best.site,
            "-" if self.baseline is None else f"{_value(self.baseline)} {control_name(self.baseline)}",
            signed(self.difference),
            _value(self.untrained),
            nats(self.kl),
        ]


def headline_lines(comparison: Comparison) -> list[HeadlineLine]:
    """All of them: by process, networks first, then baselines."""
    lines = []
    for name, summary in zip(distinct_titles(comparison.processes), comparison.processes, strict=True):
        own, target = of_process(comparison, summary), headline_target(summary)
        for predictor in predictors(own, summary.process):
            found = headline(own, summary.process, predictor, target)
            lines.append(
                HeadlineLine(
                    process=name,
                    title=summary.title,
                    predictor=display_name(predictor),
                    target=target,
                    best=found.best,
                    baseline=found.baseline,
                    untrained=found.untrained,
                    difference=found.difference,
                    kl=mean_kl(own, summary, predictor),
                    seeds=len(runs_of(own, summary.process, predictor)),
                )
            )
    return lines


def markdown_table(lines: Sequence[HeadlineLine]) -> str:
    """As Markdown, with what the columns mean below it."""
    rows = [TITLES, *(line.words() for line in lines)]
    escaped = [[cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;") for cell in row] for row in rows]
    rule = ["---" if j < 3 or j in (5, 6) else "---:" for j in range(len(TITLES))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (escaped[0], rule, *escaped[1:])) + f"\n\n{ABOUT}\n"


def latex_table(lines: Sequence[HeadlineLine]) -> str:
    r"""As a LaTeX `tabular` with a caption, which needs no package: \input it."""
    body = [" & ".join(_tex(cell) for cell in line.words()) + r" \\" for line in lines]
    head = " & ".join(_tex(title) for title in TITLES) + r" \\"
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\small",
            r"\begin{tabular}{lllrrllrrr}",
            r"\hline",
            head,
            r"\hline",
            *body,
            r"\hline",
            r"\end{tabular}",
            rf"\caption{{{_tex(ABOUT)}}}",
            r"\end{table}",
            "",
        ]
    )


def save_tables(comparison: Comparison, folder: Path) -> list[Path]:
    """Write `results.csv`, `table.md`, `table.tex`, and a CSV of each further table that holds anything; or none.

    Raises:
        OSError: if the folder cannot be written to.
    """
    lines = headline_lines(comparison)
    texts = {
        "results.csv": comparison.to_csv(),
        **comparison.tables(),
        "table.md": markdown_table(lines),
        "table.tex": latex_table(lines),
    }
    return write_files(folder, {name: text.encode() for name, text in texts.items()})


def _value(score: Score | None) -> str:
    return "-" if score is None else "empty" if score.value is None else decimal(score.value)


_SIGNS = {"²": "$^2$", "×10": r"$\times$10", "∞": r"$\infty$", "…": r"\dots{}", "−": "$-$", "–": "--"}
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def _tex(text: str) -> str:
    """A cell in LaTeX: the signs that a plain font lacks in mathematics."""
    mantissa, times, power = text.partition("×10")
    if times and power.translate(_RAISED).lstrip("-").isdigit():
        return rf"${mantissa}\times10^{{{power.translate(_RAISED)}}}$"
    found = tex_text(text)
    for sign, written in _SIGNS.items():
        found = found.replace(sign, written)
    return found

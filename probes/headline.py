"""The numbers of a comparison that are read first: best site, best model-free baseline, and the distance between them.

The table, the figures and the page all take them from here, so that they cannot disagree. Only held-out scores are
ranked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from probes.baselines import CEILING, is_baseline_label
from probes.results import HIGH, Comparison, ProcessSummary, Row, Run, SuffixCurve

__all__ = [
    "CEILINGS",
    "MODEL_FREE",
    "STANDING",
    "Headline",
    "Score",
    "best_model_free",
    "beyond_dimensions",
    "control_scores",
    "headline",
    "headline_target",
    "layer_of",
    "networks",
    "predictors",
    "probed",
    "repeated",
    "runs_of",
    "scored",
    "site_kind",
    "site_scores",
    "suffix_curve",
    "why_nothing_beyond",
]

MODEL_FREE = ("suffix-grams", "last-k", "random-features", "position")
"""Controls that need no predictor at all; the headline subtracts the best of them."""

STANDING = ("ridge", "mean")
"""Probes of the rows that are ranked; those of others, asked for by name, stand beside them in the table."""

CEILINGS = ("true-p", "true-log-p")
"""Controls that are told the truth about the next symbol; shown, never subtracted."""


@dataclass(frozen=True)
class Score:
    """One cell of a comparison over its seeds.

    Attributes:
        rows: one row per seed.
        value: mean R² over the seeds that have a score; None if none has.
        low, high: 95 % interval: across seeds where there are several, else the bootstrap within the one seed.
        reason: why there is no value, or why some seeds are missing from it.
    """

    rows: tuple[Row, ...]
    value: float | None
    low: float | None
    high: float | None
    reason: str

    @property
    def site(self) -> str:
        return self.rows[0].site

    @property
    def predictor(self) -> str:
        return self.rows[0].predictor

    @property
    def control(self) -> str:
        return self.rows[0].control

    @property
    def setting(self) -> str:
        """Of the control, as "K=6"."""
        return self.rows[0].setting

    @property
    def verdict(self) -> str:
        """What a score this high shows: "discriminates states" as soon as one seed says so; nothing below `HIGH`."""
        if self.value is None or self.value < HIGH:
            return ""
        verdicts = sorted({row.verdict for row in self.rows if row.verdict})
        return verdicts[0] if verdicts else ""


@dataclass(frozen=True)
class Headline:
    """What one predictor's internal states say of one target, and what stands beside it.

    Attributes:
        best: the site with the highest held-out R², by probability, histories split; None if nothing was probed.
        uniform: the same site with every history weighted equally.
        by_class: the same site with whole belief classes held out.
        permuted: the same site with the distinct beliefs permuted among each other.
        untrained: the best site of the predictor's untrained twin.
        baseline: the best model-free baseline; random features are as wide as the best site.
        difference: best minus baseline, in R²; None if either is missing.
    """

    predictor: str
    target: str
    best: Score | None
    uniform: Score | None
    by_class: Score | None
    permuted: Score | None
    untrained: Score | None
    baseline: Score | None
    difference: float | None


def scored(rows: Iterable[Row]) -> Score | None:
    """Gather rows that differ only in their seed; None for no rows at all."""
    rows = tuple(sorted(rows, key=lambda row: -1 if row.seed is None else row.seed))
    if not rows:
        return None
    present = [row for row in rows if row.score is not None]
    reason = "; ".join(dict.fromkeys(row.reason for row in rows if row.score is None and row.reason))
    if not present:
        return Score(rows, None, None, None, reason or "no score was recorded")
    if len(present) < len(rows):
        reason = f"{len(rows) - len(present)} of {len(rows)} seeds have no score: {reason or 'no reason was recorded'}"
    value = fmean(row.score for row in present if row.score is not None)
    if len(present) > 1:
        return Score(rows, value, present[0].seeds_low, present[0].seeds_high, reason)
    return Score(rows, value, present[0].low, present[0].high, reason)


def headline(comparison: Comparison, process: str, predictor: str, target: str) -> Headline:
    """The headline numbers of one predictor for one target."""
    best = _highest(_inner(site_scores(comparison, process, predictor, target)))
    site = best.site if best is not None else None

    def beside(**changed: str) -> Score | None:
        if site is None:
            return None
        asked = {"split": "history", "weighting": "probability", "control": "", "probe": "ridge"} | changed
        return scored(comparison.only(process=process, predictor=predictor, target=target, site=site, **asked))

    baseline = best_model_free(comparison, process, target, best.rows[0].width if best is not None else None)
    difference = None
    if best is not None and baseline is not None and best.value is not None and baseline.value is not None:
        difference = best.value - baseline.value
    return Headline(
        predictor=predictor,
        target=target,
        best=best,
        uniform=beside(weighting="uniform"),
        by_class=beside(split="class"),
        permuted=beside(control="permuted-classes"),
        untrained=_highest(_inner(site_scores(comparison, process, predictor, target, control="untrained"))),
        baseline=baseline,
        difference=difference,
    )


def best_model_free(comparison: Comparison, process: str, target: str, width: int | None) -> Score | None:
    """The best baseline that needs no predictor, for values of one width; None for no rows at all.

    Random features count only at that width, as more of them say more; at none if the width is None.
    """
    scores = [score for name in MODEL_FREE for score in control_scores(comparison, process, target, name)]
    return _highest([s for s in scores if s.control != "random-features" or s.rows[0].width == width])


def suffix_curve(comparison: Comparison, process: str, target: str) -> SuffixCurve | None:
    """How suffix-grams depend on their longest suffix, histories split, by probability; None where not recorded."""
    asked = (process, target, "history", "probability")
    found = (c for c in comparison.suffix_curves if (c.process, c.target, c.split, c.weighting) == asked)
    return next(found, None)


def site_scores(
    comparison: Comparison,
    process: str,
    predictor: str,
    target: str,
    *,
    control: str = "",
    weighting: str = "probability",
    split: str = "history",
) -> list[Score]:
    """Scores of one predictor site by site, in the predictor's own order."""
    rows = comparison.only(
        process=process, predictor=predictor, target=target, control=control, weighting=weighting, split=split
    )
    return _grouped(rows)


def control_scores(
    comparison: Comparison,
    process: str,
    target: str,
    control: str,
    *,
    weighting: str = "probability",
    split: str = "history",
) -> list[Score]:
    """Scores of a control that needs no predictor, one for each width that it was made with."""
    rows = comparison.only(process=process, target=target, control=control, weighting=weighting, split=split)
    return _grouped([row for row in rows if not row.predictor])


def headline_target(summary: ProcessSummary) -> str:
    """The target that the headline is about: what lies beyond the next symbol or, where nothing does, the belief."""
    return "beyond" if beyond_dimensions(summary) > 0 else "belief"


def beyond_dimensions(summary: ProcessSummary) -> int:
    """How many dimensions of the belief the next-symbol distribution does not fix."""
    return summary.horizon_ranks[-1] - summary.horizon_ranks[0] if summary.horizon_ranks else 0


def why_nothing_beyond(comparison: Comparison, summary: ProcessSummary) -> str:
    """Why `beyond` is empty, in the words of its rows; empty where it is not empty."""
    if beyond_dimensions(summary) > 0:
        return ""
    rows = comparison.only(process=summary.process, target="beyond", control="")
    said = next((row.reason for row in rows if row.reason), "")
    return said or "the belief is an affine function of the next-symbol distribution"


def runs_of(comparison: Comparison, process: str, predictor: str) -> list[Run]:
    """The runs of one predictor on one process, by seed."""
    return comparison.runs_of(process, predictor)


def networks(comparison: Comparison, process: str) -> list[str]:
    """The trained predictors, in the order in which they were asked for."""
    return [name for name in comparison.named(process) if not is_baseline_label(name) and name != CEILING]


def predictors(comparison: Comparison, process: str) -> list[str]:
    """All predictors: networks, then baselines, then exact Bayes."""
    names = comparison.named(process)
    return [
        *networks(comparison, process),
        *(name for name in names if is_baseline_label(name)),
        *(name for name in names if name == CEILING),
    ]


def probed(comparison: Comparison, process: str) -> list[str]:
    """The networks of which some site was scored, or refused."""
    names = networks(comparison, process)
    return [name for name in names if site_scores(comparison, process, name, "belief")]


def repeated(comparison: Comparison, process: str) -> int:
    """How many seeds the intervals of a process go over; below two they are of the bootstrap."""
    return len({row.seed for row in comparison.only(process=process) if row.seed is not None and row.score is not None})


def site_kind(site: str) -> str:
    """What sort of value a site holds: "stream" for layer outputs, "output", or the state's own name (ssm, conv ...).

    Example:
        >>> site_kind("layer.1.ssm"), site_kind("layer.1"), site_kind("final")
        ('ssm', 'stream', 'stream')
    """
    if site == "output":
        return "output"
    last = site.rsplit(".", 1)[-1]
    return last if site.startswith("layer.") and not last.isdigit() else "stream"


def layer_of(site: str) -> str:
    """Where a site stands, its kind left out: "layer.1" for "layer.1.ssm"."""
    return site.rsplit(".", 1)[0] if site_kind(site) not in ("stream", "output") else site


def _grouped(rows: Sequence[Row]) -> list[Score]:
    groups: dict[tuple[str, str, int], list[Row]] = {}
    for row in rows:
        if row.split != "none" and row.probe in STANDING:
            # the width of random features is the site's; that of a network may not differ between seeds
            groups.setdefault((row.predictor, row.site, row.width), []).append(row)
    return [score for group in groups.values() if (score := scored(group)) is not None]


def _inner(scores: Sequence[Score]) -> list[Score]:
    """Internal values only; a predictor that shows none is judged by its output."""
    inner = [score for score in scores if score.site != "output"]
    return inner or list(scores)


def _highest(scores: Sequence[Score]) -> Score | None:
    """The score with the highest value; where none has a value the first, for its reason."""
    with_value = [score for score in scores if score.value is not None]
    if with_value:
        return max(with_value, key=lambda score: score.value if score.value is not None else float("-inf"))
    return scores[0] if scores else None

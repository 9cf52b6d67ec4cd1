"""Titles that say what a figure shows, made from its numbers."""

import math
from statistics import fmean

from probes.baselines import is_baseline_label, is_counted_label
from probes.headline import control_scores, headline, headline_target, networks, predictors, runs_of
from probes.report.numerals import decimal, nats
from probes.report.style import display_name
from probes.report.words import best_baseline, by_standing, control_name, in_short, listed, mean_kl, short_title
from probes.results import Comparison, ProcessSummary

__all__ = [
    "BUDGET_SUBTITLE",
    "KL_SUBTITLE",
    "LEARNING_SUBTITLE",
    "SUFFIX_SUBTITLE",
    "TARGETS",
    "budget_title",
    "headline_title",
    "kl_title",
    "learning_title",
    "simplex_subtitle",
    "simplex_title",
    "sites_title",
    "suffix_title",
]

TARGETS = {
    "belief": "Held-out R² of the belief at each network's best site, weighted by probability; in brackets its "
    "distance to the baseline.",
    "beyond": "Held-out R² of the belief's part beyond the next symbol at each network's best site; in brackets its "
    "distance to the baseline.",
}
KL_SUBTITLE = "Divergence of the forecast from exact Bayes, averaged over histories by probability; lower is better."
LEARNING_SUBTITLE = "Divergence from exact Bayes as training goes on, mean over positions; lower is better."
BUDGET_SUBTITLE = (
    "Each line one seed, probes fitted anew at each checkpoint, at the site that is best in the end. Parameters: where "
    "training ended."
)
SUFFIX_SUBTITLE = (
    "No network: the mean target after the last K symbols, or after fewer where these were never seen. Rings: K chosen "
    "within the training histories."
)

NEARLY_ALL, PART = 0.95, 0.5
"""R² from which a readout is called almost exact, and partial."""


def simplex_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """How well beliefs are read from each network."""
    scores = {
        name: each.best.value
        for name in networks(comparison, summary.process)
        if (each := headline(comparison, summary.process, name, "belief")).best and each.best.value is not None
    }
    degrees = [
        ("almost exactly", [n for n, v in scores.items() if v >= NEARLY_ALL]),
        ("in part", [n for n, v in scores.items() if PART <= v < NEARLY_ALL]),
        ("hardly", [n for n, v in scores.items() if v < PART]),
    ]
    said = [f"{how} from {listed(map(display_name, names))}" for how, names in degrees if names]
    return f"{short_title(summary)}: beliefs are read {', '.join(said)}" if said else f"{short_title(summary)}: beliefs"


def simplex_subtitle(comparison: Comparison, summary: ProcessSummary) -> str:
    """The controls that the eye does not see in a picture of beliefs."""
    found = [headline(comparison, summary.process, name, "belief") for name in networks(comparison, summary.process)]
    untrained = [each.untrained.value for each in found if each.untrained and each.untrained.value is not None]
    baseline = best_baseline(found)
    parts = []
    if untrained:
        parts.append(f"untrained networks up to {decimal(max(untrained))}")
    if baseline is not None:
        parts.append(f"no network at all {decimal(baseline.value)} ({control_name(baseline)})")
    return f"R² for comparison: {'; '.join(parts)}." if parts else ""


def headline_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """Which networks stand above the best model-free baseline."""
    target = headline_target(summary)
    what = "beyond the next symbol" if target == "beyond" else "belief"
    found = [headline(comparison, summary.process, name, target) for name in networks(comparison, summary.process)]
    groups = by_standing(found)
    said = [
        f"{listed(display_name(each.predictor) for each in groups[key])} {words}"
        for key, words in (("above", "above"), ("level", "level with"), ("below", "below"))
        if groups[key]
    ]
    if not said:
        return f"{short_title(summary)}, {what}"
    first, *rest = said
    said = [f"{first} the best model-free baseline", *(f"{each} it" for each in rest)]
    return f"{short_title(summary)}, {what}: {', '.join(said)}"


def sites_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """Where each network is best read."""
    target = headline_target(summary)
    what = "what lies beyond the next symbol" if target == "beyond" else "the belief"
    best = [headline(comparison, summary.process, name, target).best for name in networks(comparison, summary.process)]
    said = [f"{display_name(s.predictor)} at {s.site}" for s in best if s is not None and s.value is not None]
    return f"{short_title(summary)}: {what} is best read from {listed(said)}" if said else f"{short_title(summary)}: R²"


def kl_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """Who predicts best, and what simple predictors reach."""
    kl = {name: mean_kl(comparison, summary, name) for name in predictors(comparison, summary.process)}
    trained = {n: v for n in networks(comparison, summary.process) if (v := kl[n]) is not None}
    if not trained:
        return f"{short_title(summary)}: distance to the optimum by position"
    if all(map(math.isinf, trained.values())):
        return f"{short_title(summary)}: every network gives some possible symbol probability 0"
    best = min(trained, key=lambda name: trained[name])
    simple = {n: v for n in kl if is_baseline_label(n) and (v := kl[n]) is not None}
    tail = f" ({', '.join(f'{name} {nats(value)}' for name, value in simple.items())})" if simple else ""
    counts = {n: v for n, v in simple.items() if is_counted_label(n)}
    least = min(counts, key=lambda name: counts[name], default="")
    behind = [display_name(name) for name, value in trained.items() if value >= counts.get(least, math.inf)]
    if behind and len(behind) < len(trained):
        tail += f"; {listed(behind)} no better than {least} counts"
    beaten = any(value <= trained[best] for value in simple.values())
    how = "is the best of the networks" if beaten else "predicts best"
    said = f"{display_name(best)} {how}, {nats(trained[best])} nats above the optimum"
    return f"{short_title(summary)}: {said}{tail}"


def suffix_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """What the last symbols give by themselves, and which networks give more."""
    target = headline_target(summary)
    what = "what lies beyond the next symbol" if target == "beyond" else "the belief"
    start = f"{short_title(summary)}: {what} from the last symbols alone"
    grams = next(iter(control_scores(comparison, summary.process, target, "suffix-grams")), None)
    if grams is None or grams.value is None:
        return start
    found = [headline(comparison, summary.process, name, target) for name in networks(comparison, summary.process)]
    values = {each.predictor: each.best.value for each in found if each.best and each.best.value is not None}
    better = [display_name(name) for name, value in values.items() if value > grams.value]
    reached = f"{start} reaches R² {decimal(grams.value)} ({in_short(grams.setting)})"
    if not values:
        return reached
    if not better:
        return f"{reached}; no network reaches more"
    if len(better) == len(values) > 1:
        return f"{reached}; every network reaches more"
    return f"{reached}; {listed(better)} {'reaches' if len(better) == 1 else 'reach'} more"


def budget_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """What was scored; lines that cross are not put into words."""
    what = "what lies beyond the next symbol" if headline_target(summary) == "beyond" else "the belief"
    return f"{short_title(summary)}: held-out R² of {what}, and divergence from exact Bayes, by what training cost"


_TITLED = 4
"""Networks whose numbers a title names."""


def learning_title(comparison: Comparison, summary: ProcessSummary) -> str:
    """How far training got."""
    ends = {}
    for name in networks(comparison, summary.process):
        last = [run.learning["kl"][-1] for run in runs_of(comparison, summary.process, name) if run.learning.get("kl")]
        if last:
            ends[name] = fmean(last)
    if not ends:
        return f"{short_title(summary)}: learning"
    order = sorted(ends, key=lambda name: ends[name])
    said = [f"{nats(ends[name])} ({display_name(name)})" for name in order]
    far = listed(said) if len(said) <= _TITLED else f"{said[0]} to {said[-1]}"
    return f"{short_title(summary)}: training ends {far} nats above the optimum"

"""What a comparison shows, in sentences: chosen by the rows, carrying their numbers, none there by default."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from probes.baselines import is_counted_label
from probes.headline import (
    MODEL_FREE,
    Headline,
    Score,
    beyond_dimensions,
    control_scores,
    headline,
    headline_target,
    networks,
    predictors,
    runs_of,
    site_kind,
    site_scores,
    why_nothing_beyond,
)
from probes.report.numerals import decimal, nats
from probes.report.style import CONTROL_NAMES, display_name
from probes.results import Comparison, ProcessSummary

__all__ = [
    "best_baseline",
    "between_seeds",
    "by_standing",
    "compared",
    "distinct_baselines",
    "distinct_titles",
    "control_name",
    "in_short",
    "listed",
    "mean_kl",
    "seen",
    "short_title",
    "standing",
]

ALIKE = 0.02
"""Scores within this of each other are called alike."""

KIND_NAMES = {
    "stream": "layer outputs",
    "carry": "carried state h",
    "cell": "memory cell c",
    "ssm": "state of the state-space model",
    "conv": "convolution window",
    "key": "keys",
    "value": "values",
}


def compared(comparison: Comparison, summary: ProcessSummary) -> list[str]:
    """What was done on one process."""
    names = networks(comparison, summary.process)
    ready = [name for name in names if not any(run.training for run in runs_of(comparison, summary.process, name))]
    taught = [display_name(name) for name in names if name not in ready]
    kept = "all" if summary.complete else "a sample of"
    seeds = {run.seed for run in comparison.runs if run.process == summary.process and run.seed is not None}
    repeated = f", each {len(seeds)} times from different seeds" if len(seeds) > 1 else ""
    said = []
    if taught:
        what = f"trained to predict the next symbol of {summary.title}{repeated}"
        said.append(f"{_capital(listed(taught))} {_were(taught)} {what}.")
    if ready:
        said.append(f"{_capital(listed(map(display_name, ready)))} {_were(ready)} taken as given, not trained.")
    said.append(
        f"{'Their' if names else 'The'} internal values after each of {kept} {summary.histories:,} histories of up "
        f"to {summary.length} symbols were read by ridge regression and scored on histories that the regression had "
        f"not seen. The histories lead to {summary.beliefs:,} distinct beliefs."
    )
    return [" ".join(said)]


def seen(comparison: Comparison, summary: ProcessSummary) -> list[str]:
    """What the numbers of one process say, a sentence or two per finding."""
    target = headline_target(summary)
    found = [headline(comparison, summary.process, name, target) for name in networks(comparison, summary.process)]
    found = [each for each in found if each.best is not None and each.best.value is not None]
    sentences = [_prediction(comparison, summary), _question(comparison, summary)]
    if found:
        sentences += [_against_baseline(found), _against_permuted(found), _against_untrained(found)]
        sentences += _where(comparison, summary, found)
        sentences.append(_verdict(found))
    sentences.append(_refused(comparison, summary))
    return [sentence for sentence in sentences if sentence]


def standing(found: Headline) -> str:
    """ "above", "level" or "below" the best model-free baseline; level where the 95 % intervals overlap.

    Without intervals the values decide. Empty where either score is missing.
    """
    best, baseline = found.best, found.baseline
    if best is None or baseline is None or best.value is None or baseline.value is None:
        return ""
    low, high = (best.value if v is None else v for v in (best.low, best.high))
    base_low, base_high = (baseline.value if v is None else v for v in (baseline.low, baseline.high))
    if low > base_high:
        return "above"
    return "below" if high < base_low else "level"


def mean_kl(comparison: Comparison, summary: ProcessSummary, predictor: str) -> float | None:
    """Mean over seeds of the divergence from the optimum, nats."""
    values = [run.kl for run in runs_of(comparison, summary.process, predictor) if run.kl is not None]
    return fmean(values) if values else None


def short_title(summary: ProcessSummary) -> str:
    """The process without its parameters."""
    return summary.title.partition("(")[0].rstrip()


def distinct_titles(summaries: Sequence[ProcessSummary]) -> list[str]:
    """Each process without its parameters, but with them where several have one name."""
    short = [short_title(summary) for summary in summaries]
    return [summary.title if short.count(name) > 1 else name for summary, name in zip(summaries, short, strict=True)]


def listed(items: Iterable[str]) -> str:
    """ "a, b and c"."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def _prediction(comparison: Comparison, summary: ProcessSummary) -> str:
    kl = {name: mean_kl(comparison, summary, name) for name in predictors(comparison, summary.process)}
    trained = {name: value for name in networks(comparison, summary.process) if (value := kl[name]) is not None}
    if not trained:
        return ""
    order = sorted(trained, key=lambda name: trained[name])
    said = listed(f"{nats(trained[name])} ({display_name(name)})" for name in order)
    sentence = f"Forecasts stay above the optimum by {said} nats per symbol."
    counted = [name for name in kl if is_counted_label(name) and kl[name] is not None]
    for name in counted:
        floor = kl[name]
        assert floor is not None
        worse = [display_name(each) for each in order if trained[each] >= floor]
        if math.isinf(floor):
            sentence += f" Plain {name} counts give a possible symbol no probability (infinitely far)."
        elif worse:
            do = "does" if len(worse) == 1 else "do"
            who = f"{listed(worse)} {do} no" if len(worse) < len(order) or len(order) == 1 else "None of them does"
            sentence += f" {who} better than {name} counts ({nats(floor)})."
        else:
            sentence += f" All do better than {name} counts ({nats(floor)})."
    return sentence


def _question(comparison: Comparison, summary: ProcessSummary) -> str:
    if beyond_dimensions(summary) > 0:
        return (
            f"Of the belief's {summary.horizon_ranks[-1] - 1} dimensions, {beyond_dimensions(summary)} do not show "
            "in the forecast of the next symbol. A network that holds them holds more than its own forecast."
        )
    told = control_scores(comparison, summary.process, "belief", "true-p")
    value = next((score.value for score in told if score.value is not None), None)
    measured = f" True next-symbol probabilities alone give R² {decimal(value)}." if value is not None else ""
    reason = why_nothing_beyond(comparison, summary)
    return (
        f"Nothing of the belief lies beyond the next symbol here ({reason}), so these scores cannot tell a network "
        f"that holds the belief from one that holds its forecast.{measured}"
    )


def _against_baseline(found: Sequence[Headline]) -> str:
    groups = by_standing(found)
    baselines = distinct_baselines(found)
    if not baselines:
        return ""
    named = {
        key: listed(
            f"{display_name(each.predictor)} ({decimal(each.best.value)} at {each.best.site})"
            for each in members
            if each.best
        )
        for key, members in groups.items()
    }
    said = []
    if named["above"]:
        said.append(f"above it: {named['above']}")
    if named["level"]:
        said.append(f"not told apart from it: {named['level']}")
    if named["below"]:
        said.append(f"below it: {named['below']}")
    reached = listed(f"R² {decimal(score.value)} ({control_name(score)})" for score in baselines)
    best = (
        f"The best that was reached with no network at all is {reached}."
        if len(baselines) == 1
        else f"With no network at all {reached} are reached, and every network is held against features of its own "
        "width."
    )
    return f"{best} {_capital('; '.join(said))}."


def _against_permuted(found: Sequence[Headline]) -> str:
    both = [
        (each, each.best.value, each.permuted.value)
        for each in found
        if each.best and each.best.value is not None and each.permuted and each.permuted.value is not None
    ]
    if not both:
        return ""
    fooled = [each for each, value, permuted in both if permuted > value - 0.05]
    highest = max(permuted for _, _, permuted in both)
    if fooled:
        names = listed(
            f"{display_name(each.predictor)} ({decimal(each.permuted.value)})" for each in fooled if each.permuted
        )
        return (
            f"With the beliefs permuted among each other the same probe does about as well on {names}: there the "
            "score shows that histories are told apart, not that the belief is held."
        )
    return f"With the beliefs permuted among each other the same probes reach at most {decimal(highest)}."


def _against_untrained(found: Sequence[Headline]) -> str:
    both = [
        (each, each.best.value, each.untrained.value)
        for each in found
        if each.best and each.best.value is not None and each.untrained and each.untrained.value is not None
    ]
    if not both:
        return ""
    highest, whose = max((untrained, each.predictor) for each, _, untrained in both)
    sentence = f"Untrained, the same networks reach at most {decimal(highest)} ({display_name(whose)})."
    idle = [display_name(each.predictor) for each, value, untrained in both if value <= untrained]
    if idle:
        sentence += f" For {listed(idle)} training added nothing to that."
    return sentence


def _where(comparison: Comparison, summary: ProcessSummary, found: Sequence[Headline]) -> list[str]:
    """In which kind of value networks keep the target, for those that have several."""
    alike, said = [], []
    for each in found:
        kinds = _by_kind(comparison, summary, each)
        values = [score.value for score in kinds.values() if score.value is not None]
        if len(values) < 2:
            continue
        if max(values) - min(values) <= ALIKE:
            alike.append(display_name(each.predictor))
            continue
        named = (f"{KIND_NAMES.get(k, k)} ({decimal(score.value)} at {score.site})" for k, score in kinds.items())
        first, *rest = named
        said.append(f"{display_name(each.predictor)} shows it best in its {first}; then {listed(rest)}.")
    if alike:
        said.append(f"From {listed(alike)} it is read alike whichever kind of value is probed.")
    return said


def _by_kind(comparison: Comparison, summary: ProcessSummary, found: Headline) -> dict[str, Score]:
    """The best site of each kind, best kind first; the output is not an internal value."""
    best: dict[str, Score] = {}
    for score in site_scores(comparison, summary.process, found.predictor, found.target):
        kind = site_kind(score.site)
        if kind != "output" and score.value is not None:
            held = best.get(kind, score)
            best[kind] = score if held.value is None or score.value > held.value else held
    return dict(sorted(best.items(), key=lambda item: -(item[1].value or 0.0)))


def _verdict(found: Sequence[Headline]) -> str:
    rows = [each.best.rows[0] for each in found if each.best and each.best.verdict.startswith("discriminates")]
    if not rows:
        return ""
    names = listed(dict.fromkeys(display_name(row.predictor) for row in rows))
    return (
        f"Verdict “discriminates states” for {names}: the {rows[0].beliefs:,} distinct beliefs do not clearly "
        "exceed the rank of the features, so the score by itself could be had by telling the beliefs apart. Read "
        "it beside the permuted classes."
    )


def _refused(comparison: Comparison, summary: ProcessSummary) -> str:
    rows = [row for row in comparison.only(process=summary.process) if row.score is None and row.target != "beyond"]
    rows += [row for row in comparison.only(process=summary.process, target="beyond") if row.score is None] * (
        beyond_dimensions(summary) > 0
    )
    if not rows:
        return ""
    reasons = list(dict.fromkeys(row.reason for row in rows if row.reason))
    first = f" The first reason: {reasons[0]}." if reasons else ""
    return f"{len(rows):,} scores are empty.{first} The others stand in the list of every score."


def by_standing(found: Sequence[Headline]) -> dict[str, list[Headline]]:
    """Predictors above, level with and below the best model-free baseline."""
    groups: dict[str, list[Headline]] = {"above": [], "level": [], "below": []}
    for each in found:
        if place := standing(each):
            groups[place].append(each)
    return groups


def between_seeds(n_seed: int) -> str:
    """What the intervals of networks are where there are several seeds."""
    return (
        f"t interval of the mean over {n_seed} seeds; with few seeds it is wide and may pass 1. Rows without seeds: "
        "bootstrap over histories."
    )


def best_baseline(found: Sequence[Headline]) -> Score | None:
    """The highest of their model-free baselines."""
    return next(iter(distinct_baselines(found)), None)


def distinct_baselines(found: Sequence[Headline]) -> list[Score]:
    """Their model-free baselines, the highest first: one, unless random features of some width are better."""
    scores = [each.baseline for each in found if each.baseline is not None and each.baseline.value is not None]
    assert all(score.control in MODEL_FREE for score in scores)
    once = {(score.control, score.rows[0].width): score for score in scores}
    return sorted(once.values(), key=lambda score: -(score.value or 0.0))


def control_name(score: Score) -> str:
    """What people call a control, with what it was chosen or made to be."""
    name = CONTROL_NAMES.get(score.control, score.control)
    if score.control == "random-features":
        return f"{name} of width {score.rows[0].width:,}"
    return f"{name}, {said}" if (said := in_short(score.setting)) else name


def in_short(setting: str) -> str:
    """A setting that differs between outer folds, by its range.

    Example:
        >>> in_short("K=6/8/7/6/6"), in_short("k=3"), in_short("")
        ('K=6–8', 'k=3', '')
    """
    name, _, values = setting.partition("=")
    numbers = sorted(map(int, values.split("/"))) if values else []
    return f"{name}={numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else setting


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"

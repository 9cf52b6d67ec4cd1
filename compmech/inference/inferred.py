"""From a series to a machine: every method makes candidates from the first part in time, the rest decides.

What a candidate costs on symbols that it has not seen, bits each, decides; among those that a paired t test over blocks
does not tell from the best the one with the fewest free numbers is taken, so that states have to earn their place. Its
numbers are then found again from all of the data.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from compmech.inference.beside import baselines, held_out_beside
from compmech.inference.bootstrap import ERRORS, statistics_intervals
from compmech.inference.candidates import Candidate, Model, NothingToPropose
from compmech.inference.choosing_again import SelectionFrequencies, selection_frequencies
from compmech.inference.held_out import GivesWords, blocks_of, cost, preferred, sizes
from compmech.inference.kgram import k_gram
from compmech.inference.proposals import AUTO, METHODS, PROPOSALS
from compmech.inference.result import InferredMachine
from compmech.inference.series import Series
from compmech.inference.structure import HeldOutGain, StructureTest, structure_test
from compmech.inference.surrogates import SHUFFLES, Surrogates
from compmech.inference.topology_model import TopologyModel
from compmech.validation import check_count

__all__ = ["METHODS", "TEST_STATISTICS", "Selection", "infer", "selected"]

FIT = 0.7
"""Share of the symbols that make the candidates."""

LEAST = 100
"""Symbols without which nothing is inferred."""

TEST_STATISTICS = ("past", "gain")
"""What the test for structure looks at: what pasts tell of the next symbol, or what the machine gains on symbols that
are held out."""

Brought = Callable[[Series], Mapping[str, tuple[Mapping[str, Any], GivesWords]]]
"""From the part that makes the candidates to predictors by name, each with what else is to be said of it."""


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen, and what from.

    Attributes:
        candidates: the cheapest on held-out symbols first.
        passed_over: methods that had nothing to propose, and why.
    """

    chosen: Candidate
    candidates: Sequence[Candidate]
    passed_over: Mapping[str, str]


def infer(
    data: Series,
    *,
    method: str = "auto",
    bootstrap: int = 0,
    surrogates: Surrogates = SHUFFLES,
    statistic: str = "past",
    beside: Brought | None = None,
    rng: np.random.Generator,
) -> InferredMachine:
    """The machine of a series, with what it was chosen from.

    Args:
        method: one of `METHODS`.
        bootstrap: series simulated from the machine, from each of which the choice is made again; how often each number
            of states comes back is then the interval of that number, and beside the posterior's intervals stand those
            of the parametric and the block bootstrap. Costs as many choices. 0: none.
        surrogates: what the test for structure compares with.
        statistic: one of `TEST_STATISTICS`.
        beside: more predictors to be scored on the held-out symbols.
        rng: of surrogates, of intervals, and of methods that draw.
    Raises:
        ValueError: if there is no such method or statistic, or there are fewer than 100 symbols, or no candidate allows
            the symbols that are held out, or the method has nothing to propose for such data (`NothingToPropose`), or
            the surrogates are of the whole series and the statistic of a part.
    """
    if statistic not in TEST_STATISTICS:
        raise ValueError(f"there is no statistic {statistic!r}; there are {', '.join(TEST_STATISTICS)}")
    if statistic == "gain" and not surrogates.of_any_part:
        raise ValueError(
            f"{surrogates.name} surrogates are of the whole series, the gain is on a part of it: take the "
            "statistic past"
        )
    if check_count(bootstrap, "bootstrap") < 0:
        raise ValueError(f"bootstrap must be at least 0; got {bootstrap}")
    test_rng, draw_rng, choose_rng, again_rng = rng.spawn(4)
    selection = selected(data, method=method, rng=choose_rng)
    fit, rest = data.split(FIT)
    chosen = selection.chosen
    if statistic == "gain":
        gain = HeldOutGain(chosen.model.process, k_gram(fit, 0))
        test = structure_test(rest, rng=test_rng, surrogates=surrogates, statistic=gain)
    else:
        test = structure_test(data, rng=test_rng, surrogates=surrogates)
    predictors = {**baselines(fit), **({} if beside is None else beside(fit))}
    others = held_out_beside(chosen, blocks_of(rest), predictors)
    model, basis = _refitted(chosen.model, data, fit)
    again: dict[str, Any] = {}
    if bootstrap:

        def choose(series: Series) -> Model:
            return selected(series, method=method, rng=choose_rng.spawn(1)[0]).chosen.model

        again["selection"] = selection_frequencies(data, model.process, choose, n_series=bootstrap, rng=again_rng)
        if isinstance(model, TopologyModel):
            again["intervals"] = {
                way: statistics_intervals(basis, model.posterior, errors=way, rng=way_rng)
                for way, way_rng in zip(ERRORS, draw_rng.spawn(len(ERRORS)), strict=True)
            }
    about = {"symbols": data.n_observed, "pieces": len(data.pieces)}
    return _result(basis, selection, model, test, about | again | {"beside": others}, draw_rng)


def selected(data: Series, *, method: str = "auto", rng: np.random.Generator) -> Selection:
    """The candidate chosen for a series: `infer` without the statistics of the whole series."""
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    if data.n_observed < LEAST:
        raise ValueError(f"there are {data.n_observed} symbols: nothing can be told from fewer than {LEAST}")
    fit, rest = data.split(FIT)
    blocks = blocks_of(rest)
    size = sizes(blocks)
    found: dict[Hashable, Candidate] = {}
    passed_over: dict[str, str] = {}
    names = AUTO if method == "auto" else (method,)
    for name, own_rng in zip(names, rng.spawn(len(names)), strict=True):
        try:
            for setting, model in PROPOSALS[name](fit, rng=own_rng):
                if model.key not in found:
                    found[model.key] = Candidate(name, setting, model, cost(model.process, blocks), size)
        except NothingToPropose as reason:
            if method != "auto":
                raise
            passed_over[name] = str(reason)
    candidates = sorted(found.values(), key=lambda one: (one.held_out_bits, one.model.n_free))
    if not candidates or not isfinite(candidates[0].held_out_bits):
        raise ValueError(_forbidding(data, fit, rest, method))
    return Selection(preferred(candidates), candidates, passed_over)


def _forbidding(data: Series, fit: Series, rest: Series, method: str) -> str:
    """Why no candidate is left, and what helps."""
    unseen = np.flatnonzero((fit.frequencies == 0) & (rest.frequencies > 0))
    if len(unseen):
        some = ", ".join(repr(data.alphabet[code]) for code in unseen[:4]) + (", ..." if len(unseen) > 4 else "")
        why = f"{some} occur" + ("s" if len(unseen) == 1 else "") + " only there"
    else:
        why = "some of their words do not occur before"
    repair = "" if method == "auto" else ", or take method auto, which has machines that forbid nothing"
    return (
        f"every machine made from the first {FIT:.0%} of the symbols forbids some that follow: {why}. Bring more data"
        f"{repair}"
    )


def _refitted(model: Model, data: Series, fit: Series) -> tuple[Model, Series]:
    """The model with its numbers from all of the series; from the part that made it, if it forbids the whole."""
    try:
        return model.refitted(data), data
    except ValueError:  # a word of the held-out part that no start allows, though each block of it is allowed
        return model, fit


def _result(
    data: Series,
    selection: Selection,
    model: Model,
    test: StructureTest,
    more: Mapping[str, Any],
    rng: np.random.Generator,
) -> InferredMachine:
    chosen = selection.chosen
    found = model.estimates(data, rng=rng)
    again: SelectionFrequencies | None = more.get("selection")
    number, how_many = found.n_causal_states, "the number chosen; how sure it is was not asked (bootstrap)"
    if again is not None and number is not None:
        number = again.interval(int(number.value))
        how_many = f"the interval holds the numbers chosen again from {again.n_series} series that the machine made"
    only = ", from the part that made the candidates alone" if model is chosen.model else ""
    return InferredMachine(
        method=chosen.method,
        machine=model.named(data.alphabet),
        n_causal_states=number,
        entropy_rate=found.entropy_rate,
        statistical_complexity=found.statistical_complexity,
        excess_entropy=found.excess_entropy,
        held_out_bits_per_symbol=chosen.held_out_bits,
        p_structure=test.p,
        diagnostics={
            "setting": dict(chosen.setting),
            "structure": test,
            "candidates": [one.to_dict() for one in selection.candidates],
            "passed_over": dict(selection.passed_over),
            **more,
            "how": {key: how + only for key, how in found.how.items()} | {"n_causal_states": how_many},
        },
    )

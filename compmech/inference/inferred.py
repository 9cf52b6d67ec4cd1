"""From a series to a machine: every method makes candidates from the first part in time, the rest decides.

What a candidate costs on symbols that it has not seen, bits each, decides; among those that a paired t test over blocks
does not tell from the best the one with the fewest free numbers is taken, so that states have to earn their place. Its
numbers are then found again from all of the data.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from compmech.inference.beside import baselines, held_out_beside
from compmech.inference.bootstrap import ERRORS, statistics_intervals
from compmech.inference.candidates import Candidate, Estimates, Model, NothingToPropose
from compmech.inference.choosing_again import selection_frequencies
from compmech.inference.from_predictor import over_its_alphabet
from compmech.inference.futures import Futures
from compmech.inference.growth import Growth, growth
from compmech.inference.held_out import GivesWords, blocks_of, cost, preferred, sizes
from compmech.inference.kgram import k_gram
from compmech.inference.proposals import AUTO, FINITE, METHODS, PROPOSALS, Propose, by_predictor
from compmech.inference.result import InferredMachine
from compmech.inference.series import Series
from compmech.inference.structure import HeldOutGain, StructureTest, structure_test
from compmech.inference.surrogates import SHUFFLES, Surrogates
from compmech.inference.topology_model import TopologyModel
from compmech.process import Process
from compmech.validation import check_count

__all__ = ["METHODS", "TEST_STATISTICS", "Selection", "infer", "selected"]

FIT = 0.7
"""Share of the symbols that make the candidates."""

LEAST = 100
"""Symbols without which nothing is inferred."""

TEST_STATISTICS = ("past", "gain")
"""What the test for structure looks at: what pasts tell of the next symbol, or what the machine gains on symbols that
are held out."""

PredictorsFrom = Callable[[Series], Mapping[str, tuple[Mapping[str, Any], GivesWords]]]
"""From the part that makes the candidates to predictors by name, each with what else is to be said of it."""


@dataclass(frozen=True, eq=False)
class Selection:
    """What was chosen, and what from.

    Attributes:
        candidates: the cheapest on held-out symbols first.
        passed_over: methods that had nothing to propose, and why.
    """

    chosen: Candidate[Model]
    candidates: Sequence[Candidate[Model]]
    passed_over: Mapping[str, str]

    @property
    def finite(self) -> Candidate[Model] | None:
        """What would be chosen among the finite machines alone; None: there is none that allows what was held out."""
        machines = [one for one in self.candidates if one.model.is_finite and isfinite(one.held_out_bits)]
        return preferred(machines) if machines else None


def infer(
    data: Series,
    *,
    method: str = "auto",
    predictor: Process | Futures | None = None,
    bootstrap: int = 0,
    surrogates: Surrogates = SHUFFLES,
    statistic: str = "past",
    beside: PredictorsFrom | None = None,
    rng: np.random.Generator,
) -> InferredMachine:
    """The machine of a series, with what it was chosen from.

    Args:
        method: one of `METHODS`, or `predictor`: the candidates that the predictor makes alone.
        predictor: merges histories of the data by the futures that it predicts, for candidates more; symbols are
            matched by name. Or the futures that it predicts of histories such as those of the data (`histories_of`).
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
            the surrogates are of the whole series and the statistic of a part, or the predictor does not know a symbol
            of the data.
        ImpossibleWord: if the predictor gives a history of the data probability 0.
    """
    _check_asked(bootstrap, surrogates, statistic)
    if predictor is not None:
        data = over_its_alphabet(data, predictor)
    test_rng, draw_rng, choose_rng, part_rng, again_rng = rng.spawn(5)
    selection = selected(data, method=method, predictor=predictor, rng=choose_rng)
    test = _tested(data, selection.chosen.model, surrogates, statistic, rng=test_rng)
    grown = _growth(data, selection, _proposing(method, predictor), part_rng)
    fit, rest = data.split(FIT)
    predictors = {**baselines(fit), **({} if beside is None else beside(fit))}
    others = held_out_beside(selection.chosen, blocks_of(rest), predictors)
    model, basis = _refitted(selection.chosen.model, data, fit)
    more: dict[str, Any] = {"structure": test, "growth": grown, "beside": others}
    if bootstrap:
        more |= _resampled(data, model, basis, method, predictor, bootstrap, rng=again_rng)
    return _result(data, selection, model, model.estimates(basis, rng=draw_rng), more)


def _check_asked(bootstrap: int, surrogates: Surrogates, statistic: str) -> None:
    check_count(bootstrap, "bootstrap")
    if statistic not in TEST_STATISTICS:
        raise ValueError(f"there is no statistic {statistic!r}; there are {', '.join(TEST_STATISTICS)}")
    if statistic == "gain" and not surrogates.of_any_part:
        raise ValueError(
            f"{surrogates.name} surrogates are of the whole series, the gain is on a part of it: take the statistic "
            "past"
        )


def _tested(
    data: Series, model: Model, surrogates: Surrogates, statistic: str, *, rng: np.random.Generator
) -> StructureTest:
    """The test for structure, on the whole series or on the part that is held out."""
    if statistic == "past":
        return structure_test(data, rng=rng, surrogates=surrogates)
    fit, rest = data.split(FIT)
    return structure_test(rest, rng=rng, surrogates=surrogates, statistic=HeldOutGain(model.process, k_gram(fit, 0)))


def _resampled(
    data: Series,
    model: Model,
    basis: Series,
    method: str,
    predictor: Process | Futures | None,
    n_series: int,
    *,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """How often each number of states is chosen again, and all intervals given the transitions."""
    series_rng, interval_rng, choose_rng = rng.spawn(3)

    def choose(again: Series) -> Model:
        return selected(again, method=method, predictor=predictor, rng=choose_rng.spawn(1)[0]).chosen.model

    found: dict[str, Any] = {
        "selection": selection_frequencies(data, model.process, choose, n_series=n_series, rng=series_rng)
    }
    if isinstance(model, TopologyModel):
        found["intervals"] = {
            errors: statistics_intervals(basis, model.posterior, errors=errors, rng=own_rng)
            for errors, own_rng in zip(ERRORS, interval_rng.spawn(len(ERRORS)), strict=True)
        }
    return found


def selected(
    data: Series, *, method: str = "auto", predictor: Process | Futures | None = None, rng: np.random.Generator
) -> Selection:
    """The candidate chosen for a series: `infer` without the statistics of the whole series."""
    proposing = _proposing(method, predictor)
    if data.n_observed < LEAST:
        raise ValueError(f"there are {data.n_observed} symbols: nothing can be told from fewer than {LEAST}")
    return _selected(data, proposing, rng, passing_over=method == "auto")


def _proposing(method: str, predictor: Process | Futures | None) -> dict[str, Propose]:
    """The methods that are asked for, by name."""
    given = {} if predictor is None else {"predictor": partial(by_predictor, predictor=predictor)}
    if method == "auto":
        return AUTO | given
    if method == "predictor" and predictor is None:
        raise ValueError("the method predictor needs a predictor (predictor=..., --predictor RUN)")
    if method not in ("predictor", *PROPOSALS):
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}, and predictor")
    if predictor is not None and method != "predictor":
        raise ValueError(f"the method {method} takes no predictor: with one, the method is auto or predictor")
    return {method: (PROPOSALS | given)[method]}


def _selected(
    data: Series, proposing: Mapping[str, Propose], rng: np.random.Generator, *, passing_over: bool
) -> Selection:
    """The choice among what some methods propose.

    Args:
        passing_over: whether methods that have nothing to propose are passed over.
    """
    fit, rest = data.split(FIT)
    blocks = blocks_of(rest)
    size = sizes(blocks)
    found: dict[Hashable, Candidate[Model]] = {}
    passed_over: dict[str, str] = {}
    for (name, propose), own_rng in zip(proposing.items(), rng.spawn(len(proposing)), strict=True):
        try:
            for setting, model in propose(fit, rng=own_rng):
                if model.key not in found:
                    found[model.key] = Candidate(name, setting, model, cost(model.process, blocks), size)
        except NothingToPropose as reason:
            if not passing_over:
                raise
            passed_over[name] = str(reason)
    candidates = sorted(found.values(), key=lambda one: (one.held_out_bits, one.model.n_free))
    if not candidates or not isfinite(candidates[0].held_out_bits):
        raise NothingToPropose(_forbidding(data, fit, rest, proposing))
    return Selection(preferred(candidates), candidates, passed_over)


def _growth(
    data: Series, selection: Selection, proposing: Mapping[str, Propose], rng: np.random.Generator
) -> Growth | None:
    """States of the finite machine chosen, from parts of the series and from all; None where none was looked for."""
    of_machines = {name: propose for name, propose in proposing.items() if name in FINITE}
    finite = selection.finite
    if not of_machines or finite is None:
        return None

    def states_of(part: Series) -> int | None:
        if part.n_observed < LEAST:
            return None
        try:
            return _selected(part, of_machines, rng, passing_over=True).chosen.model.n_state
        except NothingToPropose:  # the part has none: said as None
            return None

    return growth(data, finite.model.n_state, states_of)


def _forbidding(data: Series, fit: Series, rest: Series, proposing: Mapping[str, Propose]) -> str:
    """Why no candidate is left, and what helps."""
    unseen = np.flatnonzero((fit.frequencies == 0) & (rest.frequencies > 0))
    if len(unseen):
        some = ", ".join(repr(data.alphabet[code]) for code in unseen[:4]) + (", ..." if len(unseen) > 4 else "")
        why = f"{some} occur" + ("s" if len(unseen) == 1 else "") + " only there"
    else:
        why = "some of their words do not occur before"
    repair = "" if "markov" in proposing else ", or take method auto, which has machines that forbid nothing"
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
    data: Series, selection: Selection, model: Model, found: Estimates, more: Mapping[str, Any]
) -> InferredMachine:
    chosen, number, again = selection.chosen, found.n_causal_states, more.get("selection")
    only = ", from the part that made the candidates alone" if model is chosen.model else ""
    how = {key: how + only for key, how in found.how.items()}
    if number is not None and again is not None:
        number = again.interval(int(number.value))
        how["n_causal_states"] = f"the interval holds the numbers chosen from {again.n_series} simulated series"
    elif number is not None:
        how["n_causal_states"] = "the number chosen alone: how sure it is was not asked"
    return InferredMachine(
        method=chosen.method,
        machine=model.named(data.alphabet),
        n_causal_states=number,
        entropy_rate=found.entropy_rate,
        statistical_complexity=found.statistical_complexity,
        excess_entropy=found.excess_entropy,
        held_out_bits_per_symbol=chosen.held_out_bits,
        p_structure=more["structure"].p,
        diagnostics={
            "symbols": data.n_observed,
            "pieces": len(data.pieces),
            "setting": dict(chosen.setting),
            "candidates": [one.to_dict() for one in selection.candidates],
            "passed_over": dict(selection.passed_over),
            "finite": None if selection.finite is None else selection.finite.to_dict(),
            **more,
            "how": how,
        },
    )

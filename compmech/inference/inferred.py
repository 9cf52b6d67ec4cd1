"""From a series to a machine: every method makes candidates from the first part in time, the rest decides.

What a candidate costs on symbols that it has not seen, bits each, decides; among those that a paired t test over blocks
does not tell from the best the one with the fewest free numbers is taken, so that states have to earn their place. Its
numbers are then found again from all of the data.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np

from compmech.inference.candidates import Candidate, Model, NothingToPropose
from compmech.inference.from_predictor import over_its_alphabet
from compmech.inference.futures import Futures
from compmech.inference.growth import Growth, growth
from compmech.inference.held_out import blocks_of, cost, preferred, sizes
from compmech.inference.proposals import AUTO, FINITE, METHODS, PROPOSALS, Propose, by_predictor
from compmech.inference.result import InferredMachine
from compmech.inference.series import Series
from compmech.inference.surrogates import structure_test
from compmech.process import Process

__all__ = ["METHODS", "Selection", "infer", "selected"]

FIT = 0.7
"""Share of the symbols that make the candidates."""

LEAST = 100
"""Symbols without which nothing is inferred."""


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
    data: Series, *, method: str = "auto", predictor: Process | Futures | None = None, rng: np.random.Generator
) -> InferredMachine:
    """The machine of a series, with what it was chosen from.

    Args:
        method: one of `METHODS`, or `predictor`: the candidates that the predictor makes alone.
        predictor: merges histories of the data by the futures that it predicts, for candidates more; symbols are
            matched by name. Or the futures that it predicts of histories such as those of the data (`histories_of`).
        rng: of surrogates, of intervals, and of methods that draw.
    Raises:
        ValueError: if there is no such method, or there are fewer than 100 symbols, or no candidate allows the symbols
            that are held out, or the method has nothing to propose for such data (`NothingToPropose`), or the
            predictor does not know a symbol of the data.
        ImpossibleWord: if the predictor gives a history of the data probability 0.
    """
    if predictor is not None:
        data = over_its_alphabet(data, predictor)
    test_rng, draw_rng, choose_rng, part_rng = rng.spawn(4)
    selection = selected(data, method=method, predictor=predictor, rng=choose_rng)
    told, p = structure_test(data, rng=test_rng)
    grown = _growth(data, selection, _proposing(method, predictor), part_rng)
    return _result(data, selection, grown, told, p, draw_rng)


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
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
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


def _result(
    data: Series, selection: Selection, grown: Growth | None, told: float, p: float, rng: np.random.Generator
) -> InferredMachine:
    chosen, model, only = selection.chosen, selection.chosen.model, ""
    try:
        model = model.refitted(data)
    except ValueError:  # the part that is held out has a word that no start allows, though each block of it is allowed
        only = ", from the part that made the candidates alone"
    found = model.estimates(data, rng=rng)
    return InferredMachine(
        method=chosen.method,
        machine=model.named(data.alphabet),
        n_causal_states=found.n_causal_states,
        entropy_rate=found.entropy_rate,
        statistical_complexity=found.statistical_complexity,
        excess_entropy=found.excess_entropy,
        held_out_bits_per_symbol=chosen.held_out_bits,
        p_structure=p,
        diagnostics={
            "symbols": data.n_observed,
            "pieces": len(data.pieces),
            "setting": dict(chosen.setting),
            "told_by_the_past": told,
            "candidates": [one.to_dict() for one in selection.candidates],
            "passed_over": dict(selection.passed_over),
            "finite": None if selection.finite is None else selection.finite.to_dict(),
            "growth": None if grown is None else grown.to_dict(),
            "how": {key: how + only for key, how in found.how.items()},
        },
    )

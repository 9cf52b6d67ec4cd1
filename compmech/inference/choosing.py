"""How many causal states: the coarsest merging that says what the predictor says, if there is one that stands out.

Histories are merged into 1, 2, 3, ... groups, each merging is made a machine, and the machine's divergence from the
predictor is measured on histories that did not make it. The number of states is read from that curve alone:

1. The machine is the coarsest one within `tolerance` of the predictor whose merges are consistent.
2. It counts as finite if it stands out: every machine of fewer states is off by STANDS_OUT times as much or more. Where
   the divergence falls bit by bit with every state that is added, no number of states is special, and there is no
   finite machine, only ever better ones.
"""

from dataclasses import dataclass
from math import inf

from compmech.inference.agglomeration import merge_tree
from compmech.inference.futures import Futures
from compmech.inference.unifilar import Candidate, candidate_machine
from compmech.units import bits

__all__ = ["DROP_BELOW", "STANDS_OUT", "TOLERANCE", "Ladder", "Step", "merging_ladder"]

TOLERANCE = bits(1e-3)
"""Divergence, bits a symbol, within which a machine says what the predictor says: 1e-3 nats, what a network may be off
the optimum and still count as trained."""

DROP_BELOW = 0.01
"""Transitions of smaller probability are left out."""

CONSISTENT = 0.02
"""Share of probability that may lead elsewhere than the machine says: rounding off a few histories on the way from a
transient state to a recurrent one, no more."""

STANDS_OUT = 30.0
"""Machines of fewer states must be off by this many times as much. Adding a state to n lowers the divergence by about
(1 + 1/n)^(2/d) where futures fill d dimensions (below 2.3 from n = 2 on), and by up to 10 where two are added at once
to states that follow one another geometrically (simple nonunifilar source). Leaving out a causal state of a trained
network raises it by hundreds."""

NEGLIGIBLE = 0.01
"""Of the tolerance: a machine so near to the predictor has no finer one worth telling of. Trained networks of two or
three states have machines that stand out a ten-thousandth of the tolerance off."""

MOST_GROUPS = 256
GROWTH = 1.25
FINE = 24
"""Numbers of groups that are tried: 1 .. FINE, then each GROWTH times as many, up to MOST_GROUPS."""

TOLERANCES = tuple(10.0 ** (-k / 2) for k in range(2, 13))
"""The tolerances, bits a symbol, at which the curve of the number of states is given: 0.1 down to 1e-6."""


@dataclass(frozen=True)
class Step:
    """One merging: how many groups of histories, how many of them recurrent states, and how far off (see Candidate)."""

    n_group: int
    n_state: int
    residual: float
    inconsistent: float
    transient: float


@dataclass(frozen=True, eq=False)
class Ladder:
    """All mergings that were tried, from coarse to fine, and what follows.

    Attributes:
        steps: one for each number of groups.
        chosen: the machine taken: the one that stands out, else the coarsest within the tolerance, else the closest.
        finite: whether it stands out.
        within: whether it is within the tolerance and consistent.
        stands_out: how many times farther off the best machine of fewer states is; inf for a single state.
        finer: a machine of more states that stands out as well: where there is one, the tolerance and not the predictor
            said which to take.
        reason: the verdict in words.
    """

    steps: tuple[Step, ...]
    chosen: Candidate
    finite: bool
    within: bool
    stands_out: float
    finer: Step | None
    tolerance: float
    reason: str

    @property
    def growth(self) -> tuple[tuple[float, int | None], ...]:
        """For tolerances from 0.1 to 1e-6 bits a symbol, how many recurrent states it takes; None: more than tried."""
        return tuple(
            (tol, next((step.n_state for step in self.steps if step.residual <= tol), None)) for tol in TOLERANCES
        )


def merging_ladder(
    futures: Futures, *, tolerance: float = TOLERANCE, drop_below: float = DROP_BELOW, most_groups: int = MOST_GROUPS
) -> Ladder:
    """Merge histories into ever more groups, and choose how many by the predictor's own words.

    Half of the groups of rows make the machines, the other half judges them.

    Args:
        tolerance: divergence from the predictor, bits a symbol, that a machine may have.
        drop_below: transitions of smaller probability are left out.
        most_groups: where to stop.
    """
    if not tolerance > 0:
        raise ValueError(f"the tolerance must be above 0 bits a symbol; got {tolerance}")
    if not 0 <= drop_below < 1 / futures.n_symbol:
        raise ValueError(
            f"drop_below must be at least 0 and below one in {futures.n_symbol}, or a state may be left without any "
            f"transition; got {drop_below}"
        )
    found = merged_machines(futures, drop_below=drop_below, most_groups=most_groups)
    steps = tuple(Step(c.n_group, c.n_state, c.residual, c.inconsistent, c.transient) for c in found)
    good = [i for i, c in enumerate(found) if c.residual <= tolerance and c.inconsistent <= CONSISTENT]
    if not good:
        best = min(found, key=lambda c: c.residual)
        reason = _none_within(best, tolerance)
        return Ladder(steps, best, False, False, _stands_out(found, best), None, tolerance, reason)
    chosen = _purest(found, good[0])
    ratio = _stands_out(found, chosen)
    finite = ratio >= STANDS_OUT
    finer = next(
        (
            step
            for step, candidate in zip(steps, found, strict=True)
            if candidate.n_state > chosen.n_state
            and candidate.inconsistent <= CONSISTENT
            and chosen.residual > NEGLIGIBLE * tolerance
            and _stands_out(found, candidate) >= STANDS_OUT
        ),
        None,
    )
    return Ladder(steps, chosen, finite, True, ratio, finer, tolerance, _verdict(chosen, ratio, finite))


def merged_machines(futures: Futures, *, drop_below: float, most_groups: int = MOST_GROUPS) -> list[Candidate]:
    """The machine of each merging that is tried, from coarse to fine: made by half of the groups of rows, and judged by
    the other half."""
    fit, held_out = futures.halves()
    tree = merge_tree(fit)
    return [
        candidate_machine(fit, held_out, tree.centres(n_group), drop_below=drop_below)
        for n_group in _numbers(min(tree.most_groups, most_groups))
    ]


def _numbers(most: int) -> list[int]:
    numbers = list(range(1, min(FINE, most) + 1))
    while numbers[-1] < most:
        numbers.append(min(most, int(numbers[-1] * GROWTH)))
    return numbers


def _purest(found: list[Candidate], first: int) -> Candidate:
    """Of the finer mergings that have the same number of recurrent states, the one that is least off: transient
    histories, which coarse mergings mix in, have groups of their own there."""
    best = found[first]
    for candidate in found[first + 1 :]:
        if candidate.n_state != best.n_state:
            break
        if candidate.residual < best.residual and candidate.inconsistent <= CONSISTENT:
            best = candidate
    return best


def _stands_out(found: list[Candidate], chosen: Candidate) -> float:
    fewer = [c.residual for c in found if c.n_state < chosen.n_state]
    if not fewer:
        return inf
    return min(fewer) / chosen.residual if chosen.residual > 0 else inf


def _verdict(chosen: Candidate, ratio: float, finite: bool) -> str:
    if chosen.n_state == 1:
        return f"one state: every history has the same future, within {chosen.residual:.2g} bits a symbol"
    if finite:
        times = "exactly, to rounding" if ratio == inf else f"{ratio:.3g} times closer than any machine of fewer states"
        return f"{chosen.n_state} recurrent causal states say what the predictor says, {times}"
    return (
        f"no finite machine: the number of states grows with the tolerance. {chosen.n_state} states are within it, but "
        f"only {ratio:.2g} times closer than fewer"
    )


def _none_within(best: Candidate, tolerance: float) -> str:
    return (
        f"no finite machine: none of up to {best.n_group} groups of histories is within {tolerance:.2g} bits a symbol "
        f"of the predictor with consistent merges; the closest is off by {best.residual:.2g}, and "
        f"{100 * best.inconsistent:.2g} % of its probability leads elsewhere than it says"
    )

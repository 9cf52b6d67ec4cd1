"""One process after another in time."""

from collections.abc import Hashable

import numpy as np
from jaxtyping import Bool, Float
from numpy.typing import ArrayLike

from compmech.compose.assembling import (
    MAX_ENTRIES,
    HasEvaluate,
    as_parts,
    assembled,
    check_budget,
    composed_name,
    part_labels,
    shared_alphabet,
    spread_over,
)
from compmech.hmm import GHMM, HMM, AnyPresentation
from compmech.validation import as_floats, check_count, check_distribution


def concatenated(
    first: AnyPresentation, second: AnyPresentation, duration: int | ArrayLike, *, max_entries: int = MAX_ENTRIES
) -> HMM | GHMM:
    """The first process for some time, then the second from its own start.

    Nothing but the symbols tells when the change comes. The start is not stationary (`statistics` says so): what is
    stationary is what it settles into, the second process. Symbols are matched by name. A state of the first process is
    named (first, symbols read so far, state), one of the second (second, state), with the processes' names if these
    differ, else 0 and 1. `stage_map` gives the probability of each stage.

    Args:
        duration: symbols of the first process, n >= 0; or probabilities of 0, 1, 2, ... symbols.
        max_entries: the most numbers n_symbol * n_state ** 2 that the result may have.
    Raises:
        ValueError: if the duration is neither.
        PresentationTooLarge: before anything is built.
    Example:
        >>> from compmech import zoo
        >>> switch = concatenated(zoo.golden_mean(), zoo.z1r(), 2)
        >>> switch, switch.states[0], switch.states[-1]
        (HMM(concatenated(golden_mean, z1r): 7 states, 2 symbols), ('golden_mean', 0, 'A'), ('z1r', 'R'))
    """
    chances = _chances(duration)
    at_least = chances[::-1].cumsum()[::-1]
    hazards = chances[1:] / at_least[1:]
    return _joined("concatenated", (first, second), float(chances[0]), hazards, max_entries)


def interrupted(
    first: AnyPresentation, second: AnyPresentation, stop: float, *, max_entries: int = MAX_ENTRIES
) -> HMM | GHMM:
    """The first process until it stops, with probability `stop` after each of its symbols, then the second.

    As `concatenated` with a geometric duration of mean 1 / stop, on as many states as the two have together.

    Args:
        stop: P(the second begins | the first has gone on so far), after every symbol; above 0, at most 1.
        max_entries: the most numbers n_symbol * n_state ** 2 that the result may have.
    """
    if not 0 < stop <= 1:
        raise ValueError(f"stop must be a probability above 0, or the second process never begins; got {stop!r}")
    return _joined("interrupted", (first, second), 0.0, np.array([float(stop)]), max_entries)


def stage_map(process: HMM | GHMM, second: HasEvaluate) -> Float[np.ndarray, "state stage"]:
    """From the belief of a `concatenated` or `interrupted` process to the probability of each of the two stages.

    Args:
        process: what `concatenated` or `interrupted` made.
        second: the second process it was made of.
    """
    n_second = len(second.evaluate)
    if n_second >= process.n_state:
        raise ValueError(
            f"the process has {process.n_state} states, not more than the {n_second} of its second part: it was not "
            "made by concatenated or interrupted of these"
        )
    late: Bool[np.ndarray, " state"] = np.arange(process.n_state) >= process.n_state - n_second
    return np.asarray(np.stack([~late, late], axis=1) * process.evaluate[:, None])


def _joined(
    kind: str,
    processes: tuple[AnyPresentation, AnyPresentation],
    at_once: float,
    hazards: Float[np.ndarray, " age"],
    max_entries: int,
) -> HMM | GHMM:
    """Both processes, the first once for each age; hazards are P(it ends with its next symbol | age), the last of them
    for all ages from there on."""
    parts = as_parts(processes, kind, max_entries)
    before, after = parts
    alphabet = shared_alphabet(parts)
    n, depth = before.n_state, len(hazards)
    total = n * depth + after.n_state
    check_budget(f"the {kind} process", len(alphabet), total, max_entries)
    step = spread_over(before, alphabet)
    over = np.einsum("xij,j,k->xik", step, before.evaluate, after.start)
    T = np.zeros((len(alphabet), total, total))
    T[:, n * depth :, n * depth :] = spread_over(after, alphabet)
    for age, hazard in enumerate(hazards):
        here = slice(n * age, n * (age + 1))
        older = min(age + 1, depth - 1)
        T[:, here, n * depth :] = hazard * over
        if hazard < 1:
            T[:, here, n * older : n * (older + 1)] += (1 - hazard) * step
    labels = part_labels(parts)
    ages: list[tuple[Hashable, ...]] = [(age,) for age in range(depth)] if kind == "concatenated" else [()]
    states = [(labels[0], *age, state) for age in ages for state in before.states]
    return assembled(
        T,
        np.concatenate([_early(before.start, depth, at_once), (at_once if depth else 1.0) * after.start]),
        np.concatenate([*[before.evaluate] * depth, after.evaluate]) if _signed(parts) else None,
        alphabet,
        [*states, *((labels[1], state) for state in after.states)],
        composed_name(kind, *parts),
    )


def _early(start: Float[np.ndarray, " state"], depth: int, at_once: float) -> Float[np.ndarray, " aged_state"]:
    early = np.zeros(len(start) * depth)
    if depth:
        early[: len(start)] = (1 - at_once) * start
    return early


def _signed(parts: tuple[HMM | GHMM, ...]) -> bool:
    return any(isinstance(part, GHMM) for part in parts)


def _chances(duration: int | ArrayLike) -> Float[np.ndarray, " length"]:
    """Probabilities of 0, 1, 2, ... symbols, the last one positive."""
    if np.ndim(duration) == 0:
        return np.append(np.zeros(check_count(duration, "duration")), 1.0)
    given = as_floats(duration, "duration")
    if given.ndim != 1 or not len(given):
        raise ValueError(
            "duration must be a number of symbols, or a list of the probabilities of 0, 1, 2, ... symbols; got shape "
            f"{given.shape}"
        )
    chances = check_distribution(given, len(given), "duration")
    return np.asarray(chances[: int(np.flatnonzero(chances)[-1]) + 1] / chances.sum())

"""One of several processes, drawn once and for all: mixtures, which are not ergodic."""

import numpy as np
from jaxtyping import Float
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
from compmech.validation import as_floats, check_distribution


def mixture(
    *components: AnyPresentation, weights: ArrayLike | None = None, max_entries: int = MAX_ENTRIES
) -> HMM | GHMM:
    """One component, drawn with the weights before the first symbol, is the process from then on.

    P(w) = sum_c weights[c] P_c(w). The matrices are block diagonal and the start is what mixes, so that stationary
    components make a stationary mixture, whose entropy rate is the weighted mean. An observer finds out in context
    which component it is: belief @ component_map(...) is the posterior. Symbols are matched by name. States are named
    (component, state), the component by its process's name where all have different ones, else by its number.

    Args:
        components: any number of processes.
        weights: probability of each; None: all the same.
        max_entries: the most numbers n_symbol * n_state ** 2 that the mixture may have.
    Returns:
        An HMM, or a GHMM if one of the components is one.
    Raises:
        ValueError: if the weights are not a distribution over the components, or symbols differ in type alone, as '1'
            and 1 do.
        PresentationTooLarge: before anything is built.
    Example:
        >>> from compmech import entropy_rate, zoo
        >>> coins = mixture(zoo.golden_mean(), zoo.z1r(), weights=[0.25, 0.75])     # (2/3 + 3 * 1/3) / 4
        >>> coins.states[0], round(entropy_rate(coins), 6)
        (('golden_mean', 'A'), 0.416667)
    """
    parts = as_parts(components, "mixture", max_entries)
    share = _shares(weights, len(parts))
    alphabet = shared_alphabet(parts)
    sizes = [part.n_state for part in parts]
    check_budget("the mixture", len(alphabet), sum(sizes), max_entries)
    T = np.zeros((len(alphabet), sum(sizes), sum(sizes)))
    for part, first in zip(parts, np.cumsum([0, *sizes[:-1]]), strict=True):
        block = slice(first, first + part.n_state)
        T[:, block, block] = spread_over(part, alphabet)
    signed = any(isinstance(part, GHMM) for part in parts)
    return assembled(
        T,
        np.concatenate([w * part.start for w, part in zip(share, parts, strict=True)]),
        np.concatenate([part.evaluate for part in parts]) if signed else None,
        alphabet,
        [(label, state) for label, part in zip(part_labels(parts), parts, strict=True) for state in part.states],
        composed_name("mixture", *parts),
    )


def component_map(*components: HasEvaluate) -> Float[np.ndarray, "state component"]:
    """From the belief of a mixture to the probability of each component: belief @ map.

    Args:
        components: those that were given to `mixture`, in the same order.
    """
    vectors = [component.evaluate for component in components]
    number = np.repeat(np.arange(len(vectors)), [len(vector) for vector in vectors])
    return np.asarray(np.eye(len(vectors))[number] * np.concatenate(vectors)[:, None])


def component_belief_maps(*components: HasEvaluate) -> tuple[Float[np.ndarray, "state component_state"], ...]:
    """From the belief of a mixture to each component's own belief, times the probability of that component.

    (belief @ maps[c]) / (belief @ component_map(...))[c] is what one would believe who knew the component.

    Args:
        components: those that were given to `mixture`, in the same order.
    """
    ends = np.cumsum([len(component.evaluate) for component in components])
    columns = np.split(np.eye(ends[-1]), ends[:-1], axis=1)
    return tuple(np.ascontiguousarray(block) for block in columns)


def _shares(weights: ArrayLike | None, count: int) -> Float[np.ndarray, " component"]:
    if weights is None:
        return np.full(count, 1 / count)
    given = as_floats(weights, "weights")
    if given.shape != (count,):
        raise ValueError(f"weights must have one entry for each of the {count} components; got shape {given.shape}")
    share = check_distribution(given, count, "weights")
    return np.asarray(share / share.sum())

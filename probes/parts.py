"""Targets of processes made of processes: which component it is, what each factor's belief is, when a story's events
happened.

The belief of the whole determines all of them, by the maps of `compmech.compose`.
"""

from collections.abc import Sequence

import numpy as np

from compmech import HMM
from compmech.compose import (
    Story,
    component_belief_maps,
    component_map,
    factor_maps,
    next_position_map,
    read_story,
    world_state_map,
)
from compmech.hmm import as_presentation
from probes.history import Histories
from probes.prefixes import Source
from probes.targets import Gauge, Target, future_basis, varying

__all__ = [
    "component_belief_targets",
    "component_target",
    "factor_targets",
    "next_world_time_target",
    "world_state_target",
    "world_time_target",
]


def component_target(histories: Histories, components: Sequence[Source]) -> Target:
    """The posterior probability of each component of a mixture: which process it is, found out in context.

    Args:
        histories: of `mixture(*components)`.
        components: those that were given to `mixture`, in the same order.
    Raises:
        ValueError: if they have another number of states than the process of the histories.
    """
    posterior = histories.belief @ _fitting(histories, component_map(*map(as_presentation, components)), "components")
    return varying("component", posterior, distribution=posterior)


def component_belief_targets(histories: Histories, components: Sequence[Source]) -> tuple[Target, ...]:
    """For each component its belief times its posterior probability: component-1, component-2, ...

    In orthonormal coordinates of what the component's belief predicts (`future_basis`). Weighted so, it is linear in
    the belief of the mixture, and 0 once the component is excluded.
    """
    maps = component_belief_maps(*map(as_presentation, components))
    return tuple(
        varying(
            f"component-{number}",
            histories.belief @ _fitting(histories, one, "components") @ future_basis(part).of_states(part),
        )
        for number, (part, one) in enumerate(zip(components, maps, strict=True), start=1)
    )


def factor_targets(histories: Histories, factors: Sequence[Source], *, gauge: Gauge = "future") -> tuple[Target, ...]:
    """The belief about each factor of a product: factor-1, factor-2, ...

    Args:
        histories: of `product(*factors)`.
        factors: those that were given to `product`, in the same order.
        gauge: "future": orthonormal coordinates of what the factor's belief predicts of its own symbols; "state":
            probabilities of its states.
    """
    found = []
    for number, (factor, one) in enumerate(
        zip(factors, factor_maps(*map(as_presentation, factors)), strict=True), start=1
    ):
        belief = histories.belief @ _fitting(histories, one, "factors")
        if gauge == "state":
            found.append(varying(f"factor-{number}", belief, distribution=belief if _is_hmm(factor) else None))
        else:
            found.append(varying(f"factor-{number}", belief @ future_basis(factor).of_states(factor)))
    return tuple(found)


def world_time_target(story: Story, histories: Histories) -> Target:
    """When in the world the event of the last token happened: 0, 1, 2, ..., whatever the order of telling.

    Beside it stands `position_target`, the place in the telling.
    """
    time = read_story(story, histories.words).world_time[histories.word, histories.row - 1]
    return varying("world-time", time[:, None].astype(float))


def next_world_time_target(story: Story, histories: Histories) -> Target:
    """The expected world time of the next event, or of the one that has just been announced by its time word."""
    paragraph = histories.row // (story.window * story.tokens_per_event)
    chances = histories.belief @ _fitting(histories, next_position_map(story), "states of the story")
    expected = paragraph * story.window + chances @ np.arange(story.window)
    return varying("next-world-time", expected[:, None])


def world_state_target(story: Story, histories: Histories, position: int) -> Target:
    """The belief over the world's state before an event of the paragraph being told: world-0 .. world-k.

    Args:
        position: 0 .. window; what has not been told is forecast, what has been is looked back on.
    Raises:
        ValueError: if the world is a GHMM, which has no states to be in, or there is no such position.
    """
    state = histories.belief @ _fitting(histories, world_state_map(story, position), "states of the story")
    return varying(f"world-{position}", state, distribution=state)


def _fitting(histories: Histories, one: np.ndarray, what: str) -> np.ndarray:
    if len(one) != histories.belief.shape[1]:
        raise ValueError(
            f"the {what} have {len(one)} states together, the histories' process has {histories.belief.shape[1]}: give "
            "those that it was made of, in the same order"
        )
    return one


def _is_hmm(process: Source) -> bool:
    return isinstance(process, HMM)

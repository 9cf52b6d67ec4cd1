"""The stream of training batches: drawn many at once, and able to go on where it was."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from predictors.evaluation import checked_words
from predictors.generators import generator_from, state_of
from predictors.predictor import Predictor
from predictors.sources import Source
from predictors.training_record import TrainingConfig

__all__ = ["SYMBOLS_AT_ONCE", "Batches"]

SYMBOLS_AT_ONCE = 2**18
"""Symbols drawn in one call of the source, several batches at once: memory stays bounded and drawing cheap."""


class Batches:
    """Fresh batches of words of length + 1, as many as there are steps.

    How many are drawn at once depends on the configuration alone, so that the words do not depend on where a run was
    interrupted: what is kept is the generator's state before the last draw, and how many of its batches are used.

    Args:
        done: batches used in a run that this one goes on from.
    """

    def __init__(
        self,
        source: Source,
        predictor: Predictor,
        config: TrainingConfig,
        device: torch.device,
        *,
        rng: np.random.Generator,
        done: int = 0,
    ) -> None:
        self.source, self.predictor, self.config, self.device, self.rng = source, predictor, config, device, rng
        self.at_once = max(1, SYMBOLS_AT_ONCE // (config.batch * (config.length + 1)))
        self.left = config.steps - done
        self.used = 0
        self.before: np.random.Generator | dict[str, Any] = {}
        self.drawn: tuple[Tensor, ...] = ()

    def next(self) -> Tensor:
        """The next batch, (seq, length + 1)."""
        if self.used == len(self.drawn):
            self._draw()
        self.used += 1
        self.left -= 1
        return self.drawn[self.used - 1]

    def _draw(self) -> None:
        self.before = _state(self.rng)
        shape = (min(self.at_once, self.left) * self.config.batch, self.config.length + 1)
        words = checked_words(self.source.sample(*shape, rng=self.rng), self.source, self.predictor, shape)
        self.drawn, self.used = torch.split(words.to(self.device), self.config.batch), 0

    def state(self) -> dict[str, Any]:
        """Where the stream is, in types of JSON: give it to `go_on`. Raises ValueError for a foreign generator."""
        return {"generator": self.before or state_of(self.rng), "used": self.used}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Stand where the stream with this state stood; `done` batches must have been taken from it.

        Raises ValueError if it is no such state.
        """
        used = state["used"]
        if not isinstance(used, int) or not 0 <= used <= self.at_once:
            raise ValueError(f"no state of a stream of batches: {used!r} are used of {self.at_once}")
        self.rng = generator_from(state["generator"])
        if used:
            self.left += used
            self._draw()
            if used > len(self.drawn):
                raise ValueError(f"no state of a stream of batches: {used} are used of {len(self.drawn)}")
            self.used, self.left = used, self.left - used


def _state(rng: np.random.Generator) -> dict[str, Any]:
    """The state, or nothing for a generator that only the caller can know: such a run cannot be resumed."""
    try:
        return state_of(rng)
    except ValueError:
        return {}

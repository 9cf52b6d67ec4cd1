"""How the learning rate goes with time, and times at which to look: functions of the step alone."""

from collections.abc import Callable, Mapping
from math import cos, pi

import numpy as np

from predictors.training_record import TrainingConfig

__all__ = ["SCHEDULES", "learning_rate", "log_spaced"]

ONE_CYCLE_START = 1 / 25
"""Where one cycle begins, as a part of the peak: the value of torch's and fastai's implementations."""


def learning_rate(config: TrainingConfig, step: int) -> float:
    """The learning rate of update `step` = 0 .. steps - 1: it rises to the peak, then goes as `config.schedule` says.

    With r the part of the steps after the warm-up that is gone, from 0 to 1, and e = `final_lr`, in units of the peak:

    - `cosine`: e + (1 - e) (1 + cos(pi r)) / 2, after a linear rise from 0.
    - `linear`: 1 - (1 - e) r, after a linear rise.
    - `constant`: 1, after a linear rise.
    - `warmup-stable-decay`: 1 until the last `decay` of all steps, then linear to e, after a linear rise.
    - `one-cycle`: as cosine, but the rise is half a cosine that begins at 1/25. The momentum stays as it is.

    Reference:
        Loshchilov and Hutter, arXiv 1608.03983 (cosine); Smith and Topin, arXiv 1708.07120 (one cycle); Hu and others,
        arXiv 2404.06395 (warm-up, stable, decay).
    """
    rising = round(config.warmup * config.steps)
    if step < rising:
        if config.schedule == "one-cycle":
            return config.lr * (1 - (1 - ONE_CYCLE_START) * (1 + cos(pi * step / rising)) / 2)
        return config.lr * (step + 1) / rising
    gone = (step - rising) / max(1, config.steps - 1 - rising)
    return config.lr * SCHEDULES[config.schedule](config, gone)


def _cosine(config: TrainingConfig, gone: float) -> float:
    return config.final_lr + (1 - config.final_lr) * (1 + cos(pi * gone)) / 2


def _linear(config: TrainingConfig, gone: float) -> float:
    return 1 - (1 - config.final_lr) * gone


def _constant(config: TrainingConfig, gone: float) -> float:
    return 1.0


def _stable_then_decay(config: TrainingConfig, gone: float) -> float:
    falling = config.decay / max(config.decay, 1 - config.warmup)  # as a part of the steps after the warm-up
    since = 1.0 if falling == 0 else (gone - (1 - falling)) / falling
    return 1.0 if since <= 0 or falling == 0 else _linear(config, since)


SCHEDULES: Mapping[str, Callable[[TrainingConfig, float], float]] = {
    "cosine": _cosine,
    "linear": _linear,
    "constant": _constant,
    "one-cycle": _cosine,
    "warmup-stable-decay": _stable_then_decay,
}
"""What follows the warm-up, by name."""


def log_spaced(n: int, steps: int) -> tuple[int, ...]:
    """At most `n` numbers of steps, evenly spaced in their logarithm: 0, then from 1 to `steps`, for `checkpoints`.

    Learning goes fast at first, so that equal factors between checkpoints show as much change each. Small numbers that
    would coincide are taken once, hence "at most".

    Raises:
        ValueError: unless n >= 2 and steps >= 1.
    Example:
        >>> log_spaced(6, 1000)
        (0, 1, 6, 32, 178, 1000)
    """
    if n < 2 or steps < 1:
        raise ValueError(f"log-spaced checkpoints need n >= 2 and steps >= 1; got n={n}, steps={steps}")
    if n == 2:
        return (0, steps)
    return (0, *sorted({round(float(step)) for step in np.geomspace(1, steps, n - 1)}))

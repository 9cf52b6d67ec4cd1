"""The conformance kit: fifteen checks that a class is a Predictor in deed, for whoever writes one.

Each check tries one clause of the contract on words drawn from the predictor itself and raises `ConformanceError`, with
the name of the check, the site, the row and the size of the deviation. What does not apply is reported, never passed
over.

    report = check_predictor(MyPredictor())
    print(report)
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from predictors.conformance.networks import check_gradients, check_precision, check_round_trip
from predictors.conformance.running import (
    check_batch,
    check_capture_in_steps,
    check_carry,
    check_prefix,
    check_repeat,
    check_rows,
    check_splits,
)
from predictors.conformance.tapping import check_edit, check_exception, check_reading, check_refusals, check_transplant
from predictors.conformance.trial import (
    LEAST_TIME,
    SINGLE_TOLERANCE,
    TOLERANCE,
    ConformanceError,
    Skip,
    Trial,
    draw_tokens,
)
from predictors.predictor import EditNotReached, Predictor

__all__ = ["CHECKS", "ConformanceError", "ConformanceReport", "check_predictor"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class ConformanceReport:
    """What was checked.

    Attributes:
        ran: names of the checks made and passed.
        skipped: for each check not made, why.
        notes: parts of the checks made that could not be tried, each as "check: reason".
    """

    ran: tuple[str, ...]
    skipped: Mapping[str, str]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"passed   {', '.join(self.ran)}"]
        lines += [f"skipped  {name}: {reason}" for name, reason in self.skipped.items()]
        return "\n".join(lines + [f"in part  {note}" for note in self.notes])


def check_predictor(
    predictor: Predictor,
    *,
    tokens: Int[Tensor, "seq time"] | None = None,
    rng: np.random.Generator | None = None,
    tolerance: float | None = None,
) -> ConformanceReport:
    """Try a predictor against the contract. It is left as it was.

    Args:
        predictor: the predictor on trial; a float32 network is best checked in float64 as well.
        tokens: words to try it on, at least 2 sequences of 4 symbols; None: 8 sequences of 8, drawn from the predictor,
            or as long as it reads, if that is less.
        rng: draws those words; None: a generator with a fixed seed, so that a failure comes again.
        tolerance: largest deviation that counts as equal, relative to the larger of 1 and the values compared;
            None: 1e-9 if the predictor answers in float64, else 1e-5.
    Returns:
        A report of what was checked and what was not, with reasons.
    Raises:
        ConformanceError: naming the first check that fails, the site, the row and the size of the deviation.
        ValueError: if `tokens` are too few.
    """
    if tokens is not None and (tokens.ndim != 2 or tokens.shape[0] < 2 or tokens.shape[1] < LEAST_TIME):
        raise ValueError(
            f"tokens must be at least 2 sequences of {LEAST_TIME} symbols; got shape {tuple(tokens.shape)}"
        )
    ran, skipped = [], {}
    trial = Trial(
        predictor, torch.zeros(2, LEAST_TIME, dtype=torch.int64) if tokens is None else tokens, SINGLE_TOLERANCE
    )
    trial.check = "rows"
    with torch.no_grad():
        if tokens is None:
            draw = partial(_draw, rng=np.random.default_rng(0) if rng is None else rng)
            trial.tokens = _guarded(trial, draw)
        dtype = _guarded(trial, lambda t: t.log_probs()).dtype
    trial.tolerance = TOLERANCE.get(dtype, SINGLE_TOLERANCE) if tolerance is None else tolerance
    for name, check in CHECKS.items():
        trial.check = name
        try:
            with torch.no_grad():
                _guarded(trial, check)
            ran.append(name)
        except Skip as reason:
            skipped[name] = str(reason)
    return ConformanceReport(tuple(ran), skipped, tuple(trial.notes))


def _draw(trial: Trial, rng: np.random.Generator) -> Tensor:
    words, refusal = draw_tokens(trial.predictor, 8, 8, rng)
    if refusal is not None:
        trial.note(f"words have {words.shape[1]} symbols only, as longer ones are refused ({refusal})")
    return words


def _guarded(trial: Trial, call: Callable[[Trial], Result]) -> Result:
    """Run something of the predictor's; whatever it raises unasked is a failure of the check under way."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EditNotReached)  # words are cut short, also before edits on trial
            return call(trial)
    except (ConformanceError, Skip):
        raise
    except Exception as error:
        raise ConformanceError(trial.check, f"raised {type(error).__name__}: {error}") from error


CHECKS: Mapping[str, Callable[[Trial], None]] = {
    "rows": check_rows,
    "repeat": check_repeat,
    "prefix": check_prefix,
    "splits": check_splits,
    "capture-in-steps": check_capture_in_steps,
    "carry": check_carry,
    "batch": check_batch,
    "reading": check_reading,
    "edit": check_edit,
    "transplant": check_transplant,
    "exception": check_exception,
    "refusals": check_refusals,
    "gradients": check_gradients,
    "round-trip": check_round_trip,
    "precision": check_precision,
}
"""The checks by name, in the order in which they are made."""

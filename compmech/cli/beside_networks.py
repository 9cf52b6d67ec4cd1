"""`infer --beside gru`: networks trained on the part of a series that makes the candidates, scored on the rest."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from compmech.cli.arguments import parse_settings
from compmech.cli.failure import Misused
from compmech.cli.running import predictor_label, progress_bar, worked
from compmech.inference import Series

if TYPE_CHECKING:
    from predictors import Predictor

__all__ = ["LONGEST_WORD", "networks_beside"]

LONGEST_WORD = 192
"""Symbols of a held-out block with those before it: what a network must be able to read."""

STEPS, BATCH, EVERY = 400, 16, 25
"""Updates, words of each, and updates between evaluations: a small budget, a minute on one core."""

APART = 0.2
"""Share of the part, its end, on which the weights of the best evaluation are chosen."""

Networks = Callable[[Series], Mapping[str, tuple[dict[str, Any], "NetworkWords"]]]


class NetworkWords:
    """A predictor as what gives words a probability. A first symbol that it does not predict counts as uniform."""

    def __init__(self, predictor: "Predictor") -> None:
        self.predictor = predictor

    def chances(self, words: ArrayLike) -> np.ndarray:
        """P(x_t | x_<t) of the symbols of each word of integers (seq, time)."""
        return np.asarray(np.exp(self._each(words)))

    def log_prob(self, words: ArrayLike) -> np.ndarray:
        """Log probability of each word, in nats."""
        return np.asarray(self._each(words).sum(axis=1))

    def _each(self, words: ArrayLike) -> np.ndarray:
        import torch

        tokens = torch.as_tensor(np.asarray(words))
        with torch.no_grad():
            rows = self.predictor.log_probs(tokens)[:, :-1].double()
        first = self.predictor.first_row
        found = np.full(tokens.shape, -np.log(self.predictor.n_symbol))
        found[:, first:] = rows.gather(2, tokens[:, first:, None])[:, :, 0].numpy()
        return found


def networks_beside(words: Sequence[str], label: str, seed: int, *, steps: int | None = None) -> Networks:
    """Trains the networks that were asked for when it is given the part of the series to train on.

    Args:
        words: NAME or NAME:key=value,... of each. label: of the data, by which preset learning rates are found.
        steps: updates of each; None: `STEPS`.
    Raises:
        Misused: if there is no such network. Failed, later: if training diverges.
    """
    import torch

    from probes.candidates import candidate, make

    chosen = []
    for word in words:
        name, own = parse_settings(word)
        one = candidate(name, own, label=predictor_label(word))
        if one.is_baseline:
            raise Misused(f"{name} is not trained by gradient: --beside takes networks")
        chosen.append((word, one))

    def trained(fit: Series) -> Mapping[str, tuple[dict[str, Any], NetworkWords]]:
        found = {}
        for word, one in chosen:
            model = make(one, fit.n_symbol, LONGEST_WORD, rng=torch.Generator().manual_seed(seed))
            if not isinstance(model, torch.nn.Module):
                raise Misused(f"{word} is not trained by gradient: --beside takes networks")
            setting = _trained(model, one.kind, one.learning_rate, fit, label, seed, STEPS if steps is None else steps)
            found[word] = (setting, NetworkWords(model))
        return found

    return trained


def _trained(
    model: Any, kind: str, asked: float | None, fit: Series, label: str, seed: int, steps: int
) -> dict[str, Any]:
    """Train in place, to the weights that predict the last fifth of the part best; what is to be said of it."""
    from copy import deepcopy

    from predictors import TrainingConfig, Windows, n_parameters, train
    from predictors.training_record import Evaluation
    from probes.presets import clip, learning_rate

    early, late = (Windows(list(part.pieces), n_symbol=fit.n_symbol) for part in fit.split(1 - APART))
    best: dict[str, Any] = {}

    def keep(evaluation: Evaluation) -> None:
        if not best or evaluation.loss < best["loss"]:
            best.update(loss=evaluation.loss, step=evaluation.step, weights=deepcopy(model.state_dict()))

    rate = learning_rate(label, kind)[0] if asked is None else asked
    config = TrainingConfig(
        length=LONGEST_WORD - 1,
        steps=steps,
        batch=BATCH,
        lr=rate,
        clip=clip(label, kind),
        eval_every=EVERY,
        eval_sequences=64,
    )
    with worked(), progress_bar(steps) as (advance, _):
        train(
            model,
            early,
            config,
            held_out=late,
            rng=np.random.default_rng(seed),
            progress=lambda step, steps, loss: advance(1),
            on_eval=keep,
        )
    model.load_state_dict(best["weights"])
    return {"parameters": n_parameters(model), "updates": best["step"], "learning_rate": rate}

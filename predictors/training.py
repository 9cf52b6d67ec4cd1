"""Training on fresh words of a source: AdamW, warm-up and cosine decay, clipped gradients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil, cos, isfinite, pi
from time import perf_counter
from typing import Any, NoReturn, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.evaluation import HeldOut, Source, device_of
from predictors.predictor import Predictor
from predictors.training_record import Evaluation, TrainingConfig, TrainingDiverged, TrainingRecord

__all__ = ["Progress", "decayed", "learning_rate", "one_thread", "train"]

SYMBOLS_AT_ONCE = 2**18
"""Symbols drawn in one call of the source, several batches at once: memory stays bounded and drawing cheap."""

CURVE_POINTS = 200
"""Points of the recorded loss curve; each is a mean over the steps since the last."""


@runtime_checkable
class Progress(Protocol):
    """Called after every step, for a progress bar or a log."""

    def __call__(self, step: int, steps: int, loss: float) -> None: ...


def train(
    predictor: Predictor,
    source: Source,
    config: TrainingConfig,
    *,
    rng: np.random.Generator,
    progress: Progress | None = None,
    on_eval: Callable[[Evaluation], None] | None = None,
    on_checkpoint: Callable[[int, Predictor], None] | None = None,
) -> TrainingRecord:
    """Train a network in place on fresh words of a source.

    The loss is the mean of -log Q(x_t | x_<t) over rows first_row .. length. One torch thread is used, the number of
    threads restored afterwards. The same generator state and initial weights give the same weights, byte for byte, on
    the same machine. `rng` is split in two, for training and for evaluation, so that how often is evaluated changes
    nothing.

    An exception, KeyboardInterrupt included, comes through at once; the predictor keeps the weights that it has then.

    Args:
        predictor: a torch.nn.Module that is a Predictor.
        source: anything with `sample`; with `alphabet` and `predict` too, evaluations give the KL to the optimum.
        progress: called after each update with its number, their total and the loss.
        on_eval: called with each evaluation.
        on_checkpoint: called at `config.checkpoints` with the number of updates made and the predictor.
    Raises:
        ValueError: if there is nothing to train, or the source's alphabet is not the predictor's.
        TrainingDiverged: if loss, gradient, weights or KL become infinite or NaN.
    """
    network = _trainable(predictor, source)
    words, held_out = rng.spawn(2)
    was_training = network.training
    with one_thread():
        run = _Run(predictor, network, source, config, held_out)
        try:
            for step, batch in enumerate(_batches(source, config, words, device_of(predictor))):
                run.reached(step, on_eval, on_checkpoint)
                loss = run.update(step, batch)
                if progress is not None:
                    progress(step + 1, config.steps, loss)
            run.reached(config.steps, on_eval, on_checkpoint)
        finally:
            network.train(was_training)
            network.zero_grad(set_to_none=True)
    return run.record()


class _Run:
    """One training under way: the optimiser, the curves so far, and the last good weights."""

    def __init__(
        self,
        predictor: Predictor,
        network: nn.Module,
        source: Source,
        config: TrainingConfig,
        rng: np.random.Generator,
    ) -> None:
        self.predictor, self.network, self.config = predictor, network, config
        self.held_out = HeldOut.draw(source, config.eval_sequences, config.length, rng=rng)
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimiser = _optimiser(network, config)
        self.every = ceil(config.steps / CURVE_POINTS)
        self.seconds, self.loss, self.kept = 0.0, float("nan"), 0
        self.steps: list[int] = []
        self.curve: list[tuple[float, float]] = []
        self.since: list[tuple[float, float]] = []
        self.evaluations: list[Evaluation] = []
        self.good = self._weights()

    def update(self, step: int, batch: Tensor) -> float:
        """One step of the optimiser; the loss before it."""
        began = perf_counter()
        self.network.train()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.config, step)
        rows = self.predictor.log_probs(batch[:, :-1])
        loss = F.nll_loss(rows.flatten(0, 1), batch[:, self.predictor.first_row :].flatten())
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = float(nn.utils.clip_grad_norm_(self.parameters, self.config.clip))
        self.loss = float(loss.detach())
        if not isfinite(self.loss) or not isfinite(norm):
            self._diverged(step, "gradient" if isfinite(self.loss) else "loss")
        self.optimiser.step()
        self.seconds += perf_counter() - began

        self.since.append((self.loss, norm))
        if (step + 1) % self.every == 0 or step + 1 == self.config.steps:
            self.steps.append(step + 1)
            losses, norms = zip(*self.since, strict=True)
            self.curve.append((sum(losses) / len(losses), sum(norms) / len(norms)))
            self.since = []
        return self.loss

    def reached(
        self,
        step: int,
        on_eval: Callable[[Evaluation], None] | None,
        on_checkpoint: Callable[[int, Predictor], None] | None,
    ) -> None:
        """Evaluate and call back, if it is time to after this many updates."""
        due, wanted = step % self.config.eval_every == 0 or step == self.config.steps, step in self.config.checkpoints
        if (due or wanted) and not all(bool(parameter.isfinite().all()) for parameter in self.parameters):
            self._diverged(step, "weight of the network")
        if due:
            found = self._evaluate(step)
            self.evaluations.append(found)
            self.good, self.kept = self._weights(), step
            if on_eval is not None:
                on_eval(found)
        if wanted and on_checkpoint is not None:
            on_checkpoint(step, self.predictor)

    def _evaluate(self, step: int) -> Evaluation:
        self.network.eval()
        loss, kl = self.held_out.score(self.predictor)
        mean = None if kl is None else sum(kl) / len(kl)
        if not isfinite(loss) or not isfinite(mean or 0.0):
            self._diverged(step, "held-out loss or KL")
        return Evaluation(step, self._symbols(step), loss, None if kl is None else tuple(kl), mean)

    def _symbols(self, step: int) -> int:
        return step * self.config.batch * (self.config.length + 1)

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def _diverged(self, step: int, what: str) -> NoReturn:
        self.network.load_state_dict(self.good)
        raise TrainingDiverged(step, self.loss, kept=self.kept, seconds=self.seconds, what=what)

    def record(self) -> TrainingRecord:
        losses, norms = zip(*self.curve, strict=True)
        return TrainingRecord(
            self.config,
            self._symbols(self.config.steps),
            self.seconds,
            tuple(self.steps),
            losses,
            norms,
            tuple(self.evaluations),
        )


def learning_rate(config: TrainingConfig, step: int) -> float:
    """The learning rate of update `step` = 0 .. steps - 1: linear to the peak, then half a cosine to its end."""
    rising = round(config.warmup * config.steps)
    if step < rising:
        return config.lr * (step + 1) / rising
    gone = (step - rising) / max(1, config.steps - 1 - rising)
    return config.lr * (config.final_lr + (1 - config.final_lr) * (1 + cos(pi * gone)) / 2)


def decayed(network: nn.Module) -> list[str]:
    """Names of the parameters with weight decay: those with two axes or more and "weight" in the last part of the name.

    So matrices of linear, convolutional and recurrent layers decay; biases, gains of norms, embeddings (`nn.Embedding`
    or not), positions, begin vectors and the logarithms of a state-space model's rates do not. Nor does a parameter
    that is marked `_no_weight_decay`, as Mamba's are in its authors' code.
    """
    embedded = {id(module.weight) for module in network.modules() if isinstance(module, nn.Embedding)}
    return [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
        and parameter.ndim >= 2
        and "weight" in name.rpartition(".")[2]
        and id(parameter) not in embedded
        and not getattr(parameter, "_no_weight_decay", False)
    ]


def _optimiser(network: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    names = set(decayed(network))
    trained = [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for name, p in trained if name in names], "weight_decay": config.weight_decay},
        {"params": [p for name, p in trained if name not in names], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=config.lr, betas=config.betas, fused=True
    )


def _trainable(predictor: Predictor, source: Source) -> nn.Module:
    if not isinstance(predictor, nn.Module) or not any(p.requires_grad for p in nn.Module.parameters(predictor)):
        raise ValueError(
            f"a {type(predictor).__name__} has no parameters to train: build(config, rng=...) gives a network"
        )
    alphabet = getattr(source, "alphabet", None)
    if alphabet is not None and len(alphabet) != predictor.n_symbol:
        raise ValueError(
            f"the source has {len(alphabet)} symbols and the predictor {predictor.n_symbol}: build it anew"
        )
    return predictor


def _batches(
    source: Source, config: TrainingConfig, rng: np.random.Generator, device: torch.device
) -> Iterator[Tensor]:
    """`config.steps` fresh batches of words of length + 1, drawn several batches at once."""
    at_once = max(1, SYMBOLS_AT_ONCE // (config.batch * (config.length + 1)))
    left = config.steps
    while left:
        n_batch = min(at_once, left)
        words = np.asarray(source.sample(n_batch * config.batch, config.length + 1, rng=rng))
        yield from torch.split(torch.as_tensor(words).to(device, torch.int64), config.batch)
        left -= n_batch


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread inside, the number there was before outside: at these sizes two are slower than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Training on words of a source: one engine for every network, which can be stopped anywhere and go on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from math import ceil, isfinite
from time import perf_counter
from typing import Any, NoReturn, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from predictors.batches import Batches
from predictors.evaluation import HeldOut, checked_words, device_of
from predictors.exact import ProcessLike, checked_rows
from predictors.generators import state_of
from predictors.optimisers import optimiser_state, optimisers, restore_optimisers
from predictors.predictor import Predictor
from predictors.schedules import learning_rate
from predictors.snapshot import Snapshot
from predictors.sources import PADDING, Source, as_source, is_padded
from predictors.training_record import Evaluation, TrainingConfig, TrainingDiverged, TrainingRecord, as_json

__all__ = ["Progress", "one_thread", "train"]

CURVE_POINTS = 200
"""Points of the recorded loss curve; each is a mean over the steps since the last."""

TRAINABLE = (torch.float32, torch.float64)
"""Half precision is refused: an update below 1/256 (bfloat16) of a weight would be lost in rounding."""

ArrayOfTokens = np.ndarray | Tensor | Sequence[Any]


@runtime_checkable
class Progress(Protocol):
    """Called after every step, for a progress bar or a log."""

    def __call__(self, step: int, steps: int, loss: float) -> None: ...


def train(
    predictor: Predictor,
    source: Source | ArrayOfTokens,
    config: TrainingConfig,
    *,
    rng: np.random.Generator,
    held_out: Source | ArrayOfTokens | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    progress: Progress | None = None,
    on_eval: Callable[[Evaluation], None] | None = None,
    on_checkpoint: Callable[[int, Predictor], None] | None = None,
    on_snapshot: Callable[[Snapshot], None] | None = None,
    snapshot_every: int | None = None,
    resume: Snapshot | None = None,
) -> TrainingRecord:
    """Train a network in place on fresh words of a source.

    The loss is the mean over rows first_row .. length of -log Q(x_t | x_<t), or of the cross entropy with the source's
    own prediction (`config.targets`). One torch thread is used, the number of threads restored afterwards. The same
    generator state and initial weights give the same weights, byte for byte, on the same machine: whatever a network
    draws from torch's global generator, as dropout does, comes from `rng` too, and that generator is left as it was.
    `rng` is split in two, for training and for evaluation, so that how often is evaluated changes nothing.

    A run that goes on from a snapshot ends with the weights and the record of one that was never interrupted, byte for
    byte but for the seconds. Everything else has to be given as it was given to the first run, a generator of the same
    seed included; what can be checked of it is.

    An exception, KeyboardInterrupt included, comes through at once; the predictor keeps the weights that it has then.
    Memory does not grow with the number of steps.

    Args:
        predictor: a torch.nn.Module that is a Predictor.
        source: anything with `sample`; with `predict` too, evaluations give the KL to the optimum. Or tokens: an array
            (seq, time) of fixed sequences, an array (time,) or a list of them for windows of a corpus (`as_source`).
        held_out: where the sample of evaluations comes from; None: the same source, fresh for a process, but not for
            tokens, of which some have to be kept back to know how a network predicts what it was not trained on.
        device: where to move the network first; None: nowhere.
        dtype: float32 or float64, likewise.
        progress: called after each update with its number, their total and the loss.
        on_eval: called with each evaluation.
        on_checkpoint: called at `config.checkpoints` with the number of updates made and the predictor. A resumed run
            may call it again for what the first one did after its last snapshot, with the same weights.
        on_snapshot: called every `snapshot_every` updates, and at the end, with what `resume` takes.
        snapshot_every: None: `config.eval_every`.
        resume: where to go on.
    Raises:
        ValueError: if there is nothing to train, the source's alphabet is not the predictor's, its words are no
            symbols, exact targets are asked of a source that does not predict, or the snapshot is of another training.
        TrainingDiverged: if loss, gradient, weights or KL become infinite or NaN.
    """
    network = _trainable(predictor)
    network.to(device=device, dtype=dtype)
    _check_precision(network)
    drawn = _fitting(as_source(source, predictor.n_symbol), predictor)
    if (config.targets == "exact" or config.stop_at_kl is not None) and not _predicts(drawn):
        what = "targets='exact'" if config.targets == "exact" else "stop_at_kl"
        raise ValueError(f"{what} needs a source that predicts; a {type(drawn).__name__} only samples")
    evaluated = None if held_out is None else _fitting(as_source(held_out, predictor.n_symbol), predictor)
    was_training = network.training
    with one_thread(), torch.random.fork_rng(devices=[]):
        run = _Run(predictor, network, drawn, evaluated, config, rng)
        if resume is not None:
            run.go_on(resume)
        listeners = _Listeners(on_eval, on_checkpoint, on_snapshot, snapshot_every or config.eval_every)
        try:
            if resume is None:
                run.reached(listeners)
            while not run.stopped:
                loss = run.update()
                if progress is not None:
                    progress(run.step, config.steps, loss)
                run.reached(listeners)
        finally:
            network.train(was_training)
            network.zero_grad(set_to_none=True)
    return run.record()


class _Listeners:
    """Who is told of what."""

    def __init__(
        self,
        on_eval: Callable[[Evaluation], None] | None,
        on_checkpoint: Callable[[int, Predictor], None] | None,
        on_snapshot: Callable[[Snapshot], None] | None,
        snapshot_every: int,
    ) -> None:
        if snapshot_every < 1:
            raise ValueError(f"snapshot_every must be at least 1; got {snapshot_every}")
        self.on_eval, self.on_checkpoint = on_eval, on_checkpoint
        self.on_snapshot, self.snapshot_every = on_snapshot, snapshot_every


class _Run:
    """One training under way: the optimisers, the batches, the curves so far, and the last good weights."""

    def __init__(
        self,
        predictor: Predictor,
        network: nn.Module,
        source: Source,
        held_out: Source | None,
        config: TrainingConfig,
        rng: np.random.Generator,
    ) -> None:
        self.predictor, self.network, self.source, self.config = predictor, network, source, config
        self.words, self.judge = rng.spawn(2)
        self.apart = held_out is not None
        self._draw_held_out(source if held_out is None else held_out)
        self.batches = Batches(source, predictor, config, device_of(predictor), rng=self.words)
        self.parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self.optimisers = optimisers(network, config)
        self.every = ceil(config.steps / CURVE_POINTS)
        self.step, self.symbols, self.seconds, self.loss, self.kept = 0, 0, 0.0, float("nan"), 0
        self.stopped = ""
        self.steps: list[int] = []
        self.curve: list[tuple[float, float]] = []
        self.since: list[tuple[float, float]] = []
        self.evaluations: list[Evaluation] = []
        self.good = self._weights()

    def _draw_held_out(self, source: Source) -> None:
        """The evaluation sample, then the seed of the network's own randomness, both of `self.judge`."""
        self.judged = _state_or_none(self.judge)
        n_seq, length = self.config.eval_sequences, self.config.length
        self.held_out = HeldOut.draw(source, n_seq, length, rng=self.judge)
        checked_words(self.held_out.words, source, self.predictor, (n_seq, length + 1))
        (noise,) = self.judge.spawn(1)
        torch.default_generator.manual_seed(int(noise.integers(2**63)))

    # ------------------------------------------------------------------------------------------------------- a step

    def update(self) -> float:
        """One step of the optimisers; the loss before it."""
        batch = self.batches.next()
        began = perf_counter()
        self.network.train()
        rate = learning_rate(self.config, self._place())
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        loss = self._loss(batch)
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = float(nn.utils.clip_grad_norm_(self.parameters, self.config.clip))
        self.loss = float(loss.detach())
        if not isfinite(self.loss) or not isfinite(norm):
            self._diverged("gradient" if isfinite(self.loss) else "loss")
        for optimiser in self.optimisers:
            optimiser.step()
        self.seconds += perf_counter() - began

        self.step += 1
        self.symbols += int((batch != PADDING).sum()) if is_padded(self.source) else batch.numel()
        self.since.append((self.loss, norm))
        if self.step % self.every == 0 or self.step == self.config.steps:
            self._add_point()
        return self.loss

    def _place(self) -> int:
        """The step of the schedule: that of the updates, or further on if the seconds are."""
        if self.config.max_seconds is None:
            return self.step
        last = self.config.steps - 1
        return min(last, max(self.step, int(last * self.seconds / self.config.max_seconds)))

    def _loss(self, batch: Tensor) -> Tensor:
        first = self.predictor.first_row
        if self.config.targets == "exact":
            assert isinstance(self.source, ProcessLike)
            exact = checked_rows(self.source, batch[:, :-1].cpu(), self.predictor.n_symbol)[:, first:]
            rows = self.predictor.log_probs(batch[:, :-1])
            return -(exact.to(rows.device, rows.dtype) * rows).sum(-1).mean()
        if is_padded(self.source):
            rows = self.predictor.log_probs(batch[:, :-1].clamp(min=0))
            return F.nll_loss(rows.flatten(0, 1), batch[:, first:].flatten(), ignore_index=PADDING)
        rows = self.predictor.log_probs(batch[:, :-1])
        return F.nll_loss(rows.flatten(0, 1), batch[:, first:].flatten())

    def _add_point(self) -> None:
        """A point of the loss curve from the steps since the last."""
        if self.since:
            self.steps.append(self.step)
            losses, norms = zip(*self.since, strict=True)
            self.curve.append((sum(losses) / len(losses), sum(norms) / len(norms)))
            self.since = []

    # --------------------------------------------------------------------------------------------- between two steps

    def reached(self, listeners: _Listeners) -> None:
        """Evaluate, call back and end, if it is time to after this many updates."""
        step, config = self.step, self.config
        if step == config.steps:
            self.stopped = "steps"
        elif config.max_seconds is not None and self.seconds >= config.max_seconds:
            self.stopped = "seconds"
        due, wanted = step % config.eval_every == 0 or bool(self.stopped), step in config.checkpoints
        kept = step > 0 and step % listeners.snapshot_every == 0
        if (due or wanted or kept) and not all(bool(parameter.isfinite().all()) for parameter in self.parameters):
            self._diverged("weight of the network")
        if due:
            found = self._evaluate()
            self.evaluations.append(found)
            if config.stop_at_kl is not None and found.mean_kl is not None and found.mean_kl <= config.stop_at_kl:
                self.stopped = self.stopped or "kl"
            if listeners.on_eval is not None:
                listeners.on_eval(found)
        if due or (kept and listeners.on_snapshot is not None):
            self.good, self.kept = self._weights(), step
        if wanted and listeners.on_checkpoint is not None:
            listeners.on_checkpoint(step, self.predictor)
        if listeners.on_snapshot is not None and (kept or self.stopped):
            listeners.on_snapshot(self.snapshot())

    def _evaluate(self) -> Evaluation:
        self.network.eval()
        loss, kl = self.held_out.score(self.predictor)
        mean = None if kl is None else sum(kl) / len(kl)
        if not isfinite(loss) or not isfinite(mean or 0.0):
            self._diverged("held-out loss or KL")
        return Evaluation(self.step, self.symbols, loss, None if kl is None else tuple(kl), mean)

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def _diverged(self, what: str) -> NoReturn:
        self.network.load_state_dict(self.good)
        raise TrainingDiverged(self.step, self.loss, kept=self.kept, seconds=self.seconds, what=what)

    def record(self) -> TrainingRecord:
        self._add_point()
        return TrainingRecord(
            self.config,
            self.symbols,
            self.seconds,
            tuple(self.steps),
            tuple(loss for loss, _ in self.curve),
            tuple(norm for _, norm in self.curve),
            tuple(self.evaluations),
            self.stopped,
            self.apart,
        )

    # --------------------------------------------------------------------------------------------- stop and go on

    def snapshot(self) -> Snapshot:
        """All of this but the sources."""
        rest = {
            "config": as_json(asdict(self.config)),
            "held_out": {"generator": state_of(self.judge) if self.judged is None else self.judged, **self._subject()},
            "batches": self.batches.state(),
            "symbols": self.symbols,
            "seconds": self.seconds,
            "loss": self.loss,
            "stopped": self.stopped,
            "steps": self.steps.copy(),
            "curve": self.curve.copy(),
            "since": self.since.copy(),
            "evaluations": [asdict(each) for each in self.evaluations],
        }
        state = {name: value.clone() for name, value in optimiser_state(self.optimisers).items()}
        return Snapshot(self.step, self._weights(), state, torch.get_rng_state(), rest)

    def _subject(self) -> dict[str, Any]:
        """What of the sources can be compared: whether two are given, and the words of the evaluation sample."""
        return {"apart": self.apart, "words": sha256(self.held_out.words.numpy().tobytes()).hexdigest()}

    def go_on(self, snapshot: Snapshot) -> None:
        """Be what the training was of which this is the snapshot. Raises ValueError if it is another's."""
        try:
            self._check(snapshot)
            rest = snapshot.rest
            done = Batches(
                self.source, self.predictor, self.config, self.batches.device, rng=self.words, done=snapshot.step
            )
            done.go_on(rest["batches"])
            self.batches = done
            self.symbols, self.seconds, self.loss = rest["symbols"], rest["seconds"], rest["loss"]
            self.stopped, self.steps = rest["stopped"], list(rest["steps"])
            self.curve = [(loss, norm) for loss, norm in rest["curve"]]
            self.since = [(loss, norm) for loss, norm in rest["since"]]
            self.evaluations = [_evaluation(each) for each in rest["evaluations"]]
            restore_optimisers(self.optimisers, dict(snapshot.optimiser))
            torch.set_rng_state(snapshot.noise)
        except (KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise ValueError(f"the snapshot is no state of a training ({type(error).__name__}: {error})") from None
        self.network.load_state_dict(dict(snapshot.weights))
        self.step = self.kept = snapshot.step
        self.good = self._weights()

    def _check(self, snapshot: Snapshot) -> None:
        """Refuse the snapshot of another network, configuration, seed or source."""
        expected = self._weights()
        for name in sorted(expected.keys() ^ snapshot.weights.keys()):
            raise ValueError(f"the snapshot is of another network: {name!r} is in one of the two only")
        for name, value in expected.items():
            other = snapshot.weights[name]
            if (value.shape, value.dtype) != (other.shape, other.dtype):
                raise ValueError(
                    f"the snapshot is of another network: {name!r} is {tuple(other.shape)} {other.dtype} there, "
                    f"{tuple(value.shape)} {value.dtype} here"
                )
        kept, here = snapshot.rest["config"], as_json(asdict(self.config))
        for key in sorted(kept.keys() | here.keys()):
            if kept.get(key) != here.get(key):
                change = f"{key} was {kept.get(key)!r}, now it is {here.get(key)!r}"
                raise ValueError(f"the snapshot is of another configuration: {change}")
        if not 0 <= snapshot.step <= self.config.steps:
            raise ValueError(f"the snapshot is of step {snapshot.step}, and there are {self.config.steps}")
        judge = snapshot.rest["held_out"]
        if judge["generator"] != self.judged:
            raise ValueError("the snapshot is of a training with another seed: give a generator in the same state")
        if {key: judge[key] for key in ("apart", "words")} != self._subject():
            raise ValueError("the snapshot is of a training on another source: the evaluation sample is not the same")


def _evaluation(fields: dict[str, Any]) -> Evaluation:
    kl = fields["kl"]
    return Evaluation(**{**fields, "kl": None if kl is None else tuple(kl)})


def _state_or_none(rng: np.random.Generator) -> dict[str, Any] | None:
    """Its state in types of JSON; None for a generator of which that is not known: nothing can be resumed then."""
    try:
        return state_of(rng)
    except ValueError:
        return None


# -------------------------------------------------------------------------------------------------------------- checks


def _trainable(predictor: Predictor) -> nn.Module:
    if not isinstance(predictor, nn.Module) or not any(p.requires_grad for p in nn.Module.parameters(predictor)):
        raise ValueError(
            f"a {type(predictor).__name__} has no parameters to train: build(config, rng=...) gives a network"
        )
    return predictor


def _check_precision(network: nn.Module) -> None:
    for name, parameter in network.named_parameters():
        if parameter.requires_grad and parameter.dtype not in TRAINABLE:
            raise ValueError(
                f"training is in float32 or float64; {name!r} is {parameter.dtype}, in which small updates are lost: "
                "train in float32 and cast what comes of it"
            )


def _fitting(source: Source, predictor: Predictor) -> Source:
    alphabet = getattr(source, "alphabet", None)
    if alphabet is not None and len(alphabet) != predictor.n_symbol:
        raise ValueError(
            f"the source has {len(alphabet)} symbols and the predictor {predictor.n_symbol}: build it anew"
        )
    return source


def _predicts(source: Source) -> bool:
    return isinstance(source, ProcessLike) and not is_padded(source)


@contextmanager
def one_thread() -> Iterator[None]:
    """One torch thread inside, the number there was before outside: at these sizes two are slower than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)

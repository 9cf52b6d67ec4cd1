"""How to train, what came of it, and what can go wrong."""

from dataclasses import asdict, dataclass
from math import inf
from typing import Any

__all__ = ["CHOICES", "Evaluation", "TrainingConfig", "TrainingDiverged", "TrainingRecord", "as_json"]

CHOICES: dict[str, tuple[str, ...]] = {
    "targets": ("sampled", "exact"),
    "optimiser": ("adamw", "sgd", "muon"),
    "schedule": ("cosine", "linear", "constant", "one-cycle", "warmup-stable-decay"),
}
"""What the fields of a configuration that are words may say."""


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How to train.

    Attributes:
        length: symbols read; words of length + 1 are drawn, and rows first_row .. length are scored.
        steps: updates.
        batch: words an update.
        lr: peak learning rate.
        warmup: part of the steps over which the learning rate rises linearly from 0 to its peak.
        final_lr: where the cosine that follows ends, as a part of the peak.
        weight_decay: of matrices called weights; biases, norms, embeddings, positions and all other parameters have
            none (`training.decayed` has the rule).
        clip: largest Euclidean norm of the whole gradient; longer ones are scaled to it. inf: no clipping.
        betas: AdamW's decay rates of the mean gradient and of its square.
        eval_every: steps between evaluations; the first is before training, the last after it.
        eval_sequences: words of the one sample that all evaluations use.
        checkpoints: numbers of steps after which `on_checkpoint` is called, ascending; 0 is before training.
            `log_spaced` makes them.
        targets: `sampled`, the loss is -log Q of the symbol that came; or `exact`, it is the cross entropy
            -sum_x P(x | x_<t) log Q(x | x_<t) with the P of the source. Both have the same mean and the same optimum;
            the second has less noise, and uses what no learner of a real sample knows.
        optimiser: `adamw`, `sgd` or `muon` (see `optimisers`).
        momentum: of `sgd` and of `muon`; 0: none.
        schedule: `cosine`, `linear`, `constant`, `one-cycle` or `warmup-stable-decay` (see `learning_rate`).
        decay: of `warmup-stable-decay`, the part of all steps over which the learning rate falls at the end.
        stop_at_kl: training ends at the first evaluation whose mean KL to the optimum is at most this, in nats; None:
            it does not. The source must predict.
        max_seconds: training ends when the updates have taken so long; None: it does not. The schedule is then as far
            as the larger part of steps and seconds that is gone, so that it comes to its end. Seconds differ from run
            to run, so that same seed, same bytes does not hold under this limit.
    """

    length: int
    steps: int = 2000
    batch: int = 128
    lr: float = 3e-3
    warmup: float = 0.1
    final_lr: float = 0.01
    weight_decay: float = 0.01
    clip: float = 1.0
    betas: tuple[float, float] = (0.9, 0.99)
    eval_every: int = 100
    eval_sequences: int = 1024
    checkpoints: tuple[int, ...] = ()
    targets: str = "sampled"
    optimiser: str = "adamw"
    momentum: float = 0.9
    schedule: str = "cosine"
    decay: float = 0.2
    stop_at_kl: float | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("length", "steps", "batch", "eval_every", "eval_sequences"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} must be an integer of at least 1; got {value!r}")
        if not 0 < self.lr < inf:
            raise ValueError(f"lr must be positive and finite; got {self.lr!r}")
        if not self.clip > 0:
            raise ValueError(f"clip must be positive (inf: no clipping); got {self.clip!r}")
        if not 0 <= self.weight_decay < inf:
            raise ValueError(f"weight_decay must be finite and not negative; got {self.weight_decay!r}")
        for name in ("warmup", "final_lr", "decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a part, in [0, 1]; got {getattr(self, name)!r}")
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"betas must be two numbers in [0, 1); got {self.betas!r}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be in [0, 1); got {self.momentum!r}")
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {getattr(self, name)!r}")
        for name in ("stop_at_kl", "max_seconds"):
            limit = getattr(self, name)
            if limit is not None and not 0 < limit < inf:
                raise ValueError(f"{name} must be positive and finite, or None for no such limit; got {limit!r}")
        steps = self.checkpoints
        if list(steps) != sorted(set(steps)) or any(not 0 <= step <= self.steps for step in steps):
            raise ValueError(f"checkpoints must be ascending numbers of steps in 0 .. {self.steps}; got {steps!r}")


@dataclass(frozen=True)
class Evaluation:
    """A point of the learning curve.

    Attributes:
        step: updates made.
        symbols_seen: symbols drawn for them.
        loss: mean -log Q(x_t | x_<t) over rows 1 .. length of the evaluation sample, in nats.
        kl: KL to the optimum at each of the rows 1 .. length, in nats; None if the source does not predict.
        mean_kl: its mean over these rows.
    """

    step: int
    symbols_seen: int
    loss: float
    kl: tuple[float, ...] | None
    mean_kl: float | None


@dataclass(frozen=True)
class TrainingRecord:
    """What training did.

    Attributes:
        config: how.
        symbols_seen: symbols drawn for updates, updates * batch * (length + 1); fewer where documents are shorter.
        seconds: wall-clock time of the updates; evaluations and callbacks left out. The one entry that the seed does
            not determine.
        steps: updates made at each point of the loss curve.
        losses: mean training loss since the point before, in nats.
        gradient_norms: mean norm of the gradient before clipping, since the point before.
        evaluations: the learning curve.
        stopped: what ended it: `steps`, `kl` or `seconds`.
        held_out: whether evaluations drew from a source of their own.
    """

    config: TrainingConfig
    symbols_seen: int
    seconds: float
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    gradient_norms: tuple[float, ...]
    evaluations: tuple[Evaluation, ...]
    stopped: str = "steps"
    held_out: bool = False

    @property
    def updates(self) -> int:
        """How many were made."""
        return self.final.step

    @property
    def final(self) -> Evaluation:
        """The evaluation after the last step."""
        return self.evaluations[-1]

    def to_dict(self) -> dict[str, Any]:
        """The record in numbers, strings, lists and dicts, for JSON."""
        listed: dict[str, Any] = as_json(asdict(self))
        return listed


class TrainingDiverged(ArithmeticError):
    """Something became infinite or NaN. The predictor has its last good weights again.

    Attributes:
        step: updates made when it was found.
        loss: the loss then.
        kept: the step whose weights the predictor has now: the last evaluation that was finite.
        seconds: wall-clock time of the updates.
        what: what was not finite.
    """

    def __init__(self, step: int, loss: float, *, kept: int = 0, seconds: float = 0.0, what: str = "loss") -> None:
        self.step, self.loss, self.kept, self.seconds, self.what = step, loss, kept, seconds, what
        super().__init__(step, loss)

    def __str__(self) -> str:
        return (
            f"training diverged: after {self.step} steps the {self.what} is not finite (loss {self.loss:.6g}). Try a "
            "smaller learning rate, a longer warm-up or a smaller clip. "
            f"The weights kept are those of step {self.kept}."
        )


def as_json(value: Any) -> Any:
    """Tuples as lists and an infinite number as "inf", all the way down."""
    if value == inf:
        return "inf"
    if isinstance(value, dict):
        return {key: as_json(each) for key, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, tuple | list) else value

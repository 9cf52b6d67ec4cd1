"""Training: it reaches the optimum on a tiny process, is deterministic, and fails cleanly. Evaluation: KL is exact."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from faults import Small
from sources import Coin, GoldenMean
from torch import Tensor, nn

from predictors import (
    Evaluation,
    GRUConfig,
    KGramPredictor,
    Predictor,
    ProcessPredictor,
    TrainingConfig,
    TrainingDiverged,
    TransformerConfig,
    UniformPredictor,
    best_rate,
    build,
    kl_to_optimum,
    one_thread,
    sweep_learning_rates,
    train,
)
from predictors.batches import SYMBOLS_AT_ONCE
from predictors.network import Network
from predictors.optimisers import decayed
from predictors.schedules import learning_rate
from predictors.sweep import SweepRow, next_rate, widened_sweep

BRIEF = TrainingConfig(length=4, steps=6, batch=8, eval_every=3, eval_sequences=16)


def small(seed: int = 0) -> Network:
    return build(GRUConfig(n_symbol=2, width=12), rng=torch.Generator().manual_seed(seed))


def weights(model: nn.Module) -> bytes:
    return b"".join(value.detach().numpy().tobytes() for value in model.state_dict().values())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# ------------------------------------------------------------------------------------------------------------ it learns


def test_training_reaches_the_optimum_of_a_tiny_process() -> None:
    source, model = GoldenMean(0.3), small()
    config = TrainingConfig(length=6, steps=250, batch=64, lr=0.02, eval_every=50, eval_sequences=512)
    record = train(model, source, config, rng=rng())
    first, last = record.evaluations[0], record.final
    assert first.step == 0
    assert last.step == 250
    assert [each.step for each in record.evaluations] == [0, 50, 100, 150, 200, 250]
    assert first.mean_kl is not None
    assert first.mean_kl > 0.05
    assert last.mean_kl is not None
    assert last.mean_kl < 2e-3
    words, probability = source.all_words(6)
    assert kl_to_optimum(model, source, words, weight=probability).max() < 2e-3


def test_a_source_that_only_samples_gives_losses_and_no_kl() -> None:
    record = train(small(), Coin(), replace(BRIEF, steps=100, batch=64, lr=0.01), rng=rng())
    assert record.final.kl is None
    assert record.final.mean_kl is None
    assert record.final.loss == pytest.approx(np.log(2), abs=0.05)


def test_a_transformer_and_somebody_elses_network_train_too() -> None:
    config = TransformerConfig(n_symbol=2, max_length=4, width=8, n_layer=1, n_head=1, head_width=8, mlp_width=8)
    for model in (build(config, rng=torch.Generator().manual_seed(0)), Biased()):
        before = weights(model)
        record = train(model, GoldenMean(), replace(BRIEF, steps=40, lr=0.02), rng=rng())
        assert weights(model) != before
        assert record.final.loss < record.evaluations[0].loss


class Biased(nn.Module):
    """Independent symbols with a learned distribution, from row 1 on."""

    n_symbol, first_row = 2, 1
    sites: dict[str, Any] = {}  # noqa: RUF012 - a protocol attribute

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(2))

    def log_probs(self, tokens: Tensor, *, tap: Any = None) -> Tensor:
        return self.logits.log_softmax(-1).expand(*tokens.shape, 2)

    def init_carry(self, n_seq: int, *, tap: Any = None) -> Any:
        raise NotImplementedError

    def advance(self, tokens: Tensor, carry: Any, *, tap: Any = None) -> Any:
        raise NotImplementedError

    def step(self, tokens_t: Tensor, carry: Any, *, tap: Any = None) -> Any:
        raise NotImplementedError


# ---------------------------------------------------------------------------------------------------------- determinism


def test_same_seed_same_bytes_another_seed_other_bytes() -> None:
    def run(initial: int, data: int) -> tuple[bytes, dict[str, Any]]:
        model = small(initial)
        record = train(model, GoldenMean(), BRIEF, rng=rng(data)).to_dict()
        record.pop("seconds")
        return weights(model), record

    assert run(0, 0) == run(0, 0)
    assert run(0, 0)[0] != run(0, 1)[0]
    assert run(0, 0)[0] != run(1, 0)[0]


def test_global_generators_and_thread_counts_are_left_alone() -> None:
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global generator is what is tested
    before, threads = (torch.get_rng_state(), np.random.get_state()[1].copy()), torch.get_num_threads()  # noqa: NPY002
    first = small()
    train(first, GoldenMean(), BRIEF, rng=rng())
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002
    assert torch.get_num_threads() == threads
    torch.manual_seed(2)
    second = small()
    train(second, GoldenMean(), BRIEF, rng=rng())
    assert weights(first) == weights(second)


def test_how_often_is_evaluated_changes_nothing() -> None:
    models = [small(), small()]
    train(models[0], GoldenMean(), replace(BRIEF, eval_every=1, eval_sequences=50), rng=rng())
    train(models[1], GoldenMean(), replace(BRIEF, eval_every=6), rng=rng())
    assert weights(models[0]) == weights(models[1])


def test_one_thread_inside_and_as_many_as_before_outside() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# ------------------------------------------------------------------------------------------------ what it does and says


def test_batches_are_fresh_words_drawn_many_at_once() -> None:
    class Counting(GoldenMean):
        def __init__(self) -> None:
            super().__init__()
            self.calls: list[tuple[int, int]] = []

        def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> np.ndarray:
            self.calls.append((n_seq, n_time))
            return super().sample(n_seq, n_time, rng=rng)

    class Listening(type(small())):  # type: ignore[misc]
        heard: list[Tensor] = []  # noqa: RUF012

        def log_probs(self, tokens: Tensor, **kwargs: Any) -> Tensor:
            if self.training:
                self.heard.append(tokens)
            return super().log_probs(tokens, **kwargs)

    source, model = Counting(), small()
    model.__class__ = Listening
    config = replace(BRIEF, steps=40, batch=512, length=15, eval_every=40)
    record = train(model, source, config, rng=rng())
    drawn = sum(n_seq for n_seq, _ in source.calls)
    assert drawn == config.eval_sequences + config.steps * config.batch
    assert all(n_time == config.length + 1 for _, n_time in source.calls)
    assert max(n_seq * n_time for n_seq, n_time in source.calls) <= SYMBOLS_AT_ONCE
    assert len(source.calls) == 3  # the evaluation sample, 32 batches and 8 more
    assert record.symbols_seen == config.steps * config.batch * (config.length + 1)
    assert [tuple(words.shape) for words in Listening.heard] == [(512, 15)] * 40
    assert all(not torch.equal(a, b) for a, b in zip(Listening.heard, Listening.heard[1:], strict=False))


def test_the_loss_is_the_mean_surprise_of_rows_first_row_to_length() -> None:
    losses: list[float] = []
    model = small()
    twin = small()
    config = replace(BRIEF, steps=1, eval_every=1)
    train(model, GoldenMean(), config, rng=rng(3), progress=lambda step, steps, loss: losses.append(loss))
    words = GoldenMean().sample(config.batch, config.length + 1, rng=rng(3).spawn(2)[0])
    rows = twin.log_probs(torch.as_tensor(words))
    expected = -np.mean([rows[s, t, x].item() for s, word in enumerate(words) for t, x in enumerate(word)])
    assert losses == [pytest.approx(expected, rel=1e-6)]  # float32


def test_progress_evaluations_and_checkpoints_are_called_when_they_should() -> None:
    steps: list[tuple[int, int]] = []
    found: list[Evaluation] = []
    kept: dict[int, bytes] = {}

    def keep(step: int, predictor: Predictor) -> None:
        assert isinstance(predictor, nn.Module)
        kept[step] = weights(predictor)

    model = small()
    record = train(
        model,
        GoldenMean(),
        replace(BRIEF, checkpoints=(0, 2, 6)),
        rng=rng(),
        progress=lambda step, steps_, loss: steps.append((step, steps_)),
        on_eval=found.append,
        on_checkpoint=keep,
    )
    assert steps == [(step, 6) for step in range(1, 7)]
    assert found == list(record.evaluations)
    assert [each.step for each in found] == [0, 3, 6]
    assert [each.symbols_seen for each in found] == [0, 3 * 8 * 5, 6 * 8 * 5]
    assert list(kept) == [0, 2, 6]
    assert kept[0] == weights(small())
    assert kept[6] == weights(model)
    shorter = small()
    train(shorter, GoldenMean(), replace(BRIEF, steps=6), rng=rng())
    assert weights(shorter) == kept[6]


def test_the_record_is_json_and_its_curves_fit_together() -> None:
    record = train(small(), GoldenMean(), replace(BRIEF, steps=450), rng=rng())
    assert json.loads(json.dumps(record.to_dict(), allow_nan=False)) == record.to_dict()
    assert len(record.steps) == len(record.losses) == len(record.gradient_norms) == 150  # every third step
    assert record.steps[-1] == 450
    assert all(norm > 0 for norm in record.gradient_norms)
    assert record.seconds > 0
    assert record.final.kl is not None
    assert len(record.final.kl) == 4
    assert record.final.mean_kl == pytest.approx(np.mean(record.final.kl))


def test_the_network_is_left_in_its_mode_without_gradients() -> None:
    model = small().eval()
    train(model, GoldenMean(), BRIEF, rng=rng())
    assert not model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_learning_rate_rises_and_falls() -> None:
    config = TrainingConfig(length=1, steps=100, lr=0.5, warmup=0.2, final_lr=0.1)
    rates = [learning_rate(config, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.5 / 20)
    assert rates[19] == rates[20] == max(rates) == 0.5
    assert rates[-1] == pytest.approx(0.05)
    assert rates[:20] == sorted(rates[:20])
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert learning_rate(replace(config, warmup=0.0), 0) == 0.5
    assert learning_rate(TrainingConfig(length=1, steps=1, lr=0.5), 0) == 0.5


def test_weights_decay_and_nothing_else_does() -> None:
    class Mixed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear, self.norm, self.table = nn.Linear(2, 2), nn.LayerNorm(2), nn.Embedding(2, 2)
            self.weight_position = nn.Parameter(torch.zeros(3))
            self.A_log = nn.Parameter(torch.zeros(2, 2))
            self.marked_weight = nn.Parameter(torch.zeros(2, 2))
            self.marked_weight._no_weight_decay = True  # type: ignore[attr-defined]

    assert decayed(Mixed()) == ["linear.weight"]
    names = decayed(build(TransformerConfig(n_symbol=2, max_length=4, n_layer=1), rng=torch.Generator()))
    assert any("mlp_in" in name for name in names)
    assert not any("embedding" in name or "position" in name or "norm" in name or "bias" in name for name in names)


def test_decay_acts_on_the_weights_it_names() -> None:
    models = [small(), small()]
    for model, decay in zip(models, (0.0, 0.5), strict=True):
        train(model, GoldenMean(), replace(BRIEF, weight_decay=decay, lr=0.1, steps=1, warmup=0.0), rng=rng())
    undecayed, other = (dict(model.named_parameters()) for model in models)
    differs = {name for name in undecayed if not torch.equal(undecayed[name], other[name])}
    assert differs == set(decayed(models[0]))


def test_long_gradients_are_clipped() -> None:
    models = [small(), small()]
    records = [
        train(model, GoldenMean(), replace(BRIEF, clip=clip, steps=1), rng=rng())
        for model, clip in zip(models, (1e-12, float("inf")), strict=True)
    ]
    assert records[0].gradient_norms == records[1].gradient_norms  # recorded before clipping
    start = small().state_dict()
    moved = [
        max(float((value - start[name]).abs().max()) for name, value in model.state_dict().items()) for model in models
    ]
    assert moved[0] < 1e-2 * moved[1]  # Adam's epsilon of 1e-8 holds back a gradient of 1e-12


# ------------------------------------------------------------------------------------------------------------- failures


class Explosive(Small):
    """Gives NaN from a certain update on."""

    n_symbol = 3

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def log_probs(self, tokens: Tensor, **kwargs: Any) -> Tensor:
        rows = super().log_probs(tokens, **kwargs)
        if self.training:
            self.left -= 1
            return rows if self.left >= 0 else rows * torch.nan
        return rows


def test_divergence_is_an_error_and_the_last_good_weights_stay() -> None:
    seen: dict[int, bytes] = {}
    model = Explosive(after=5)

    def keep(step: int, predictor: Predictor) -> None:
        seen[step] = weights(model)

    config = replace(BRIEF, steps=20, eval_every=2, checkpoints=tuple(range(21)))
    with pytest.raises(TrainingDiverged) as found:
        train(model, Coin(3), config, rng=rng(), on_checkpoint=keep)
    error = found.value
    assert (error.step, error.kept, error.what) == (5, 4, "loss")
    assert np.isnan(error.loss)
    assert "after 5 steps the loss is not finite (loss nan)" in str(error)
    assert "The weights kept are those of step 4." in str(error)
    assert weights(model) == seen[4] != seen[5]


def test_a_rate_that_is_too_high_diverges_and_says_so() -> None:
    model = small()
    before = weights(model)
    with pytest.raises(TrainingDiverged) as found:
        train(model, GoldenMean(), replace(BRIEF, lr=1e38, warmup=0.0, steps=50, eval_every=50), rng=rng())
    assert found.value.kept == 0
    assert weights(model) == before
    assert "smaller learning rate" in str(found.value)


def test_weights_that_are_not_finite_are_never_handed_to_a_checkpoint() -> None:
    model = Small()

    def poison(step: int, steps: int, loss: float) -> None:
        with torch.no_grad():
            model.C[0, 0] = torch.inf

    kept: list[int] = []
    with pytest.raises(TrainingDiverged, match="weight of the network"):
        train(
            model,
            Coin(3),
            replace(BRIEF, checkpoints=(0, 1), eval_every=6),
            rng=rng(),
            progress=poison,
            on_checkpoint=lambda step, predictor: kept.append(step),
        )
    assert kept == [0]
    assert all(bool(value.isfinite().all()) for value in model.state_dict().values())


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interruption_comes_through_and_the_weights_stay(error: type[BaseException]) -> None:
    kept: dict[int, bytes] = {}
    model = small()

    def stop(step: int, steps: int, loss: float) -> None:
        kept[step] = weights(model)
        if step == 4:
            raise error

    threads = torch.get_num_threads()
    with pytest.raises(error):
        train(model, GoldenMean(), BRIEF, rng=rng(), progress=stop)
    assert weights(model) == kept[4] != kept[3]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.get_num_threads() == threads


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(ValueError, match="UniformPredictor has no parameters to train"):
        train(UniformPredictor(2), GoldenMean(), BRIEF, rng=rng())
    with pytest.raises(ValueError, match="has no parameters to train"):
        train(small().requires_grad_(False), GoldenMean(), BRIEF, rng=rng())
    with pytest.raises(ValueError, match="the source has 2 symbols and the predictor 3"):
        train(Small(), GoldenMean(), BRIEF, rng=rng())
    with pytest.raises(ValueError, match=r"tokens must be in 0 \.\. 1"):
        train(small(), Coin(3), BRIEF, rng=rng())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"length": 0}, "length must be an integer of at least 1; got 0"),
        ({"steps": 2.0}, "steps must be an integer"),
        ({"batch": True}, "batch must be an integer"),
        ({"eval_every": -1}, "eval_every must be an integer"),
        ({"eval_sequences": 0}, "eval_sequences must be an integer"),
        ({"lr": 0.0}, "lr must be positive and finite; got 0.0"),
        ({"lr": float("nan")}, "lr must be positive and finite"),
        ({"lr": float("inf")}, "lr must be positive and finite"),
        ({"clip": 0.0}, "clip must be positive"),
        ({"weight_decay": -0.1}, "weight_decay must be finite and not negative"),
        ({"warmup": 1.5}, "warmup is a part, in"),
        ({"final_lr": -0.1}, "final_lr is a part, in"),
        ({"betas": (0.9, 1.0)}, "betas must be two numbers in"),
        ({"checkpoints": (3, 2)}, "ascending numbers of steps"),
        ({"checkpoints": (7,)}, r"ascending numbers of steps in 0 \.\. 6; got \(7,\)"),
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_sense_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError)) as found:  # a checker of annotations may come first, with a TypeError
        replace(BRIEF, **wrong)
    if isinstance(found.value, ValueError):
        assert found.match(message)


# ----------------------------------------------------------------------------------------------------------- evaluation


def enumerated_kl(predictor: Predictor, source: GoldenMean, length: int) -> list[float]:
    """sum_w P(w) sum_x P(x | w) log (P(x | w) / Q(x | w)) over all words w of each length, in plain Python."""
    found = []
    for n in range(1, length + 1):
        words, probability = source.all_words(n)
        exact = source.predict(words)[:, -1]
        with torch.no_grad():
            log_q = predictor.log_probs(torch.as_tensor(words))[:, -1].double().numpy()
        total = 0.0
        for p_word, p_row, q_row in zip(probability, exact, log_q, strict=True):
            total += p_word * sum(p * (np.log(p) - q) for p, q in zip(p_row, q_row, strict=True) if p > 0)
        found.append(total)
    return found


@pytest.mark.parametrize(
    "make",
    [small, lambda: UniformPredictor(2), lambda: KGramPredictor.fit(GoldenMean().sample(9, 9, rng=rng()), 2, 2)],
    ids=["gru", "uniform", "k-gram"],
)
def test_kl_is_what_enumeration_gives(make: Callable[[], Predictor]) -> None:
    source, predictor = GoldenMean(0.3), make()
    words, probability = source.all_words(5)
    kl = kl_to_optimum(predictor, source, words, weight=probability)
    tolerance = 1e-7 if isinstance(predictor, nn.Module) else 1e-12  # a float32 network; float64 sums
    assert kl == pytest.approx(enumerated_kl(predictor, source, 5), abs=tolerance)
    assert kl.shape == (5,)


def test_evaluation_in_training_is_that_kl_on_a_sample() -> None:
    model, source = small(), GoldenMean(0.3)
    config = replace(BRIEF, eval_sequences=20_000, steps=1)
    first = train(model, source, config, rng=rng()).evaluations[0]
    # a mean over 2e4 histories of terms of about 0.1: a standard error of at most 0.001
    assert first.kl == pytest.approx(enumerated_kl(small(), source, 4), abs=4e-3)
    assert len(first.kl or ()) == 4


def test_the_optimum_is_at_zero_and_excluding_the_possible_at_infinity() -> None:
    source = GoldenMean(0.3)
    words, probability = source.all_words(4)
    assert abs(kl_to_optimum(ProcessPredictor(source), source, words, weight=probability)).max() == 0

    class Zeros:
        alphabet = (0, 1)

        def predict(self, words: np.ndarray) -> np.ndarray:
            return np.tile([1.0, 0.0], (*np.add(words.shape, (0, 1)), 1))

    assert (kl_to_optimum(ProcessPredictor(Zeros()), source, words, weight=probability) == np.inf).all()
    zeros = np.zeros((1, 4), dtype=np.int64)
    assert kl_to_optimum(UniformPredictor(2), Zeros(), zeros) == pytest.approx(np.log(2))


def test_parts_and_weights_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    source, model = GoldenMean(0.3), small()
    words = source.sample(50, 4, rng=rng())
    whole = kl_to_optimum(model, source, words)
    assert kl_to_optimum(model, source, words, weight=np.full(50, 0.02)) == pytest.approx(whole, abs=1e-12)
    distinct, count = np.unique(words, axis=0, return_counts=True)
    assert kl_to_optimum(model, source, distinct, weight=count / 50) == pytest.approx(whole, abs=1e-7)
    monkeypatch.setattr("predictors.evaluation.ROWS_AT_ONCE", 15)
    assert kl_to_optimum(model, source, words) == pytest.approx(whole, abs=1e-7)  # float32 in batches of three


@pytest.mark.parametrize(
    ("n_seq", "weight", "message"),
    [(0, None, "no words"), (2, [0.5, 0.6], "sum to 1; they sum to 1.1"), (2, [1.5, -0.5], "nonnegative")],
)
def test_weights_that_are_none_are_refused(n_seq: int, weight: list[float] | None, message: str) -> None:
    given = None if weight is None else np.array(weight)
    with pytest.raises(ValueError, match=message):
        kl_to_optimum(UniformPredictor(2), GoldenMean(), np.zeros((n_seq, 3), dtype=np.int64), weight=given)


def test_alphabets_must_agree() -> None:
    with pytest.raises(ValueError, match=r"must agree on \(seq, row, symbol\); got \(1, 3, 2\) and \(1, 3, 3\)"):
        kl_to_optimum(UniformPredictor(3), GoldenMean(), np.zeros((1, 3), dtype=np.int64))


# ---------------------------------------------------------------------------------------------------------------- sweep


def make(generator: torch.Generator) -> Network:
    return build(GRUConfig(n_symbol=2, width=12), rng=generator)


def test_a_sweep_trains_every_rate_from_the_same_start_on_the_same_words() -> None:
    seen: list[tuple[int, int]] = []
    config = replace(BRIEF, steps=40, batch=32)
    rows = sweep_learning_rates(
        make,
        GoldenMean(),
        config,
        [1e-4, 2e-2, 1e38],
        seeds=[0, 7],
        progress=lambda step, steps, loss: seen.append((step, steps)),
    )
    assert [(row.rate, row.seed) for row in rows] == [(1e-4, 0), (1e-4, 7), (2e-2, 0), (2e-2, 7), (1e38, 0), (1e38, 7)]
    assert best_rate(rows) == 2e-2
    assert all(row.kl is None and row.diverged is not None for row in rows[4:])
    assert all(row.symbols_seen == 40 * 32 * 5 for row in rows[:4])
    assert seen[:160] == [(step, 240) for step in range(1, 161)]
    alone = small(7)
    record = train(alone, GoldenMean(), replace(config, lr=2e-2), rng=rng(7))
    assert rows[3].kl == record.final.mean_kl
    assert json.loads(json.dumps(rows[0].to_dict(), allow_nan=False)) == rows[0].to_dict()


def test_the_best_rate_counts_divergence_as_the_worst() -> None:
    def row(rate: float, loss: float | None, kl: float | None = None) -> SweepRow:
        return SweepRow(rate, 1.0, 0, loss, kl, 0, 0.0, None if loss is not None else 3)

    assert best_rate([row(1.0, 0.1, 0.01), row(1.0, None), row(0.1, 0.3, 0.2), row(0.1, 0.3, 0.2)]) == 0.1
    assert best_rate([row(1.0, 0.5), row(0.1, 0.4)]) == 0.1  # no KL: by loss
    with pytest.raises(ValueError, match="no rate trained without diverging"):
        best_rate([row(1.0, None)])


@pytest.mark.parametrize(
    ("smaller", "chosen"),
    [
        ((1.1, 2.2, 3.2), 1e-2),  # excess .1, .2, .2: mean .167, below a tenth of the best mean, 2
        ((1.2, 3.9, 2.5), 1e-2),  # excess .2, 1.9, -.5: mean .533, standard error .713
        ((1.2, 2.3, 3.4), 1e-1),  # excess .2, .3, .4: mean .3, standard error .058, a tenth .2
        ((0.9, 1.9, None), 1e-1),  # better, where it did not diverge
    ],
)
def test_of_rates_that_seeds_cannot_tell_apart_the_smallest_is_best(
    smaller: tuple[float | None, ...], chosen: float
) -> None:
    rows = [
        SweepRow(rate, 1.0, seed, kl, kl, 0, 0.0, None if kl is not None else 3)
        for rate, found in ((1e-2, smaller), (1e-1, (1.0, 2.0, 3.0)))
        for seed, kl in enumerate(found)
    ]
    assert best_rate(rows) == chosen
    assert best_rate(rows[::-1]) == chosen


def test_a_sweep_without_rates_is_refused() -> None:
    with pytest.raises(ValueError, match="needs rates and seeds"):
        sweep_learning_rates(make, GoldenMean(), BRIEF, [], seeds=[0])


def test_a_sweep_widens_until_the_best_rate_is_inside() -> None:
    config = replace(BRIEF, steps=15, batch=16)
    rows = widened_sweep(make, GoldenMean(), config, [1e-3, 4e-3], seeds=[0], widenings=6)
    rates = list(dict.fromkeys(row.rate for row in rows))
    assert rates == pytest.approx([1e-3 * 4**i for i in range(len(rates))])
    assert len(rows) == len(rates)
    assert rates[0] < best_rate(rows) < rates[-1]
    assert next_rate(rows) is None
    stopped = widened_sweep(make, GoldenMean(), config, [1e-4, 4e-4], seeds=[0], widenings=0)
    assert next_rate(stopped) == pytest.approx(1.6e-3)
    with pytest.raises(ValueError, match="at least two rates"):
        next_rate(stopped[:1])

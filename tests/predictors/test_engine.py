"""What training can be told: sources, targets, optimisers, schedules, limits, precision."""

import json
from dataclasses import replace
from math import cos, log, pi
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from faults import Small
from sources import Coin, GoldenMean
from torch import nn

from predictors import GRUConfig, TrainingConfig, build, flops, kl_to_optimum, train
from predictors.budgets import flops_per_symbol, parameter_rule, steps_within
from predictors.network import Network
from predictors.optimisers import Muon, decayed, optimisers, orthogonalised
from predictors.schedules import SCHEDULES, learning_rate, log_spaced
from predictors.sources import PADDING, FixedSequences, Windows, as_source
from predictors.training_record import CHOICES

BRIEF = TrainingConfig(length=4, steps=6, batch=8, eval_every=3, eval_sequences=16)


def small(seed: int = 0) -> Network:
    return build(GRUConfig(n_symbol=2, width=12), rng=torch.Generator().manual_seed(seed))


def weights(model: nn.Module) -> bytes:
    return b"".join(value.detach().numpy().tobytes() for value in model.state_dict().values())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# ------------------------------------------------------------------------------------------------------------ schedules


def rates(**settings: Any) -> list[float]:
    config = TrainingConfig(length=1, steps=100, lr=0.5, **{"warmup": 0.2, "final_lr": 0.1} | settings)
    return [learning_rate(config, step) for step in range(100)]


@pytest.mark.parametrize("schedule", CHOICES["schedule"])
def test_every_schedule_rises_to_the_peak_and_never_rises_again(schedule: str) -> None:
    found = rates(schedule=schedule)
    assert max(found) == found[20] == 0.5
    assert found[:21] == sorted(found[:21])
    assert found[20:] == sorted(found[20:], reverse=True)
    assert found[-1] == pytest.approx(0.5 if schedule == "constant" else 0.05)
    assert 0 < found[0] < 0.03
    assert rates(schedule=schedule, warmup=0.0)[0] == 0.5
    assert learning_rate(TrainingConfig(length=1, steps=1, schedule=schedule, warmup=0.0), 0) > 0


def test_schedules_are_what_their_formulas_say() -> None:
    gone = (50 - 20) / 79
    assert rates()[50] == pytest.approx(0.5 * (0.1 + 0.9 * (1 + cos(pi * gone)) / 2), abs=1e-15)
    assert rates(schedule="linear")[50] == pytest.approx(0.5 * (1 - 0.9 * gone), abs=1e-15)
    assert rates(schedule="one-cycle")[0] == pytest.approx(0.5 / 25, abs=1e-15)
    assert rates(schedule="one-cycle")[10] == pytest.approx(0.5 * (1 + 1 / 25) / 2, abs=1e-15)  # half-way up
    stable = rates(schedule="warmup-stable-decay", decay=0.25)
    assert stable[20:75] == [0.5] * 55
    assert stable[80] < 0.5
    assert np.diff(stable[76:]) == pytest.approx(np.full(23, -0.5 * 0.9 / (79 * 0.25 / 0.8)), abs=1e-12)
    assert rates(schedule="warmup-stable-decay", decay=0.0) == rates(schedule="constant")
    assert set(SCHEDULES) == set(CHOICES["schedule"])


def test_log_spaced_steps() -> None:
    found = log_spaced(20, 10_000)
    assert found[0] == 0
    assert found[1] == 1
    assert found[-1] == 10_000
    assert list(found) == sorted(set(found))
    late = np.diff(np.log(found[8:]))
    assert late == pytest.approx(np.full(len(late), late.mean()), rel=0.05)  # rounding to whole steps
    assert log_spaced(50, 3) == (0, 1, 2, 3)
    assert log_spaced(2, 7) == (0, 7)
    TrainingConfig(length=1, steps=10_000, checkpoints=found)
    for n, steps in ((1, 5), (3, 0)):
        with pytest.raises(ValueError, match="n >= 2 and steps >= 1"):
            log_spaced(n, steps)


# ----------------------------------------------------------------------------------------------------------- optimisers


@pytest.mark.parametrize("optimiser", CHOICES["optimiser"])
def test_every_optimiser_learns_a_tiny_process(optimiser: str) -> None:
    source, model = GoldenMean(0.3), small()
    lr, clip = (2.0, 100.0) if optimiser == "sgd" else (0.02, 1.0)
    config = TrainingConfig(length=6, steps=200, batch=64, lr=lr, clip=clip, eval_every=200, optimiser=optimiser)
    record = train(model, source, config, rng=rng())
    assert record.final.mean_kl is not None
    assert record.final.mean_kl < (5e-3 if optimiser == "sgd" else 3e-3)  # it starts above 0.05
    assert record.to_dict()["config"]["optimiser"] == optimiser


def test_one_step_of_sgd_is_the_gradient() -> None:
    models = [small().double(), small().double()]
    config = replace(BRIEF, steps=1, optimiser="sgd", lr=0.25, warmup=0.0, clip=float("inf"), weight_decay=0.5)
    train(models[0], GoldenMean(), config, rng=rng(3))
    words = torch.as_tensor(GoldenMean().sample(config.batch, config.length + 1, rng=rng(3).spawn(2)[0]))
    rows = models[1].log_probs(words[:, :-1])
    rows.gather(-1, words[..., None]).mean().neg().backward()
    names = set(decayed(models[1]))
    for (name, moved), start in zip(models[0].named_parameters(), models[1].parameters(), strict=True):
        assert start.grad is not None
        expected = start - 0.25 * (start.grad + (0.5 * start if name in names else 0))
        assert torch.allclose(moved, expected, rtol=0, atol=1e-12)  # float64, the same sums in another order


@pytest.mark.parametrize("shape", [(5, 5), (8, 3), (3, 8), (1, 4), (64, 32)])
def test_orthogonalised_keeps_directions_and_evens_out_sizes(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ orthogonalised(matrix) @ right.T
    sizes = inner.diagonal()
    assert 0.6 < sizes.min() <= sizes.max() < 1.3  # the published iteration: about 0.7 to 1.2
    assert (inner - sizes.diag()).abs().max() < 1e-10  # a polynomial in the singular values: rounding only
    assert torch.equal(orthogonalised(torch.zeros(shape)), torch.zeros(shape))


def test_muon_is_torchs_own() -> None:
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("torch has no Muon before 2.9")
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(6, 9, generator=generator)
    ours, theirs = (nn.Parameter(start.clone()) for _ in range(2))
    settings: dict[str, Any] = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.2}
    pair = (Muon([ours], **settings), torch.optim.Muon([theirs], **settings, adjust_lr_fn="match_rms_adamw"))
    for _ in range(4):
        gradient = torch.randn(6, 9, generator=generator)
        for parameter, optimiser in zip((ours, theirs), pair, strict=True):
            parameter.grad = gradient.clone()
            optimiser.step()
    assert (ours - start).abs().max() > 0.1
    assert torch.allclose(ours, theirs, atol=0.01)  # theirs iterates in bfloat16: three digits of updates of 0.06


def test_muon_moves_inner_matrices_and_adamw_the_rest() -> None:
    model = build(GRUConfig(n_symbol=3, width=8, n_layer=1), rng=torch.Generator())
    inner, rest = optimisers(model, TrainingConfig(length=1, optimiser="muon"))
    assert isinstance(inner, Muon)
    assert isinstance(rest, torch.optim.AdamW)
    moved = [id(p) for group in inner.param_groups for p in group["params"]]
    others = [id(p) for group in rest.param_groups for p in group["params"]]
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert sorted(moved + others) == sorted(names)
    assert {names[key] for key in moved} == {name for name in decayed(model) if "readout" not in name}
    assert {"embedding", "readout_weight", "readout_bias", "begin"} <= {names[key] for key in others}
    (only,) = optimisers(Small(), TrainingConfig(length=1, optimiser="muon"))  # nothing that is called a weight
    assert isinstance(only, torch.optim.AdamW)


# -------------------------------------------------------------------------------------------------------------- targets


def test_exact_targets_are_the_cross_entropy_with_the_process() -> None:
    losses: list[float] = []
    source, model = GoldenMean(0.3), small()
    config = replace(BRIEF, steps=1, targets="exact")
    record = train(model, source, config, rng=rng(3), progress=lambda step, steps, loss: losses.append(loss))
    words = source.sample(config.batch, config.length + 1, rng=rng(3).spawn(2)[0])[:, :-1]
    rows = small().log_probs(torch.as_tensor(words)).detach().double().numpy()
    assert losses == [pytest.approx(-(source.predict(words) * rows).sum(-1).mean(), rel=1e-6)]  # float32
    assert record.to_dict()["config"]["targets"] == "exact"


def test_exact_targets_have_the_gradient_of_sampled_ones_with_less_noise() -> None:
    source, model = GoldenMean(0.3), small().double()
    words = torch.as_tensor(source.sample(20_000, 5, rng=rng()))
    rows = model.log_probs(words[:, :-1]).detach()
    sampled = -rows.gather(-1, words[..., None])[..., 0]
    exact = -(torch.as_tensor(source.predict(words[:, :-1].numpy())) * rows).sum(-1)
    assert float(sampled.mean()) == pytest.approx(float(exact.mean()), abs=0.01)  # 1e5 rows: an error of 0.002
    assert float(exact.var()) < 0.5 * float(sampled.var())


def test_exact_targets_and_stopping_need_a_source_that_predicts() -> None:
    for change, message in (({"targets": "exact"}, "targets='exact'"), ({"stop_at_kl": 0.1}, "stop_at_kl")):
        for source in (Coin(), Windows(np.array([0, 1, 0, 1, 1]), n_symbol=2)):
            with pytest.raises(ValueError, match=f"{message} needs a source that predicts"):
                train(small(), source, replace(BRIEF, **change), rng=rng())

    class Flat(GoldenMean):
        def predict(self, words: np.ndarray) -> np.ndarray:
            return super().predict(words)[:, 1:]

    with pytest.raises(ValueError, match=r"predict must give \(seq, time\+1, symbol\)"):
        train(small(), Flat(), replace(BRIEF, targets="exact"), rng=rng())


# -------------------------------------------------------------------------------------------------------------- sources


def test_windows_are_every_window_and_equally_often() -> None:
    documents = [np.array([0, 1, 2, 0]), np.array([2, 2]), np.array([1])]
    drawn = Windows(documents, n_symbol=3).sample(40_000, 3, rng=rng())
    found, count = np.unique(drawn, axis=0, return_counts=True)
    assert found.tolist() == [[0, 1, 2], [1, PADDING, PADDING], [1, 2, 0], [2, 2, PADDING]]
    assert count / 40_000 == pytest.approx(np.full(4, 0.25), abs=0.015)  # five standard errors of 0.0022, and more


def test_documents_that_end_early_are_predicted_up_to_their_end() -> None:
    losses: list[float] = []
    source = Windows([np.array([0, 1, 1, 0, 1, 0, 0]), np.array([1, 0])], n_symbol=2)
    config, model = replace(BRIEF, steps=1, eval_every=1), small()
    record = train(model, source, config, rng=rng(3), progress=lambda step, steps, loss: losses.append(loss))
    words_rng, judge = rng(3).spawn(2)

    def surprises(network: Network, words: np.ndarray, first: int) -> list[float]:
        found = []
        for word in words:
            real = torch.as_tensor(word[word != PADDING])
            rows = network.log_probs(real[None])[0]
            found += [-rows[t, x].item() for t, x in enumerate(real) if t >= first]
        return found

    words = source.sample(config.batch, config.length + 1, rng=words_rng)
    assert (words == PADDING).any()
    assert losses == [pytest.approx(np.mean(surprises(small(), words, 0)), rel=1e-5)]  # float32
    judged = source.sample(config.eval_sequences, config.length + 1, rng=judge)
    assert record.evaluations[0].loss == pytest.approx(np.mean(surprises(small(), judged, 1)), rel=1e-5)
    assert record.evaluations[0].kl is None
    assert record.symbols_seen == (words != PADDING).sum()


def test_a_corpus_on_disk_trains_a_network(tmp_path: Path) -> None:
    tokens = GoldenMean(0.3).sample(1, 20_000, rng=rng())[0].astype(np.uint8)
    on_disk = np.memmap(tmp_path / "corpus", dtype=np.uint8, mode="w+", shape=tokens.shape)
    on_disk[:] = tokens
    model = small()
    config = replace(BRIEF, steps=200, batch=64, lr=0.02, eval_every=200)
    fresh = GoldenMean(0.3)
    record = train(model, on_disk, config, rng=rng(), held_out=fresh)
    assert record.held_out
    assert record.final.mean_kl is not None
    assert record.final.mean_kl < 0.01
    assert (on_disk == tokens).all()
    assert np.shares_memory(as_source(on_disk, 2).documents[0], on_disk)  # type: ignore[attr-defined]


def test_arrays_and_lists_are_sources() -> None:
    tokens = GoldenMean().sample(30, 5, rng=rng())
    assert isinstance(as_source(tokens, 2), FixedSequences)
    assert isinstance(as_source(torch.as_tensor(tokens), 2), FixedSequences)
    assert isinstance(as_source(tokens[0], 2), Windows)
    assert isinstance(as_source(list(tokens), 2), Windows)
    process = GoldenMean()
    assert as_source(process, 2) is process
    for model in (tokens, list(tokens)):
        train(small(), model, BRIEF, rng=rng())
    with pytest.raises(ValueError, match="got dict"):
        as_source({}, 2)


def test_fixed_sequences_with_probabilities_are_the_process() -> None:
    words, probability = GoldenMean(0.3).all_words(3)
    source = FixedSequences(words, n_symbol=2, weight=probability)
    drawn = source.sample(40_000, 2, rng=rng())
    assert ((drawn == 1).mean(axis=0)) == pytest.approx(np.full(2, 0.3 / 1.3), abs=0.01)  # standard error 0.002
    even = FixedSequences(words, n_symbol=2).sample(40_000, 3, rng=rng())
    assert np.unique(even, axis=0, return_counts=True)[1] / 40_000 == pytest.approx(np.full(5, 0.2), abs=0.01)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Windows([], n_symbol=2), "at least one document"),
        (lambda: Windows([np.array([0, 1]), np.array([], dtype=int)], n_symbol=2), "document 1 must have the axis"),
        (lambda: Windows([np.array([[0, 1]])], n_symbol=2), r"document 0 must have the axis .* got shape \(1, 2\)"),
        (lambda: Windows([np.array([0]), np.array([1])], n_symbol=2), "no document has two symbols"),
        (
            lambda: Windows([np.array([0, 1]), np.array([0, 2])], n_symbol=2),
            r"document 1 must be in 0 \.\. 1; \[1\] is 2",
        ),
        (lambda: Windows([np.array([0.0, 1.0])], n_symbol=2), "document 0 must be integers"),
        (lambda: FixedSequences(np.array([[0, 1], [1, -1]]), n_symbol=2), r"\[1, 1\] is -1"),
        (lambda: FixedSequences(np.zeros((0, 3), dtype=int), n_symbol=2), "none of length 0"),
        (lambda: FixedSequences(np.zeros((2, 3), dtype=int), n_symbol=2, weight=np.ones(2)), "they sum to 2"),
        (
            lambda: FixedSequences(np.zeros((2, 3), dtype=int), n_symbol=2).sample(1, 4, rng=rng()),
            "there are 3 in each",
        ),
    ],
    ids=range(10),
)
def test_sources_that_make_no_sense_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


class Wrong:
    """Gives words of the wrong kind."""

    def __init__(self, words: np.ndarray) -> None:
        self.words = words

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> np.ndarray:
        return self.words if self.words.ndim == 2 else np.full((n_seq, n_time), self.words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (np.array(-1), r"tokens must be in 0 \.\. 1; tokens\[0, 0\] is -1"),
        (np.array(2), r"tokens\[0, 0\] is 2"),
        (np.array(0.5), "must be integers"),
        (np.zeros((2, 2), dtype=int), r"was asked for words \(seq, time\) = \(16, 5\) and gave \(2, 2\)"),
    ],
    ids=["negative", "too large", "real", "shape"],
)
def test_words_that_are_no_symbols_are_refused(words: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train(small(), Wrong(words), BRIEF, rng=rng())


def test_a_bad_last_symbol_is_found_though_no_network_reads_it() -> None:
    class LastWrong(Coin):
        def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> np.ndarray:
            words = super().sample(n_seq, n_time, rng=rng)
            words[-1, -1] = 7
            return words

    with pytest.raises(ValueError, match=r"tokens\[15, 4\] is 7"):
        train(small(), LastWrong(), BRIEF, rng=rng())


# --------------------------------------------------------------------------------------------------------------- limits


def test_training_stops_at_a_kl() -> None:
    config = TrainingConfig(length=6, steps=400, batch=64, lr=0.02, eval_every=20, eval_sequences=512)
    whole = train(small(), GoldenMean(0.3), config, rng=rng())
    curve = [each.mean_kl for each in whole.evaluations if each.mean_kl is not None]
    first = next(i for i, kl in enumerate(curve) if kl <= 5e-3)
    model = small()
    stopped = train(model, GoldenMean(0.3), replace(config, stop_at_kl=5e-3), rng=rng())
    assert (whole.stopped, stopped.stopped) == ("steps", "kl")
    assert stopped.evaluations == whole.evaluations[: first + 1]
    assert stopped.updates == 20 * first < 400
    assert stopped.symbols_seen == stopped.updates * 64 * 7
    assert stopped.steps[-1] == stopped.updates
    words, probability = GoldenMean(0.3).all_words(6)
    assert kl_to_optimum(model, GoldenMean(0.3), words, weight=probability).mean() < 6e-3
    at_once = train(model, GoldenMean(0.3), replace(config, stop_at_kl=1.0), rng=rng())
    assert (at_once.stopped, at_once.updates, at_once.steps, at_once.symbols_seen) == ("kl", 0, (), 0)


def test_training_stops_after_seconds_with_the_schedule_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.arange(10_000) / 8)  # every look at the clock is an eighth of a second later: exact in binary
    monkeypatch.setattr("predictors.training.perf_counter", lambda: float(next(clock)))
    asked: list[int] = []

    def listening(config: TrainingConfig, step: int) -> float:
        asked.append(step)
        return learning_rate(config, step)

    monkeypatch.setattr("predictors.training.learning_rate", listening)
    record = train(small(), GoldenMean(), replace(BRIEF, steps=1001, max_seconds=1.0), rng=rng())
    assert record.stopped == "seconds"
    assert record.updates == 8
    assert record.seconds == 1.0
    assert asked == [125 * i for i in range(8)]
    assert record.final.step == 8
    plain = train(small(), GoldenMean(), replace(BRIEF, max_seconds=1e6), rng=rng())
    assert (plain.stopped, plain.updates) == ("steps", 6)


def test_budgets_pay_for_whole_updates() -> None:
    assert steps_within(batch=10, length=9, symbols=1_000) == 10
    assert steps_within(batch=10, length=9, symbols=1_099) == 10
    assert steps_within(batch=10, length=9, flops=5e6, flops_per_symbol=100) == 500
    assert steps_within(batch=10, length=9, flops=5e6, flops_per_symbol=lambda: 100, symbols=300) == 3
    foreign, model = Small(), small()
    assert parameter_rule(foreign) == 6 * sum(p.numel() for p in foreign.parameters())
    assert flops_per_symbol(foreign, 5) == (parameter_rule(foreign), "six for each parameter")
    assert flops_per_symbol(model, 5) == (3 * flops(model.config, 5), "three times the forward pass")

    class Counting(Small):
        def flops_per_symbol(self, length: int) -> float:
            return 100.0 * length

    assert flops_per_symbol(Counting(), 5) == (500.0, "the network's own count")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "got neither"),
        ({"symbols": 99}, "does not pay for one update of 100 symbols"),
        ({"symbols": float("nan")}, "symbols must be positive and finite"),
        ({"flops": 1e9}, "needs flops_per_symbol"),
        ({"flops": 1e9, "flops_per_symbol": 0.0}, "flops_per_symbol must be positive"),
    ],
    ids=range(5),
)
def test_budgets_that_make_no_sense_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        steps_within(batch=10, length=9, **arguments)


# ------------------------------------------------------------------------------------------------- precision and record


def test_precision_is_an_argument() -> None:
    single, double = small(), small()
    train(single, GoldenMean(), BRIEF, rng=rng())
    train(double, GoldenMean(), BRIEF, rng=rng(), device="cpu", dtype=torch.float64)
    assert {p.dtype for p in single.parameters()} == {torch.float32}
    assert {p.dtype for p in double.parameters()} == {torch.float64}
    for a, b in zip(single.parameters(), double.parameters(), strict=True):
        assert torch.allclose(a.double(), b, atol=1e-4)  # six float32 steps of 3e-3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_refused(dtype: torch.dtype) -> None:
    with pytest.raises(ValueError, match=r"training is in float32 or float64; '.*' is torch\.(b?)float16"):
        train(small(), GoldenMean(), BRIEF, rng=rng(), dtype=dtype)


def test_an_unbounded_clip_is_json_too() -> None:
    record = train(small(), GoldenMean(), replace(BRIEF, clip=float("inf")), rng=rng())
    found = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert found["config"]["clip"] == "inf"
    assert record.final.loss == pytest.approx(log(2), abs=0.3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"targets": "soft"}, "targets must be one of sampled, exact; got 'soft'"),
        ({"optimiser": "adam"}, "optimiser must be one of adamw, sgd, muon; got 'adam'"),
        ({"schedule": "step"}, "schedule must be one of cosine"),
        ({"momentum": 1.0}, r"momentum must be in \[0, 1\)"),
        ({"decay": 1.5}, "decay is a part"),
        ({"stop_at_kl": 0.0}, "stop_at_kl must be positive and finite, or None"),
        ({"max_seconds": float("inf")}, "max_seconds must be positive and finite, or None"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(BRIEF, **wrong)


def test_snapshots_need_a_positive_distance() -> None:
    with pytest.raises(ValueError, match="snapshot_every must be at least 1; got -1"):
        train(small(), GoldenMean(), BRIEF, rng=rng(), snapshot_every=-1)

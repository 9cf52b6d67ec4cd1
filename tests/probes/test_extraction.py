"""Machines extracted from predictors alone: planted ones are recovered, and where there is none it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch import Tensor

from compmech import EpsilonMachine, epsilon_machine, zoo
from compmech.inference import isomorphism, predicted_futures
from predictors import ProcessPredictor, Site, TransformerConfig, UniformPredictor, build
from predictors.predictor import untouched
from probes.extraction import compared, extract
from probes.rollout import carried_futures, log_likelihood, read_futures, roll_out, structure_p_value

LINE = ("golden_mean", "even", "z1r", "nemo", "rrxor")
"""The processes whose machines are to be recovered."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@dataclass(frozen=True)
class LeakyCarry:
    """Exact beliefs over states of the process, and the row."""

    row: int
    log_probs: Tensor | None
    belief: np.ndarray


class Leaky:
    """A predictor that is nearly a process, as a trained network is: it gives every symbol a small probability
    whatever the state, reads forbidden ones as if nothing had been known, and errs by position and history."""

    first_row = 0
    sites: Mapping[str, Site] = MappingProxyType({})

    def __init__(self, process, leak: float, wobble: float = 0.0) -> None:
        self.process, self.leak, self.wobble = process, leak, wobble
        self.n_symbol = process.n_symbol

    def _carry(self, belief: np.ndarray, row: int) -> LeakyCarry:
        chance = (1 - self.leak) * belief @ self.process.emission + self.leak / self.n_symbol
        tilt = np.exp(self.wobble * np.sin(7 * row + 3 * np.arange(self.n_symbol)))
        chance = chance * tilt / (chance * tilt).sum(axis=1, keepdims=True)
        return LeakyCarry(row, torch.from_numpy(np.log(chance)).float(), belief)

    def init_carry(self, n_seq: int, *, tap=untouched) -> LeakyCarry:
        return self._carry(np.tile(self.process.start, (n_seq, 1)), 0)

    def step(self, tokens_t: Tensor, carry: LeakyCarry, *, tap=untouched) -> tuple[Tensor, LeakyCarry]:
        moved = np.einsum("si,sij->sj", carry.belief, self.process.T[tokens_t.numpy()])
        total = moved.sum(axis=1, keepdims=True)
        belief = np.where(total > 0, moved / np.where(total > 0, total, 1.0), self.process.start)
        after = self._carry(belief, carry.row + 1)
        return after.log_probs, after

    def advance(self, tokens: Tensor, carry: LeakyCarry, *, tap=untouched) -> tuple[Tensor, LeakyCarry]:
        rows = []
        for t in range(tokens.shape[1]):
            row, carry = self.step(tokens[:, t], carry)
            rows.append(row)
        return torch.stack(rows, dim=1), carry

    def log_probs(self, tokens: Tensor, *, tap=untouched) -> Tensor:
        first = self.init_carry(len(tokens))
        return torch.cat([first.log_probs[:, None], self.advance(tokens, first)[0]], dim=1)


# ------------------------------------------------------------------------------------------------------------ rollouts


def test_a_roll_out_is_of_the_process_and_its_futures_are_exact() -> None:
    process = zoo.nemo()
    exact = ProcessPredictor(process)
    drawn = roll_out(exact, 400, 12, rows=(6, 12), drop_below=0.01, rng=rng())
    assert np.isfinite(process.log_prob(drawn.words)).all()
    assert drawn.words.mean() == pytest.approx(process.predict(np.empty((1, 0), dtype=int))[0, 0, 1], abs=0.03)
    assert drawn.never_drawn == 0
    found = drawn.futures(exact, 2)
    assert np.allclose(found.joint[:400], predicted_futures(process, drawn.words[:, :6], horizon=2).joint)
    assert np.allclose(found.joint[400:], predicted_futures(process, drawn.words, horizon=2).joint)
    rows = process.predict(drawn.words)
    entropy = -np.where(rows > 0, rows * np.log2(np.where(rows > 0, rows, 1)), 0).sum(axis=2)
    assert np.allclose(drawn.entropy_bits, entropy)
    assert np.array_equal(drawn.words, roll_out(exact, 400, 12, rows=(6,), drop_below=0.01, rng=rng()).words)


def test_futures_of_words_that_are_given_are_those_of_the_process() -> None:
    process = zoo.nemo()
    words = process.sample(30, 7, rng=rng())
    found = read_futures(ProcessPredictor(process), words, 3)
    assert np.allclose(found.joint, predicted_futures(process, words, horizon=3).joint)
    with pytest.raises(ValueError, match="horizon must be at least 1"):
        read_futures(ProcessPredictor(process), words, 0)


def test_symbols_held_for_impossible_are_never_drawn_and_counted() -> None:
    leaky = Leaky(zoo.golden_mean(), leak=0.01)
    drawn = roll_out(leaky, 300, 20, rows=(20,), drop_below=0.01, rng=rng())
    assert not ((drawn.words[:, 1:] == 1) & (drawn.words[:, :-1] == 1)).any()
    assert drawn.never_drawn == pytest.approx(0.005 / 3, abs=3e-4)
    through = roll_out(leaky, 300, 20, rows=(20,), drop_below=0.0, rng=rng())
    assert ((through.words[:, 1:] == 1) & (through.words[:, :-1] == 1)).any()
    assert through.never_drawn == 0


def test_log_likelihoods_are_those_of_the_process_impossible_words_included() -> None:
    process = zoo.golden_mean()
    words = np.array([[0, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]])
    assert np.allclose(log_likelihood(ProcessPredictor(process), words), process.log_prob(words))


def test_p_values_of_structure_are_small_with_it_and_one_without() -> None:
    for process, most in ((zoo.even(), 0.05), (zoo.rrxor(), 0.05)):
        exact = ProcessPredictor(process)
        words = process.sample(20, 30, rng=rng())
        assert structure_p_value(exact, words, n_surrogate=19, rng=rng(1)) <= most
    coin = UniformPredictor(2)
    assert structure_p_value(coin, zoo.fair_coin().sample(20, 30, rng=rng()), n_surrogate=19, rng=rng(1)) == 1


def test_what_cannot_be_rolled_out_is_refused() -> None:
    exact = ProcessPredictor(zoo.even())
    with pytest.raises(ValueError, match="rows from 1 to 4"):
        roll_out(exact, 2, 4, rows=(5,), drop_below=0.01, rng=rng())
    with pytest.raises(ValueError, match="drop_below must be"):
        extract(exact, length=4, rng=rng(), drop_below=0.5)
    with pytest.raises(ValueError, match="at least 2 sequences"):
        extract(exact, length=4, rng=rng(), n_seq=1)
    for odd in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="tolerance must be above 0, and finite"):
            extract(exact, length=4, rng=rng(), tolerance=odd)

    class Broken(Leaky):
        def _carry(self, belief, row):
            made = super()._carry(belief, row)
            return LeakyCarry(row, made.log_probs * (float("nan") if row == 2 else 1), belief)

    with pytest.raises(ValueError, match="at row 2 the predictor gives sequence 0 probabilities that sum to nan"):
        roll_out(Broken(zoo.even(), 0.01), 2, 4, rows=(4,), drop_below=0.01, rng=rng())


def test_a_predictor_that_cannot_read_so_far_says_so() -> None:
    config = TransformerConfig(n_symbol=2, width=8, n_layer=1, n_head=1, max_length=12)
    model = build(config, rng=torch.Generator().manual_seed(0))
    with pytest.raises(
        ValueError, match=r"reads at most 12 symbols: 32 and 2 more .* at most 10 symbols \(n_time, --sym"
    ):
        extract(model, length=8, rng=rng())
    with pytest.raises(ValueError, match="10 and 3 more for their futures do not fit"):
        extract(model, length=8, rng=rng(), n_time=10, horizon=3)
    found = extract(model, length=8, rng=rng(), n_time=9, horizon=1, n_seq=30).found
    assert found.diagnostics["rollout"]["length"] == 9
    with pytest.raises(ValueError, match="still grows at horizon 4"):  # the longest that fits is the last tried
        extract(model, length=8, rng=rng(), n_time=8, n_seq=30)


class Silent(Leaky):
    """One that does not speak before its first symbol."""

    first_row = 1

    def _carry(self, belief: np.ndarray, row: int) -> LeakyCarry:
        made = super()._carry(belief, row)
        return LeakyCarry(row, made.log_probs if row else None, belief)


def test_a_predictor_that_does_not_speak_before_its_first_symbol_is_given_one() -> None:
    silent = Silent(zoo.nemo(), leak=1e-3)
    drawn = roll_out(silent, 200, 10, rows=(10,), drop_below=0.01, rng=rng())
    assert drawn.words[:, 0].mean() == pytest.approx(0.5, abs=0.1)
    assert np.isnan(drawn.entropy_bits[:, 0]).all()
    assert np.isfinite(drawn.entropy_bits[:, 1:]).all()
    found = extract(silent, length=8, rng=rng(), n_seq=60).found
    assert found.n_causal_states.value == 3
    assert found.diagnostics["excess_entropy_from_rollouts"] is None
    assert found.excess_entropy is not None


# ---------------------------------------------------------------------------------------------------- planted machines


@pytest.mark.parametrize("name", LINE)
def test_exact_predictors_give_their_machine_exactly(name: str) -> None:
    process = getattr(zoo, name)()
    exact = ProcessPredictor(process)
    found = extract(exact, length=12, rng=rng(), n_seq=80, alphabet=process.alphabet).found
    beside = compared(found, exact, process, length=12, rng=rng(1))
    assert beside["isomorphic"]
    assert beside["largest_difference"] < 1e-6
    assert not beside["undertrained"]
    assert beside["kl_nats"] == pytest.approx(0, abs=1e-12)
    assert found.n_causal_states.value == epsilon_machine(process).n_state
    assert found.p_structure == 0.01
    assert found.diagnostics["rollout"]["length"] == 48
    assert found.entropy_rate.low - 0.02 <= beside["statistics"]["entropy_rate"] <= found.entropy_rate.high + 0.02


@pytest.mark.parametrize("name", ["z1r", "rrxor"])
def test_nearly_exact_predictors_give_it_with_what_was_dropped(name: str) -> None:
    process = getattr(zoo, name)()
    leaky = Leaky(process, leak=2e-3, wobble=0.01)
    found = extract(leaky, length=12, rng=rng(), n_seq=80, alphabet=process.alphabet).found
    beside = compared(found, leaky, process, length=12, rng=rng(1))
    assert beside["isomorphic"]
    assert 0 < beside["largest_difference"] < 0.01
    assert 0 < beside["kl_nats"] < 1e-3
    forbidden = int((epsilon_machine(process).emit == 0).sum())
    assert len(found.diagnostics["dropped"]) == forbidden
    assert all(0 < each["probability"] < 0.01 for each in found.diagnostics["dropped"])


# --------------------------------------------------------------------------------------------------- planted negatives


def test_mess3_has_no_finite_machine_but_a_process_of_dimension_three() -> None:
    process = zoo.mess3()
    exact = ProcessPredictor(process)
    extracted = extract(exact, length=10, rng=rng(), n_seq=200, alphabet=process.alphabet)
    found = extracted.found
    assert found.method == "spectral"
    assert found.n_causal_states is None
    assert "grows with the tolerance" in found.diagnostics["reason"]
    assert found.diagnostics["hankel"]["rank"] == 3
    assert found.excess_entropy.low <= 0.5709 <= found.excess_entropy.high
    assert extracted.beliefs.shape[1] == 2
    beside = compared(found, exact, process, length=10, rng=rng(1))
    assert beside["isomorphic"] is None
    assert "no finite epsilon-machine" in beside["why"]


def test_a_poor_predictor_is_called_so_and_no_machine_is_made_up() -> None:
    process = zoo.rrxor()
    poor = Leaky(process, leak=0.15, wobble=0.5)
    found = extract(poor, length=10, rng=rng(), n_seq=80, horizon=3, alphabet=process.alphabet).found
    beside = compared(found, poor, process, length=10, rng=rng(1))
    assert beside["undertrained"]
    assert not beside["isomorphic"]
    assert not found.diagnostics["finite"]
    assert not isinstance(found.machine, EpsilonMachine)


def test_the_machine_is_the_predictors_and_not_the_one_it_is_compared_with() -> None:
    """Trained on one process or said to be: what is found does not move."""
    even, golden = zoo.even(), zoo.golden_mean()
    exact = ProcessPredictor(even)
    found = extract(exact, length=8, rng=rng(), n_seq=100, alphabet=even.alphabet).found
    assert isomorphism(found.machine, epsilon_machine(even)) is not None
    beside = compared(found, Leaky(even, leak=0.01), golden, length=8, rng=rng())
    assert beside["isomorphic"] is False
    assert beside["why"] == "the transitions differ"
    assert beside["undertrained"]


def test_futures_of_a_carry_are_a_distribution_over_all_words() -> None:
    exact = ProcessPredictor(zoo.even())
    found = carried_futures(exact, exact.init_carry(3), 4)
    assert found.shape == (3, 16)
    assert np.allclose(found.sum(axis=1), 1)

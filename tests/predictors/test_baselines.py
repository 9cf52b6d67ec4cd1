"""The floor and the ceiling: uniform, k-gram counts, exact prediction."""

import numpy as np
import pytest
import torch
from sources import GoldenMean

from compmech import GHMM, HMM, ImpossibleWord
from predictors import (
    KGramPredictor,
    Predictor,
    ProcessPredictor,
    UniformPredictor,
    UnknownSite,
    at,
    capture,
    check_predictor,
    edited,
)

EXACT = 1e-12  # float64 sums of a few terms

GOLDEN_MEAN = HMM([[[0.5, 0.0], [1.0, 0.0]], [[0.0, 0.5], [0.0, 0.0]]])
# Two hidden states that no symbol ever shows for certain.
NOISY = HMM([[[0.5, 0.2], [0.1, 0.1]], [[0.1, 0.2], [0.3, 0.5]]])


def turned(process: HMM) -> GHMM:
    """The same process in a basis of signed coordinates."""
    basis = np.array([[1.0, 2.0], [-1.0, 1.0]])
    back = np.linalg.inv(basis)
    return GHMM(basis @ process.T @ back, process.start @ back, basis @ process.evaluate)


def draw(process: HMM, n_seq: int = 40, n_time: int = 12) -> torch.Tensor:
    return torch.as_tensor(process.sample(n_seq, n_time, rng=np.random.default_rng(5)))


BASELINES = {
    "uniform": UniformPredictor(3),
    "k-gram 0": KGramPredictor.fit(draw(NOISY), 0, 2),
    "k-gram 3": KGramPredictor.fit(draw(NOISY), 3, 2),
    "k-gram 3 of a process with forbidden words": KGramPredictor.fit(draw(GOLDEN_MEAN), 3, 2),
    "exact": ProcessPredictor(NOISY),
    "exact with forbidden words": ProcessPredictor(GOLDEN_MEAN),
    "exact in signed coordinates": ProcessPredictor(turned(GOLDEN_MEAN)),
    "exact by replay": ProcessPredictor(GoldenMean(0.3)),
}


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_conforms(name: str) -> None:
    predictor = BASELINES[name]
    assert isinstance(predictor, Predictor)
    report = check_predictor(predictor)
    assert {"rows", "prefix", "splits", "carry", "batch", "refusals"} <= set(report.ran)
    assert {"gradients", "round-trip", "precision"} <= set(report.skipped)
    assert ("transplant" in report.ran) == bool(predictor.sites)


def test_an_edited_exact_predictor_conforms() -> None:
    check_predictor(edited(ProcessPredictor(NOISY), {"belief": at(3, lambda belief: belief.flip(-1))}))


# -------------------------------------------------------------------------------------------------------------- uniform


def test_uniform_is_uniform() -> None:
    log_probs = UniformPredictor(3).log_probs(torch.tensor([[0, 2], [1, 1]]))
    assert torch.equal(log_probs, torch.full((2, 3, 3), -np.log(3.0), dtype=torch.float64))


def test_an_alphabet_has_a_symbol() -> None:
    with pytest.raises(ValueError, match="at least one symbol; got n_symbol=0"):
        UniformPredictor(0)


# --------------------------------------------------------------------------------------------------------------- k-gram


def witten_bell(words: np.ndarray, history: tuple[int, ...], n_symbol: int) -> np.ndarray:
    """The rule as published, by search through the words: P(x | history)."""
    width = len(history) + 1
    grams = [tuple(word[i : i + width]) for word in words.tolist() for i in range(len(word) - width + 1)]
    counts = np.array([sum(gram == (*history, x) for gram in grams) for x in range(n_symbol)], dtype=float)
    below = witten_bell(words, history[1:], n_symbol) if history else np.full(n_symbol, 1 / n_symbol)
    distinct = (counts > 0).sum()
    return below if counts.sum() == 0 else (counts + distinct * below) / (counts.sum() + distinct)


def test_k_grams_back_off_by_the_published_rule() -> None:
    rng = np.random.default_rng(1)
    train, words = rng.integers(3, size=(4, 7)), rng.integers(3, size=(6, 9))
    rows = KGramPredictor.fit(train, 2, 3).log_probs(torch.as_tensor(words)).exp().numpy()
    for s, word in enumerate(words.tolist()):
        for t in range(10):
            expected = witten_bell(train, tuple(word[max(0, t - 2) : t]), 3)
            assert abs(rows[s, t] - expected).max() < EXACT


def test_a_symbol_never_seen_gets_what_the_rule_says() -> None:
    model = KGramPredictor.fit(torch.tensor([[0, 1, 1, 0]]), 0, 3)  # n = 4 symbols, m = 2 different ones
    assert model.log_probs(torch.tensor([[]], dtype=torch.long)).exp()[0, 0, 2].item() == pytest.approx(2 / 6 / 3)


def test_a_history_never_seen_falls_back_on_the_shorter_one() -> None:
    model = KGramPredictor.fit(torch.tensor([[0, 1, 0, 1, 0]]), 2, 2)
    rows = model.log_probs(torch.tensor([[1, 1]])).exp()  # 11 never occurred
    assert torch.allclose(rows[0, 2], rows[0, 1], rtol=0, atol=EXACT)


def test_k_grams_see_the_last_k_symbols_only() -> None:
    model = KGramPredictor.fit(draw(NOISY), 3, 2)
    words = draw(NOISY, n_seq=1)
    other = words.clone()
    other[0, 0] = 1 - other[0, 0]
    before, after = model.log_probs(words), model.log_probs(other)
    assert torch.equal(before[:, 4:], after[:, 4:])
    assert all(not torch.equal(before[:, t], after[:, t]) for t in (1, 2, 3))


def test_k_grams_find_a_markov_process() -> None:
    source = GoldenMean(0.3)
    model = KGramPredictor.fit(source.sample(20_000, 10, rng=np.random.default_rng(0)), 1, 2)
    words, _ = source.all_words(4)
    rows = model.log_probs(torch.as_tensor(words)).exp().numpy()
    assert abs(rows - source.predict(words)).max() < 0.01  # 2e5 symbols: a standard error of about 0.001


def test_sequences_shorter_than_k_are_counted_as_far_as_they_go() -> None:
    short = KGramPredictor.fit(torch.tensor([[0, 1]]), 4, 2)
    words = torch.tensor([[0, 1, 0, 1, 1, 0]])
    assert torch.equal(short.log_probs(words), KGramPredictor.fit(torch.tensor([[0, 1]]), 1, 2).log_probs(words))


@pytest.mark.parametrize(
    ("tokens", "k", "n_symbol", "message"),
    [
        (torch.tensor([[0, 1]]), -1, 2, "k >= 0; got -1"),
        (torch.tensor([[0, 1]]), 30, 2, "take a smaller k"),
        (torch.tensor([[0, 2]]), 1, 2, r"tokens\[0, 1\] is 2"),
        (torch.empty(3, 0, dtype=torch.long), 1, 2, "nothing to count"),
    ],
)
def test_k_grams_refuse(tokens: torch.Tensor, k: int, n_symbol: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KGramPredictor.fit(tokens, k, n_symbol)


def test_tables_must_be_distributions_of_the_right_shape() -> None:
    with pytest.raises(ValueError, match=r"order 1 must have shape .* = \(2, 2\); got \(1, 2\)"):
        KGramPredictor([np.full((1, 2), 0.5), np.full((1, 2), 0.5)])
    with pytest.raises(ValueError, match="order 0, history 0"):
        KGramPredictor([np.array([[0.5, 0.6]])])
    with pytest.raises(ValueError, match="at least the table of order 0"):
        KGramPredictor([])


# ----------------------------------------------------------------------------------------------------- exact prediction


@pytest.mark.parametrize("process", [GOLDEN_MEAN, NOISY], ids=["golden mean", "noisy"])
def test_exact_prediction_is_the_process(process: HMM) -> None:
    words = draw(process)
    for predictor in (ProcessPredictor(process), ProcessPredictor(turned(process))):
        rows = predictor.log_probs(words).exp().numpy()
        assert abs(rows - process.predict(words.numpy())).max() < EXACT


def test_replay_and_filter_agree_and_only_the_filter_has_a_site() -> None:
    words = draw(GOLDEN_MEAN)
    replay, exact = ProcessPredictor(GoldenMean(0.5)), ProcessPredictor(GOLDEN_MEAN)
    assert torch.allclose(replay.log_probs(words).exp(), exact.log_probs(words).exp(), rtol=0, atol=EXACT)
    assert list(replay.sites) == []
    assert list(exact.sites) == ["belief"]
    assert exact.sites["belief"].state
    assert exact.sites["belief"].recurrent


def test_forbidden_symbols_are_minus_infinity_in_every_basis() -> None:
    for process in (GOLDEN_MEAN, turned(GOLDEN_MEAN)):
        assert ProcessPredictor(process).log_probs(torch.tensor([[0, 1]]))[0, 2, 1] == -torch.inf


def test_an_impossible_word_raises_what_the_process_raises() -> None:
    predictor = ProcessPredictor(GOLDEN_MEAN)
    with pytest.raises(ImpossibleWord) as found:
        predictor.log_probs(torch.tensor([[0, 0, 0, 0], [0, 1, 1, 0]]))
    assert (found.value.word[:3], found.value.t) == ((0, 1, 1), 2)
    _, carry = predictor.advance(torch.tensor([[0, 1]]), predictor.init_carry(1))
    with pytest.raises(ImpossibleWord) as found:
        predictor.step(torch.tensor([1]), carry)
    assert found.value.t == 2


def test_the_belief_site_is_the_filter() -> None:
    words = draw(NOISY, n_seq=3, n_time=4)
    beliefs = capture(ProcessPredictor(NOISY), words, ["belief"])["belief"].numpy()
    for s, word in enumerate(words.tolist()):
        belief = NOISY.start
        for t in range(5):
            assert abs(beliefs[s, t] - belief).max() < EXACT
            if t < 4:
                belief = belief @ NOISY.T[word[t]]
                belief = belief / belief.sum()


def test_an_edited_belief_is_what_bayes_goes_on_from() -> None:
    words, new = draw(NOISY, n_seq=5, n_time=6), torch.tensor([0.9, 0.1], dtype=torch.float64)
    rows = edited(ProcessPredictor(NOISY), {"belief": at(2, lambda belief: new.expand_as(belief))}).log_probs(words)
    restarted = HMM(NOISY.T, start=new.numpy())
    assert abs(rows[:, 2:].exp().numpy() - restarted.predict(words[:, 2:].numpy())).max() < EXACT
    assert torch.equal(rows[:, :2], ProcessPredictor(NOISY).log_probs(words)[:, :2])


@pytest.mark.parametrize(
    ("belief", "message"),
    [
        ([0.7, 0.7], r"sequence 0, row 1 has 1.4"),
        ([2.0, -1.0], "gives symbol 1 the probability|gives symbol 0 the probability"),
        ([float("nan"), 1.0], "sequence 0, row 1 has nan"),
    ],
)
def test_an_edit_that_gives_no_belief_is_refused(belief: list[float], message: str) -> None:
    process = HMM([[[0.9, 0.0], [0.1, 0.0]], [[0.0, 0.1], [0.0, 0.9]]])
    new = torch.tensor(belief, dtype=torch.float64)
    model = edited(ProcessPredictor(process), {"belief": at(1, lambda value: new.expand_as(value))})
    with pytest.raises(ValueError, match=message):
        model.log_probs(torch.tensor([[0, 0]]))


def test_reading_what_an_edited_belief_excludes_is_refused() -> None:
    after_one = torch.tensor([0.0, 1.0], dtype=torch.float64)
    model = edited(ProcessPredictor(GOLDEN_MEAN), {"belief": at(1, lambda value: after_one.expand_as(value))})
    with pytest.raises(ValueError, match="symbol 1 at t=1 has probability 0 under the edited belief"):
        model.log_probs(torch.tensor([[0, 1]]))


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("name", BASELINES)
def test_carries_and_taps_that_do_not_fit_are_refused(name: str) -> None:
    predictor = BASELINES[name]
    carry = predictor.init_carry(2)
    with pytest.raises(ValueError, match="the carry's 2 sequences; got 3"):
        predictor.advance(torch.zeros(3, 1, dtype=torch.long), carry)
    stranger = ProcessPredictor(NOISY) if isinstance(predictor, UniformPredictor) else UniformPredictor(2)
    with pytest.raises(ValueError, match="expected a carry made by this predictor's"):
        predictor.advance(torch.zeros(2, 1, dtype=torch.long), stranger.init_carry(2))
    with pytest.raises(UnknownSite, match=r"no site 'layer\.0'"):
        edited(predictor, {"layer.0": at(0, torch.zeros_like)})

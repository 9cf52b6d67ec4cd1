"""The floor and the ceiling: uniform, k-gram counts, exact prediction."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from sources import GoldenMean

from compmech import GHMM, HMM, ImpossibleWord, epsilon_machine
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
    kl_to_optimum,
)
from predictors.baselines import unigram
from predictors.smoothing import Discounts, count_words, kneser_ney_discounts

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


class LongestSuffix:
    """A corpus as a process, by the three methods and nothing else: what followed the longest suffix that occurs."""

    def __init__(self, text: list[int]) -> None:
        self.text = text

    def sample(self, n_seq: int, n_time: int, *, rng: np.random.Generator) -> np.ndarray:
        words = np.zeros((n_seq, 0), dtype=np.int64)
        for _ in range(n_time):
            rows = self.predict(words)[:, -1]
            words = np.concatenate([words, [[rng.choice(2, p=row)] for row in rows]], axis=1)
        return words

    def log_prob(self, words: np.ndarray) -> np.ndarray:
        rows = self.predict(words)[:, :-1]
        return np.log(np.take_along_axis(rows, np.asarray(words)[..., None], axis=-1)[..., 0]).sum(axis=1)

    def predict(self, words: np.ndarray) -> np.ndarray:
        return np.array([[self._next(list(word[:t])) for t in range(len(word) + 1)] for word in np.asarray(words)])

    def _next(self, history: list[int]) -> list[float]:
        size = len(history)
        after = [self.text[i] for i in range(size, len(self.text)) if self.text[i - size : i] == history]
        return [after.count(x) / len(after) for x in (0, 1)] if after else self._next(history[1:])


BASELINES = {
    "uniform": UniformPredictor(3),
    "k-gram 0": KGramPredictor.fit(draw(NOISY), 0, 2),
    "k-gram 3": KGramPredictor.fit(draw(NOISY), 3, 2),
    "k-gram 3 of a process with forbidden words": KGramPredictor.fit(draw(GOLDEN_MEAN), 3, 2),
    "k-gram 3 with back-off": KGramPredictor.fit(draw(NOISY), 3, 2, smoothing="back-off"),
    "k-gram 3 by Kneser-Ney": KGramPredictor.fit(draw(NOISY, n_seq=4), 3, 2, smoothing="kneser-ney"),
    "k-gram 3 unsmoothed": KGramPredictor.fit(draw(GOLDEN_MEAN), 3, 2, smoothing="none"),
    "unigram": unigram(draw(NOISY), 2),
    "exact": ProcessPredictor(NOISY),
    "exact with forbidden words": ProcessPredictor(GOLDEN_MEAN),
    "exact in signed coordinates": ProcessPredictor(turned(GOLDEN_MEAN)),
    "exact by replay": ProcessPredictor(GoldenMean(0.3)),
    "an epsilon-machine": ProcessPredictor(epsilon_machine(GOLDEN_MEAN)),
    "a coarse-grained process": ProcessPredictor(HMM(NOISY.T.sum(axis=(1, 2))[:, None, None] / 2)),
    "a corpus": ProcessPredictor(LongestSuffix([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0])),
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


def back_off(words: np.ndarray, history: tuple[int, ...], n_symbol: int) -> np.ndarray:
    """Katz's form with Witten and Bell's discounts, symbol by symbol."""
    counts = counted(words, history, n_symbol)
    below = back_off(words, history[1:], n_symbol) if history else np.full(n_symbol, 1 / n_symbol)
    total, seen = counts.sum(), int((counts > 0).sum())
    if total == 0:
        return below
    if seen == n_symbol:
        return counts / total
    unseen = sum(below[x] for x in range(n_symbol) if counts[x] == 0)
    left = seen / (total + seen)
    return np.array([counts[x] / (total + seen) if counts[x] else left * below[x] / unseen for x in range(n_symbol)])


def kneser_ney(words: np.ndarray, history: tuple[int, ...], n_symbol: int, longest: bool = True) -> np.ndarray:
    """Chen and Goodman's modified rule, by search through the words: shorter histories count what came before them."""

    def number(word: tuple[int, ...]) -> int:
        if longest:
            return int(counted(words, word[:-1], n_symbol)[word[-1]])
        return sum(counted(words, (x, *word[:-1]), n_symbol)[word[-1]] > 0 for x in range(n_symbol))

    below = kneser_ney(words, history[1:], n_symbol, False) if history else np.full(n_symbol, 1 / n_symbol)
    of_counts = [number(word) for word in product(range(n_symbol), repeat=len(history) + 1)]
    n1, n2, n3, n4 = (of_counts.count(i) for i in (1, 2, 3, 4))
    discount = [0, 0.5, 1, 1.5]
    if n1 and n2 and n3 and n4:
        y = n1 / (n1 + 2 * n2)
        own = [0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3]
        if all(0 <= d <= i for i, d in enumerate(own)):
            discount = own
    counts = [number((*history, x)) for x in range(n_symbol)]
    if sum(counts) == 0:
        return below
    taken = [discount[min(count, 3)] for count in counts]
    return np.array([(n - d + sum(taken) * b) / sum(counts) for n, d, b in zip(counts, taken, below, strict=True)])


def counted(words: np.ndarray, history: tuple[int, ...], n_symbol: int) -> np.ndarray:
    width = len(history) + 1
    grams = [tuple(word[i : i + width]) for word in words.tolist() for i in range(len(word) - width + 1)]
    return np.array([sum(gram == (*history, x) for gram in grams) for x in range(n_symbol)], dtype=float)


@pytest.mark.parametrize("size", [(4, 7), (30, 8)], ids=["few", "many"])
@pytest.mark.parametrize(
    ("smoothing", "rule"), [("witten-bell", witten_bell), ("back-off", back_off), ("kneser-ney", kneser_ney)]
)
def test_k_grams_are_smoothed_by_the_published_rules(smoothing: str, rule: Any, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    train, words = np.minimum(rng.geometric(0.6, size=size) - 1, 2), rng.integers(3, size=(4, 4))
    rows = KGramPredictor.fit(train, 2, 3, smoothing=smoothing).log_probs(torch.as_tensor(words)).exp().numpy()
    assert rows.min() > 0
    for s, word in enumerate(words.tolist()):
        for t in range(5):
            expected = rule(train, tuple(word[max(0, t - 2) : t]), 3)
            assert abs(rows[s, t] - expected).max() < EXACT


def test_discounts_come_from_counts_of_counts_and_say_if_they_cannot() -> None:
    counts = np.repeat([0, 1, 2, 3, 4, 9], [5, 12, 6, 4, 3, 2])[None]
    y = 12 / (12 + 2 * 6)
    expected = (1 - 2 * y * 6 / 12, 2 - 3 * y * 4 / 6, 3 - 4 * y * 3 / 4)
    found = kneser_ney_discounts(counts)
    assert (found.once, found.twice, found.more) == pytest.approx(expected, abs=EXACT)
    assert found.estimated
    assert kneser_ney_discounts(np.array([[1000, 2000]])) == Discounts(0.5, 1.0, 1.5, estimated=False)
    strange = np.repeat([1, 2, 3, 4], [1, 1, 1, 9])[None]  # the estimate for 3 and more would be negative
    assert not kneser_ney_discounts(strange).estimated


def test_kneser_ney_below_counts_what_came_before_not_how_often() -> None:
    train = np.array([[1, 2, 1, 2, 1, 2, 0, 0, 1, 0, 1, 2, 0, 3]])  # 0 and 2 four times each, but 2 after 1 alone
    rows = {
        rule: KGramPredictor.fit(train, 1, 4, smoothing=rule).log_probs(torch.tensor([[3]])).exp()[0, 1]
        for rule in ("kneser-ney", "witten-bell")
    }
    assert rows["witten-bell"][2] == rows["witten-bell"][0]  # nothing ever followed 3
    assert rows["kneser-ney"][2] < 0.6 * rows["kneser-ney"][0]


def test_unsmoothed_counts_exclude_what_never_came() -> None:
    model = KGramPredictor.fit(torch.tensor([[0, 1, 0, 1, 1]]), 1, 3, smoothing="none")
    rows = model.log_probs(torch.tensor([[0, 1]]))
    assert rows[0, 0].exp().tolist() == pytest.approx([0.4, 0.6, 0.0])
    assert rows[0, 1].tolist() == [-np.inf, 0.0, -np.inf]
    assert rows[0, 2].exp().tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert torch.equal(unigram(torch.tensor([[0, 1, 0, 1, 1]]), 3).log_probs(torch.tensor([[0, 1]]))[0, 2], rows[0, 0])


def test_documents_of_different_lengths_are_counted_alike() -> None:
    documents = [np.array([0, 1, 1]), np.array([1]), np.array([1, 0])]
    (zero, one) = count_words([each[None] for each in documents], 1, 2)
    assert zero.tolist() == [[2, 4]]
    assert one.tolist() == [[0, 1], [1, 1]]
    rows = KGramPredictor.fit(documents, 1, 2, smoothing="none").log_probs(torch.tensor([[0, 1]])).exp()
    assert rows[0].numpy() == pytest.approx(np.array([[1 / 3, 2 / 3], [0, 1], [1 / 2, 1 / 2]]), abs=EXACT)


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
    with pytest.raises(ValueError, match="smoothing must be one of witten-bell, back-off, kneser-ney, none; got 'kn'"):
        KGramPredictor.fit(torch.tensor([[0, 1]]), 1, 2, smoothing="kn")


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


def test_any_object_with_the_methods_of_a_process_is_a_predictor() -> None:
    """Nothing of it but `predict` is called, in steps too; no alphabet, no filter, no matrices."""
    source = LongestSuffix([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0])
    predictor = ProcessPredictor(source)
    assert (predictor.n_symbol, predictor.first_row, dict(predictor.sites)) == (2, 0, {})
    words = torch.as_tensor(source.sample(3, 5, rng=np.random.default_rng(0)))
    whole = predictor.log_probs(words)
    assert whole.exp().numpy() == pytest.approx(source.predict(words.numpy()), abs=EXACT)
    carry = predictor.init_carry(3)
    assert carry.log_probs is not None
    assert torch.equal(carry.log_probs, whole[:, 0])
    for t in range(5):
        row, carry = predictor.step(words[:, t], carry)
        assert torch.equal(row, whole[:, t + 1])
    rows = whole[:, :-1].gather(-1, words[..., None])[..., 0].sum(1)
    assert rows.numpy() == pytest.approx(source.log_prob(words.numpy()), abs=EXACT)
    assert kl_to_optimum(predictor, source, words).max() == 0


def test_the_wrong_process_is_as_far_off_as_its_kl() -> None:
    coarse = ProcessPredictor(HMM(NOISY.T.sum(axis=(1, 2))[:, None, None] / 2))
    words = draw(NOISY)
    expected = NOISY.predict(words.numpy())[:, 1:]
    flat = coarse.log_probs(words)[:, 1:].numpy()
    kl = (expected * (np.log(expected) - flat)).sum(-1).mean(0)
    assert kl_to_optimum(coarse, NOISY, words) == pytest.approx(kl, abs=EXACT)
    assert kl.min() > 1e-3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros((2, 3, 2)), r"every row a distribution; sequence 0, row 0 is \[0\.0, 0\.0\]"),
        (np.full((2, 3, 2), [1.5, -0.5]), r"sequence 0, row 0 is \[1\.5, -0\.5\]"),
        (np.full((2, 3, 2), np.nan), "sequence 0, row 0 is"),
        (np.full((2, 2, 2), 0.5), r"must give \(seq, time\+1, symbol\) = \(2, 3, 2\); it gave \(2, 2, 2\)"),
        (np.full((2, 3, 3), 1 / 3), r"it gave \(2, 1, 3\)"),
    ],
    ids=["zeros", "negative", "nan", "rows", "symbols"],
)
def test_a_process_that_predicts_nonsense_is_refused(answer: np.ndarray, message: str) -> None:
    class Nonsense:
        alphabet = ("a", "b")

        def predict(self, words: np.ndarray) -> np.ndarray:
            return answer[:, : words.shape[1] + 1]

    with pytest.raises(ValueError, match=message):
        ProcessPredictor(Nonsense()).log_probs(torch.zeros(2, 2, dtype=torch.long))


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

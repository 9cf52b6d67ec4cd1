"""Checks of running: what a pass gives, and that pieces, steps, other batches and used carries give the same."""

import torch
from torch import Tensor

from predictors.conformance.trial import Trial, Watch

__all__ = [
    "check_batch",
    "check_capture_in_steps",
    "check_carry",
    "check_prefix",
    "check_repeat",
    "check_rows",
    "check_splits",
]


def check_rows(trial: Trial) -> None:
    """Rows first_row .. n of distributions, for n = 0 too; every site shows one vector of its width a row."""
    predictor, tokens = trial.predictor, trial.tokens
    if predictor.first_row not in (0, 1):
        trial.fail(f"first_row must be 0 or 1; got {predictor.first_row}")
    for n in (trial.n_time, 0):
        found = trial.log_probs(tokens=tokens[:, :n])
        shape = (len(tokens), n + 1 - predictor.first_row, predictor.n_symbol)
        if found.shape != shape or not found.dtype.is_floating_point:
            got = f"{tuple(found.shape)}, {found.dtype}"
            trial.fail(f"{n} symbols must give (seq, row, symbol) = {shape} of floating point; got {got}")
        trial.same(found.logsumexp(-1), found.new_zeros(shape[:2]), "the log of the sum of each row and 0")

    carry = predictor.init_carry(len(tokens))
    if carry.row != 0 or (carry.log_probs is None) != (predictor.first_row == 1):
        trial.fail(f"init_carry stands at row 0, with predictions unless first_row is 1; it says row {carry.row}")
    none, same = predictor.advance(tokens[:, :0], carry)
    if none.shape != (len(tokens), 0, predictor.n_symbol) or same.row != 0:
        trial.fail(f"advance by no symbols gives no rows and stays at row 0; got {tuple(none.shape)}, row {same.row}")

    _, watch = trial.watched()
    for name, site in predictor.sites.items():
        if watch.rows(name) != list(trial.rows):
            trial.fail(f"each of the rows {trial.rows} must be shown once; shown were {watch.rows(name)}", site=name)
        for rows, value, _ in watch.seen[name]:
            if value.shape != (len(tokens), len(rows), site.width):
                expected = (len(tokens), len(rows), site.width)
                trial.fail(f"(seq, row, width) must be {expected} at {rows}; got {tuple(value.shape)}", site=name)


def check_repeat(trial: Trial) -> None:
    """The same call twice gives the same answer."""
    trial.same(trial.log_probs(), trial.log_probs(), "predictions of the same words, asked twice")


def check_prefix(trial: Trial) -> None:
    """Rows up to t are those of the word cut at t, in predictions and at every site; x_t moves row t + 1 somewhere."""
    whole, watch = trial.watched()
    for n in range(trial.n_time):
        cut, part = trial.watched(tokens=trial.tokens[:, :n])
        trial.same(cut, whole[:, : cut.shape[1]], f"predictions of the words cut after {n} symbols and of whole ones")
        for site in trial.predictor.sites if cut.shape[1] else ():
            values = part.values(site)
            want = watch.values(site)[:, : values.shape[1]]
            trial.same(values, want, f"values on the words cut after {n} symbols and on whole ones", site=site)
    if trial.moved(whole, whole[:1, :1].expand_as(whole)):
        _check_reads(trial, whole)
    else:
        trial.note("every row gives the same prediction: no symbol can be expected to move one")


def _check_reads(trial: Trial, whole: Tensor) -> None:
    """Put another possible symbol in place of x_t and see whether row t + 1 moves."""
    first, tried = trial.predictor.first_row, False
    for t in range(first, trial.n_time):
        others = whole[:, t - first].scatter(1, trial.tokens[:, t : t + 1], -torch.inf)
        possible = others.amax(1) > -torch.inf
        if bool(possible.any()):
            tried = True
            words = torch.cat([trial.tokens[possible, :t], others[possible].argmax(1, keepdim=True)], dim=1)
            if trial.moved(trial.log_probs(tokens=words)[:, -1], whole[possible, t + 1 - first]):
                return
    if tried:
        trial.fail("another symbol in place of x_t never moves row t + 1: is the input read one row late?")
    trial.note("no other symbol is possible anywhere: there is none to put in place of x_t")


def check_splits(trial: Trial) -> None:
    """Every split into two, into three, and single steps give the rows of one pass."""
    whole, n = trial.log_probs(), trial.n_time
    splits = [[k, n - k] for k in range(n + 1)] + [[1, n - 2, 1], [n // 3, n // 3, n - 2 * (n // 3)], [1] * n]
    for pieces in splits:
        trial.same(trial.in_pieces(trial.predictor, pieces), whole, f"advance by {pieces} and one pass")
    trial.same(trial.in_steps(trial.predictor), whole, "single steps and one pass")


def check_capture_in_steps(trial: Trial) -> None:
    """Sites read in steps and in pieces are those read in one pass, and none is changed after it was shown."""
    trial.need_sites()
    one, steps, pieces = (Watch(trial.predictor.sites) for _ in range(3))
    trial.predictor.log_probs(trial.tokens, tap=one)
    trial.in_steps(trial.predictor, tap=steps)
    trial.in_pieces(trial.predictor, [3, trial.n_time - 3], tap=pieces)
    for site in trial.predictor.sites:
        for way, watch in (("one pass", one), ("single steps", steps), ("two pieces", pieces)):
            if watch.changed(site):
                trial.fail(f"{way}: a value shown to the tap was changed in place afterwards", site=site)
            if watch.rows(site) != list(trial.rows):
                trial.fail(f"{way}: rows {trial.rows} must be shown; shown were {watch.rows(site)}", site=site)
            trial.same(watch.values(site), one.values(site), f"values in {way} and in one pass", site=site)


def check_carry(trial: Trial) -> None:
    """A carry is a value: used twice, with other calls in between, it gives the same, and it stays as it was."""
    predictor, n = trial.predictor, trial.n_time // 2
    words, others = trial.tokens, trial.tokens.roll(1, 0)
    _, carry = predictor.advance(words[:, :n], predictor.init_carry(len(words)))
    _, between = predictor.advance(others[:, :n], predictor.init_carry(len(words)))
    before = None if carry.log_probs is None else carry.log_probs.clone()

    first = predictor.advance(words[:, n:], carry)[0].clone()
    one, _ = predictor.step(words[:, n], carry)
    predictor.advance(others[:, n:], between)
    second, _ = predictor.advance(words[:, n:], carry)

    if carry.row != n:
        trial.fail(f"a carry at row {n} stands at row {carry.row} after it was used", row=n)
    if before is not None and carry.log_probs is not None:
        trial.same(carry.log_probs[:, None], before[:, None], "a carry's log_probs after and before its use", first=n)
    trial.same(second, first, "rows from a carry used again and the first time", first=n + 1)
    trial.same(one[:, None], first[:, :1], "a step from a carry used before, and the same row", first=n + 1)


def check_batch(trial: Trial) -> None:
    """A sequence gets the same rows in any order, in any company and alone, in one pass and in steps."""
    whole, (read, watch) = trial.log_probs(), trial.watched()
    n_seq = len(trial.tokens)
    for what, which in (("in reverse order", list(range(n_seq))[::-1]), ("alone", [0]), ("alone", [n_seq - 1])):
        words, told = trial.tokens[which], f"sequences {which}, {what} and in company"
        trial.same(trial.in_steps(trial.predictor, tokens=words), whole[which], f"predictions in steps of {told}")
        rows, seen = trial.watched(tokens=words)
        trial.same(rows, read[which], f"predictions of {told}")
        for site in trial.predictor.sites:
            trial.same(seen.values(site), watch.values(site)[which], f"values of {told}", site=site)

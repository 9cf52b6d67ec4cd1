"""Checks of reading and editing sites, and of what a predictor must refuse."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from predictors.conformance.trial import Skip, Trial, Watch
from predictors.predictor import Edit, Edited, Predictor, UnknownSite, at, capture, edited

__all__ = ["check_edit", "check_exception", "check_reading", "check_refusals", "check_transplant"]

FURTHER = tuple(side * 4.0**power for power in range(1, 11) for side in (1, -1))
"""How far an edit goes that did not show, in distances to the other value: up to 1e6 to either side, beyond which
float32 cannot tell the value itself any more."""


def _same_value(value: Tensor) -> Tensor:
    return value


def _same_rows(rows: range, value: Tensor) -> Tensor:
    return value


def check_reading(trial: Trial) -> None:
    """Reading a site, or an edit that gives back what it got, changes no prediction and no other site."""
    trial.need_sites()
    whole, (read, watch) = trial.log_probs(), trial.watched()
    trial.same(read, whole, "predictions with every site read and with none")
    middle = trial.n_time // 2
    identities: dict[str, Edit] = {"every row": _same_rows, f"row {middle}": at(middle, _same_value)}
    for site in trial.predictor.sites:
        alone = Watch([site])
        read = trial.predictor.log_probs(trial.tokens, tap=alone)
        trial.same(read, whole, "predictions with the site read and unread", site=site)
        trial.same(alone.values(site), watch.values(site), "values read alone and with all other sites", site=site)
        for where, identity in identities.items():
            model = edited(trial.predictor, {site: identity})
            trial.same(trial.log_probs(model), whole, f"predictions with an identity edit at {where}", site=site)


def check_edit(trial: Trial) -> None:
    """An edit at t leaves rows before t + delay alone, moves that row, and is the same in steps; a capture shows it."""
    trial.need_sites()
    whole, watch = trial.watched()
    for site in trial.predictor.sites:
        values = watch.values(site)
        for row in trial.edit_rows:
            _check_one_edit(trial, site, row, values, whole)
        _check_edit_everywhere(trial, site, values)


def _check_one_edit(trial: Trial, site: str, row: int, values: Tensor, whole: Tensor) -> None:
    found = trial.towards(row, values, whole, 0.5)
    if found is None:
        return trial.note(f"{site!r} has one value only: no edit at row {row} to try")
    edit, written, differs = found
    model = edited(trial.predictor, {site: edit})
    rows, seen = trial.watched(model)
    first = trial.rows[0]
    start = row + trial.predictor.sites[site].delay
    before, there = slice(0, start - first), slice(start - first, start - first + 1)

    told = f"an edit at row {row}: "
    trial.same(rows[:, before], whole[:, before], f"{told}rows before {start} with and without it", site=site)
    expected = torch.cat([values[:, : row - first], written[:, None]], dim=1)
    trial.same(seen.values(site)[:, : row - first + 1], expected, f"{told}a capture and what was written", site=site)
    _check_pieces(trial, site, model, rows, told)
    if site == "final":
        later = slice(row + 1 - first, None)
        what = f"{told}rows after it with and without it ('final' is carried nowhere)"
        trial.same(rows[:, later], whole[:, later], what, site=site, first=row + 1)

    if row == trial.n_time // 2:
        trial.same(trial.in_steps(model), rows, f"{told}predictions in steps and in one pass", site=site)

    if row == first:  # where nothing was read there may be nothing to choose from (a single key): any later row will do
        there = slice(start - first, None)
    if start > trial.n_time or not bool(differs.any()):
        trial.note(f"{site!r}: no visible difference to look for at row {start} after an edit at row {row}")
    elif not (trial.moved(rows[:, there], whole[:, there]) or _moved_further(trial, site, row, values, whole, there)):
        trial.fail(f"{told}it must move row {start}; is the edited value the one that is read?", site=site, row=start)


def _moved_further(trial: Trial, site: str, row: int, values: Tensor, whole: Tensor, there: slice) -> bool:
    """Whether larger and larger edits move the rows `there`: a small one may do so by less than rounding.

    An edit that is ignored moves nothing, however large it is. A predictor may refuse values as far from its own.
    """
    for part in FURTHER:
        found = trial.towards(row, values, whole, part)
        assert found is not None  # it was there for half the way
        try:
            rows = trial.log_probs(edited(trial.predictor, {site: found[0]}))
        except ValueError:
            return False
        if trial.moved(rows[:, there], whole[:, there]):
            return True
    return False


def _check_edit_everywhere(trial: Trial, site: str, values: Tensor) -> None:
    """An edit of every row, halfway to the next sequence."""
    others, first = values.roll(1, 0), trial.rows[0]

    def edit(rows: range, value: Tensor) -> Tensor:
        return (value + others[:, rows.start - first : rows.stop - first]) / 2

    model, told = edited(trial.predictor, {site: edit}), "an edit at every row: "
    rows, _ = trial.watched(model)
    trial.same(trial.in_steps(model), rows, f"{told}predictions in steps and in one pass", site=site)
    _check_pieces(trial, site, model, rows, told)


def _check_pieces(trial: Trial, site: str, model: Edited, rows: Tensor, told: str) -> None:
    third = trial.n_time // 3
    pieces = trial.in_pieces(model, [third, trial.n_time - third])
    trial.same(pieces, rows, f"{told}predictions in two pieces and in one pass", site=site)


def check_transplant(trial: Trial) -> None:
    """All state sites of B put into A at t (the prefix of those not recurrent) give B's rows after t."""
    states = {name: site for name, site in trial.predictor.sites.items() if site.state}
    if not states:
        raise Skip("the predictor has no state sites")
    others, first = trial.tokens.roll(1, 0), trial.rows[0]
    donor, watch = trial.watched(tokens=others)
    for row in trial.edit_rows:
        words = torch.cat([trial.tokens[:, :row], others[:, row:]], dim=1)
        model = edited(
            trial.predictor,
            {name: _put(watch.values(name), first, row, site.recurrent) for name, site in states.items()},
        )
        later, told = slice(row + 1 - first, None), f"all state sites of B put into A at row {row}: "
        rows = {"rows": trial.log_probs(model, words), "steps": trial.in_steps(model, tokens=words)}
        for what, got in rows.items():
            what = f"{told}{what} after it and B's (is something carried on that is no state site?)"
            trial.same(got[:, later], donor[:, later], what, first=row + 1)


def _put(values: Tensor, first: int, last: int, recurrent: bool) -> Edit:
    """Put `values`, which start at row `first`, at row `last`; for sites not recurrent, at all rows up to it."""
    if recurrent:
        return at(last, lambda value: values[:, last - first])

    def put(rows: range, value: Tensor) -> Tensor:
        n = max(0, min(rows.stop, last + 1) - rows.start)
        return torch.cat([values[:, rows.start - first : rows.start - first + n], value[:, n:]], dim=1)

    return put


class _Stop(Exception):
    """Raised by an edit, to see what it leaves behind."""


def _stop(rows: range, value: Tensor) -> Tensor:
    raise _Stop


def check_exception(trial: Trial) -> None:
    """An exception in an edit comes through, and leaves no hooks and the same predictor."""
    trial.need_sites()
    whole, hooks = trial.log_probs(), _n_hooks(trial.predictor)
    for site in trial.predictor.sites:
        model = edited(trial.predictor, {site: _stop})
        for what, run in (("a pass", trial.log_probs), ("steps", trial.in_steps)):
            try:
                run(model)
            except _Stop:
                pass
            else:
                trial.fail(f"an edit that raises was swallowed, or never called, in {what}", site=site)
        left = _n_hooks(trial.predictor) - hooks
        if left:
            trial.fail(f"an edit that raised left {left} hooks behind", site=site)
        trial.same(trial.log_probs(), whole, "predictions after and before an edit that raised", site=site)


def _n_hooks(predictor: Predictor) -> int:
    if not isinstance(predictor, nn.Module):
        return 0
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    modules: list[nn.Module] = list(nn.Module.modules(predictor))
    return sum(len(getattr(module, kind)) for module in modules for kind in kinds)


def check_refusals(trial: Trial) -> None:
    """Tokens that are no symbols and sites that do not exist are refused, with a ValueError."""
    predictor, words = trial.predictor, trial.tokens
    carry = predictor.init_carry(len(words))
    for symbol in (predictor.n_symbol, -1):
        bad = torch.full_like(words, symbol)
        _refused(trial, f"log_probs of the token {symbol}", partial(predictor.log_probs, bad))
        _refused(trial, f"advance by the token {symbol}", partial(predictor.advance, bad, carry))
        _refused(trial, f"step by the token {symbol}", partial(predictor.step, bad[:, 0], carry))
    # A checker of annotations may stand in front of these two, with a TypeError.
    _refused(trial, "log_probs of floating-point tokens", partial(predictor.log_probs, words.double()), TypeError)
    _refused(trial, "log_probs of tokens without axis seq", partial(predictor.log_probs, words[0]), TypeError)

    unknown = "no such site"
    _refused(trial, f"capture of {unknown!r}", partial(capture, predictor, words, [unknown]), UnknownSite)
    _refused(trial, f"edited at {unknown!r}", partial(edited, predictor, {unknown: _same_rows}), UnknownSite)
    watch = Watch([unknown])
    _refused(trial, f"log_probs with a tap that reads {unknown!r}", partial(predictor.log_probs, words, tap=watch))
    _refused(trial, f"init_carry with a tap that reads {unknown!r}", partial(predictor.init_carry, 2, tap=watch))


def _refused(trial: Trial, what: str, call: Callable[[], object], also: type[Exception] = ValueError) -> None:
    try:
        call()
    except (ValueError, also):
        return
    except Exception as error:
        trial.fail(f"{what} must raise ValueError; it raised {type(error).__name__}: {error}")
    trial.fail(f"{what} must raise ValueError; it was accepted")

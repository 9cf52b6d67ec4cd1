"""Memory of a pass: what is asked is kept, and nothing for the sites that are not."""

import weakref
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from predictors import CONFIGS, build, capture
from predictors.network import Network

MORE: dict[str, dict[str, Any]] = {"transformer": {"max_length": 24}}
WORDS = torch.randint(0, 3, (16, 24), generator=torch.Generator().manual_seed(1))
WIDTH = 16


class LiveBytes(TorchDispatchMode):
    """The bytes that the results of operations hold, now and at most; storages are counted once, the model's never."""

    def __init__(self, model: Network) -> None:
        super().__init__()
        self.live, self.peak = 0, 0
        self.seen = {each.untyped_storage()._cdata: 0 for each in (WORDS, *model.parameters())}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for each in found if isinstance(found, tuple | list) else (found,):
            if isinstance(each, Tensor):
                self.count(each.untyped_storage())
        return found

    def count(self, storage: Any) -> None:
        key = storage._cdata
        if key not in self.seen:
            self.seen[key] = storage.nbytes()
            self.live += storage.nbytes()
            self.peak = max(self.peak, self.live)
            weakref.finalize(storage, self.gone, key)

    def gone(self, key: int) -> None:
        self.live -= self.seen.pop(key, 0)


def make(name: str, n_layer: int) -> Network:
    config = CONFIGS[name](n_symbol=3, width=WIDTH, n_layer=n_layer, **MORE.get(name, {}))
    return build(config, rng=torch.Generator().manual_seed(0)).requires_grad_(False)


def measured(model: Network, sites: list[str]) -> tuple[int, int]:
    """Bytes held after a capture, and the most held during it."""
    with LiveBytes(model) as bytes_, torch.no_grad():
        kept = capture(model, WORDS, sites)
        held = bytes_.live
    assert set(kept) == set(sites)
    return held, bytes_.peak


@pytest.mark.parametrize("name", CONFIGS)
def test_a_capture_holds_what_is_asked_and_no_more(name: str) -> None:
    model = make(name, 2)
    rows = WORDS.shape[0] * (WORDS.shape[1] + 1)
    for site in model.sites:
        held, _ = measured(model, [site])
        assert held == rows * model.sites[site].width * 4, site
    held, _ = measured(model, [])
    assert held == 0


@pytest.mark.parametrize("name", CONFIGS)
def test_how_many_other_sites_there_are_does_not_matter(name: str) -> None:
    added = [measured(model, ["layer.0"])[1] - measured(model, [])[1] for model in (make(name, 3), make(name, 6))]
    asked = WORDS.shape[0] * (WORDS.shape[1] + 1) * WIDTH * 4
    assert all(0 <= each <= asked for each in added)


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "mingru", "lru"])
def test_a_pass_of_a_recurrent_network_holds_one_layer_at_a_time(name: str) -> None:
    """Of the other layers there are states before and after the pass: two rows, where the pass has 25."""
    few, many = (measured(make(name, n_layer), [])[1] for n_layer in (2, 8))
    states = sum(site.width for site in make(name, 6).sites.values() if site.state) * WORDS.shape[0] * 4
    assert many <= few + 2 * states


def test_a_carry_holds_no_row_but_its_own() -> None:
    for name in ("rnn", "lstm", "gru", "mingru", "lru"):
        model = make(name, 2)
        with LiveBytes(model) as bytes_, torch.no_grad():
            _, carry = model.advance(WORDS, model.init_carry(len(WORDS)))
            own = sum(site.width for site in model.sites.values() if site.state) + model.n_symbol * 25
            assert carry.row == WORDS.shape[1]
            assert bytes_.live <= own * WORDS.shape[0] * 4, name

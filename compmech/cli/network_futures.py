"""What a trained network predicts of a series that the user brings: its futures after histories of the data."""

from pathlib import Path
from typing import TYPE_CHECKING

from compmech.cli.failure import Misused, misuse
from compmech.cli.finished_run import read_run
from compmech.inference import Futures, Series, histories_of
from compmech.inference.from_predictor import futures_horizon
from compmech.inference.inferred import FIT

if TYPE_CHECKING:
    from predictors.network import Network

__all__ = ["read_by_network"]


def read_by_network(data: Series, run: Path, file: str) -> tuple[Series, Futures]:
    """The series over the symbols of a network, and the futures that it predicts after histories of the first part.

    Symbols are matched by name as text: 1 in a table is the symbol '1' of a process. Histories are as long as the
    network was trained to read.

    Raises:
        Misused: if the run cannot be read, does not know a symbol of the data, or cannot read so far.
    """
    from threadpoolctl import threadpool_limits

    from predictors import one_thread
    from probes.rollout import read_futures

    trained = read_run(run)
    model = trained.model()
    alphabet = tuple(range(model.n_symbol)) if trained.alphabet is None else trained.alphabet
    named = {str(symbol): symbol for symbol in alphabet}
    unknown = [name for name in data.alphabet if str(name) not in named]
    if unknown:
        raise Misused(
            f"{run} predicts {len(alphabet)} symbols ({_listed(alphabet)}), and {file} has {data.n_symbol} "
            f"({_listed(data.alphabet)}): {unknown[0]!r} is none of the network's"
        )
    data = Series(data.codes, tuple(named[str(name)] for name in data.alphabet)).over(alphabet)
    with misuse(within=f"{run} on {file}"):
        horizon = futures_horizon(model.n_symbol)
        words = histories_of(data.split(FIT)[0], _length(model, trained.length, horizon))
        with one_thread(), threadpool_limits(1):
            return data, read_futures(model, words, horizon)


def _length(model: "Network", trained: int, horizon: int) -> int:
    """Symbols of a history: of training, or as many as leave room for the futures."""
    most: int | None = getattr(model.config, "max_length", None)
    if most is not None and most <= horizon:
        raise ValueError(f"this network reads at most {most} symbols, too few for a history and {horizon} more")
    return trained if most is None else min(trained, most - horizon)


def _listed(names: tuple[object, ...]) -> str:
    return ", ".join(map(str, names[:8])) + (", ..." if len(names) > 8 else "")

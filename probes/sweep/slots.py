"""The slots of a comparison: what is done by itself, in the order of its rows, and the words that a store knows it by.

A slot knows nothing yet of the ground that its predictor is judged on, so that a finished comparison is found again,
and a planned one told, without preparing any.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import numpy as np

from compmech import GHMM, HMM
from predictors import CONFIGS, TrainingConfig
from probes.candidates import Candidate, config_of
from probes.cell import LAYERS, Cell, is_layer, sites_of
from probes.pieces import ControlWork, Piece
from probes.readout import OUTPUT, default_sites
from probes.specification import ComparisonSpec, Subject

__all__ = ["Slot", "slots_of", "within_memory"]


@dataclass(frozen=True, eq=False)
class Slot:
    """One predictor on one process with one seed, what needs no predictor on one process, or the process itself.

    Attributes:
        kind: "process", "predictor" or "controls".
        candidate, seed, training: of a predictor; None of others.
        widths: of controls; empty of others.
    """

    spec: ComparisonSpec
    subject: Subject
    kind: str
    candidate: Candidate | None = None
    seed: int | None = None
    training: TrainingConfig | None = None
    widths: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """For people."""
        if self.candidate is None:
            return f"{self.subject.label}, {'controls' if self.kind == 'controls' else 'the process itself'}"
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.subject.label}, {self.candidate.label}{seed}"

    @property
    def steps(self) -> int:
        """Of training, as a comparison reports them."""
        return 0 if self.training is None else self.training.steps

    def config(self) -> Any:
        """The whole configuration of a built-in architecture; None of whatever else."""
        if self.candidate is None or self.candidate.kind not in CONFIGS:
            return None
        return config_of(self.candidate, self.subject.process.n_symbol, self.subject.length)

    def words(self, entropy: int) -> dict[str, Any]:
        """What is asked, in words of JSON that say the same in another process or on another day.

        They hold everything that the result depends on but the machine: equal words, equal results.

        Raises:
            ValueError: for targets made by a function.
        """
        if self.subject.targets is not None:
            raise ValueError(
                f"{self.subject.label} has targets made by a function, which a store cannot tell from another: "
                "compare it without a store"
            )
        asked = self.spec.further.to_dict()
        asked["transfer"] = [[label, _digest(other)] for label, other in self.spec.further.transfer]
        common = {
            "version": version("belief-geometry"),
            "process": {
                "label": self.subject.label,
                "title": self.subject.title,
                "digest": _digest(self.subject.process),
            },
            "length": self.subject.length,
            "entropy": entropy,
            "max_histories": self.spec.max_histories,
            "further": asked,
            "piece": self.kind,
        }
        if self.kind == "controls":
            return {**common, "widths": list(self.widths)}
        if self.candidate is None or self.training is None:
            return common
        config = self.config()
        return {
            **common,
            "predictor": self.candidate.to_dict(),
            "config": {} if config is None else asdict(config),
            "seed": self.seed,
            "training": asdict(self.training),
            "sites": None if self.spec.sites is None else list(self.spec.sites),
            "device": self.spec.device,
        }

    def piece(self, entropy: int) -> Callable[..., Piece]:
        """The work itself, for all but the process: it is made when it is given its `ground`."""
        if self.candidate is None or self.training is None:
            return partial(ControlWork, label=self.subject.label, widths=self.widths, entropy=entropy)
        return partial(
            Cell,
            label=self.subject.label,
            process=self.subject.process,
            candidate=self.candidate,
            seed=self.seed,
            entropy=entropy,
            length=self.subject.length,
            training=self.training,
            sites=self.spec.sites,
            device=self.spec.device,
        )

    @property
    def cost(self) -> tuple[int, int]:
        """To be sorted by: the longest first, so that no worker is left alone with one at the end."""
        if self.candidate is None:
            return 1, 0
        order = {"transformer": 4, "lstm": 2, "gru": 2}
        kind = 0 if self.candidate.is_baseline else order.get(self.candidate.kind, 3)
        return kind, self.steps * self.subject.length


def slots_of(spec: ComparisonSpec) -> list[Slot]:
    """All of a comparison: the processes, predictors on each, then what needs none, each in the order asked for.

    Raises:
        ValueError: for a wanted site that no predictor has, or a network that does not fit into memory.
    """
    widths = [_site_widths(spec, subject) for subject in spec.subjects]
    return [
        *(Slot(spec, subject, "process") for subject in spec.subjects),
        *(
            Slot(spec, subject, "predictor", candidate, seed, spec.training_of(subject, candidate)[0])
            for subject in spec.subjects
            for candidate in spec.candidates
            for seed in sorted(spec.seeds_of(candidate), key=lambda seed: seed or 0)
        ),
        *(
            Slot(spec, subject, "controls", widths=own)
            for subject, own in zip(spec.subjects, widths, strict=True)
        ),
    ]  # fmt: skip


def _site_widths(spec: ComparisonSpec, subject: Subject) -> tuple[int, ...]:
    """The widths of all that will be probed, a predictor's own forecast included.

    Raises:
        ValueError: for a wanted site that no predictor has.
    """
    sites: dict[str, int] = {}
    for candidate in spec.candidates:
        with within_memory(f"{subject.label}, {candidate.label}"):
            made = sites_of(candidate, subject.process, subject.length)
        chosen = default_sites(made) if spec.sites is None else [name for name in spec.sites if name in made]
        sites |= {f"{candidate.label} {name}": made[name].width for name in chosen}
        layers = [made[name].width for name in chosen if is_layer(name)]
        if spec.further.jointly and len(layers) > 1:
            sites[f"{candidate.label} {LAYERS}"] = sum(layers)
    known = {name.rpartition(" ")[2] for name in sites}
    for name in spec.sites or ():
        if name not in known | {OUTPUT}:
            raise ValueError(f"none of the predictors has a site {name!r}")
    return tuple(sorted({subject.process.n_symbol, *sites.values()}))


@contextmanager
def within_memory(name: str) -> Iterator[None]:
    """Raise ValueError where memory does not suffice: what is asked for is too large, before anything was begun."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "can't allocate memory" not in str(error):  # how torch says it
            raise
        raise ValueError(f"{name} does not fit into memory: {error}") from error


@lru_cache(maxsize=256)
def _digest(process: HMM | GHMM) -> str:
    """Of everything that a process is."""
    found = sha256(repr((type(process).__name__, process.alphabet, process.T.shape)).encode())
    for part in (process.T, process.start, getattr(process, "evaluate", None)):
        found.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    return found.hexdigest()

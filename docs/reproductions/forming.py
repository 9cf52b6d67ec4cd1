"""How beliefs form while a network learns, and whether the directions along which they lie turn meanwhile.

    python docs/reproductions/forming.py -o docs/results/forming.json [--small]

Trains networks with checkpoints and reads each of these twice (`probes.dynamics.watch`): with a probe of its own, and
with that of the last one, both held out by history. Beside it stands what a projection looks like that has nothing to
do with the last one: the same probe read on the network of the other seed. Learning rates that fall to nothing would
hold any projection still, so that one case is trained at a constant rate. Some checkpoints have their pictures kept.
What is in the file is not done again.
"""

import argparse
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from compmech import HMM, zoo
from predictors import Predictor, TrainingConfig, keep_memory, one_thread, train
from probes import standard_targets
from probes.candidates import candidate, make
from probes.dynamics import Watched, watch
from probes.experiment import RowFile
from probes.ground import Ground, prepare
from probes.pictures import plane
from probes.presets import clip, learning_rate
from probes.targets import Target

COMMAND = "python docs/reproductions/forming.py -o docs/results/forming.json"
SITES = {
    "transformer": ("layer.0", "layer.3"),
    "gru": ("layer.0.carry", "layer.1.carry"),
    "mamba": ("layer.0", "layer.1"),
}
"""The first place and the last one that are watched; pictures and turns are of the last."""


@dataclass(frozen=True)
class Case:
    """One network on one process.

    Attributes:
        pictured: checkpoints whose beliefs are kept, of the first seed.
        points: how many of them.
    """

    process: str
    kind: str
    checkpoints: tuple[int, ...]
    schedule: str = "cosine"
    pictured: tuple[int, ...] = ()
    points: int = 0

    @property
    def name(self) -> str:
        """What its row is called."""
        return f"{self.process}, {self.kind}" + ("" if self.schedule == "cosine" else f", {self.schedule} rate")


QUICK = (0, 10, 30, 60, 100, 150, 200, 300, 450, 600, 800, 1000)
LONG = (0, 30, 100, 200, 300, 450, 600, 800, 1000, 1250, 1500, 2000)
SHORT = (0, 5, 10, 20, 30, 50, 70, 100, 150, 200, 300)
CASES = (
    Case("mess3", "transformer", QUICK, pictured=(0, 30, 100, 300, 1000), points=450),
    Case("z1r", "transformer", SHORT, pictured=(0, 10, 30, 100, 300), points=134),
    Case("rrxor", "transformer", LONG, pictured=(0, 100, 300, 600, 2000), points=300),
    Case("mess3", "gru", QUICK),
    Case("mess3", "mamba", QUICK),
    Case("rrxor", "gru", LONG),
    Case("mess3", "transformer", (*QUICK, 1250, 1500, 1750, 2000), schedule="constant"),
)
SMALL_CASES = (Case("mess3", "gru", (0, 5, 20), pictured=(0, 20), points=30),)
SIZES: dict[str, Any] = {"seeds": 2, "batch": 64, "length": 10, "histories": 3000}
SMALL: dict[str, Any] = {"seeds": 2, "batch": 8, "length": 4, "histories": 120}


def processes() -> dict[str, HMM]:
    """By the names of the cases."""
    return {"mess3": zoo.mess3(x=0.05, a=0.85), "z1r": zoo.z1r(), "rrxor": zoo.rrxor()}


def trained(case: Case, process: HMM, seed: int, sizes: dict[str, Any]) -> list[tuple[int, Predictor]]:
    """The network at each checkpoint."""
    rng = torch.Generator().manual_seed(seed)
    model = make(candidate(case.kind, {}), process.n_symbol, sizes["length"], rng=rng)
    rate, _ = learning_rate(case.process, case.kind)
    training = TrainingConfig(
        length=sizes["length"],
        steps=case.checkpoints[-1],
        batch=sizes["batch"],
        lr=rate,
        clip=clip(case.process, case.kind),
        schedule=case.schedule,
        eval_every=case.checkpoints[-1],
        checkpoints=case.checkpoints,
    )
    found: list[tuple[int, Predictor]] = []
    train(
        model,
        process,
        training,
        rng=np.random.default_rng(seed),
        on_checkpoint=lambda step, now: found.append((step, deepcopy(now))),
    )
    return found


def seen(
    checkpoints: list[tuple[int, Predictor]], ground: Ground, targets: list[Target], sites: tuple[str, ...]
) -> Watched:
    """The same histories at each checkpoint."""
    loads = [(step, lambda model=model: model) for step, model in checkpoints]
    return watch(loads, ground.histories, targets, sites, split=ground.splits[0], probe=ground.probe)


def courses(watched: Watched, targets: list[Target], sites: tuple[str, ...]) -> dict[str, Any]:
    """The curves, in numbers of few digits."""
    found: dict[str, Any] = {"kl_nats": [float(f"{m.kl:.3g}") for m in watched.series(sites[0], targets[0].name)]}
    for site in sites:
        found[site] = {"turns": [_rounded(vars(turn)) for turn in watched.turns if turn.site == site]}
        for target in targets:
            found[site][target.name] = [_rounded(vars(moment)) for moment in watched.series(site, target.name)]
    return found


def _rounded(numbers: dict[str, Any]) -> dict[str, Any]:
    kept = ("refitted", "fixed", "aligned", "unturned", "angle")
    return {key: None if numbers[key] is None else round(numbers[key], 4) for key in kept if key in numbers}


def run(file: RowFile, cases: tuple[Case, ...], sizes: dict[str, Any]) -> None:
    """Do what is not done."""
    for case in cases:
        if file.find(case=case.name) is not None:
            continue
        process, sites = processes()[case.process], SITES[case.kind]
        ground = prepare(process, sizes["length"], max_histories=sizes["histories"], rng=np.random.default_rng(0))
        on = plane(process, ground)
        targets = [t for t in standard_targets(process, ground.histories, weighting="probability") if t.dimension]
        networks = [trained(case, process, seed, sizes) for seed in range(sizes["seeds"])]
        watched = [seen(each, ground, [Target("picture", on.coordinates), *targets], sites) for each in networks]
        row: dict[str, Any] = {
            "case": case.name,
            "process": case.process,
            "kind": case.kind,
            "schedule": case.schedule,
            "sites": sites,
            "steps": case.checkpoints,
            "histories": len(ground.histories),
            "seeds": [courses(each, targets, sites) for each in watched],
            # the last probe of one seed on the last network of the other: what has nothing to do with each other
            "of_another_seed": [
                courses(seen([(0, networks[other][-1][1]), (1, networks[own][-1][1])], ground, targets, sites),
                        targets, sites)
                for own, other in ((0, 1), (1, 0))
            ],
        }  # fmt: skip
        if case.pictured:
            chosen = np.unique(np.linspace(0, len(ground.histories) - 1, case.points).astype(int))
            row["picture"] = {
                "true": _thousandths(on.true[chosen]),
                "colour": _thousandths(on.colour[chosen]),
                "corners": on.corners,
                "read": {
                    str(step): _thousandths(on.draw(watched[0].pictures[step][0])[chosen]) for step in case.pictured
                },
            }
        file.add(row)


def _thousandths(values: np.ndarray) -> list[str]:
    """Each point as "x y", in whole thousandths: a line of the file for each."""
    return [" ".join(str(round(1000 * float(v))) for v in row) for row in values]


def table(found: dict[str, Any]) -> str:
    """At the last place: own and fixed probe at the start, halfway and at the end, and on the other seed's network."""
    lines = [f"{'R² of the belief':<42}{'step: own probe, last probe':<78}{'of another seed':>16}"]
    for row in found["rows"]:
        site = row["sites"][-1]
        for seed, (course, foreign) in enumerate(zip(row["seeds"], row["of_another_seed"], strict=True)):
            at = sorted({0, len(row["steps"]) // 2, 2 * len(row["steps"]) // 3, len(row["steps"]) - 1})
            curve = course[site]["belief"]
            told = "  ".join(f"{row['steps'][i]}: {curve[i]['refitted']:.3f} {curve[i]['fixed']:.3f}" for i in at)
            lines.append(f"{row['case'] + f', seed {seed}':<42}{told:<78}{foreign[site]['belief'][0]['fixed']:>16.3f}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--small", action="store_true", help="two short trainings, for seconds")
    asked = parser.parse_args(arguments)
    cases, sizes = (SMALL_CASES, SMALL) if asked.small else (CASES, SIZES)
    file = RowFile(asked.out, command=COMMAND, settings=sizes)
    with one_thread():
        run(file, cases, sizes)
    print(table(file.document()))


if __name__ == "__main__":
    keep_memory()
    main()

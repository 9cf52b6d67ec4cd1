"""`compmech compare --dry-run`: what would be done, what of it is done already, and what the rest will cost."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from compmech.cli.experiment import Experiment
from compmech.cli.failure import misuse
from compmech.stored_cells import check_store

if TYPE_CHECKING:
    from probes.sweep.plan import PlannedCell

__all__ = ["plan"]


def plan(experiment: Experiment, store: Path | None, *, workers: int, as_json: bool) -> None:
    """Print the plan. Nothing is written. Raises Misused for a folder that is no store."""
    import numpy as np

    from probes.store import Store
    from probes.sweep.plan import planned

    with misuse():
        kept = None
        if store is not None and store.exists():
            check_store(store)
            kept = Store(store)
        cells = planned(experiment.spec, kept, rng=np.random.default_rng(experiment.seed))
    left = [cell for cell in cells if not cell.finished]
    seconds = sum(cell.seconds for cell in left) / workers
    if as_json:
        total = {"cells": len(cells), "finished": len(cells) - len(left), "seconds": seconds, "workers": workers}
        print(json.dumps({**total, "plan": [cell.to_dict() for cell in cells]}, indent=1, allow_nan=False))
        return
    print("\n".join(_table(cells)))
    on = f"{workers} worker{'s' if workers > 1 else ''}"
    rest = f"; the others take {_about(seconds)} on {on}" if left else ""
    print(f"\n{len(cells)} cells, {len(cells) - len(left)} of them finished{rest}")
    if any(cell.how == "training" for cell in left):
        print("timed on a few steps of each training; probes, and controls, are not in it until such a cell has ended")


def _table(cells: list["PlannedCell"]) -> list[str]:
    width = max(len(cell.name) for cell in cells)
    lines = [f"{'cell':<{width}}  {'finished':<8}  {'symbols':>9}  {'FLOPs':>8}  {'time':>8}"]
    for cell in cells:
        flops = "-" if cell.flops is None else f"{cell.flops:.1e}"
        symbols = f"{cell.symbols:.1e}" if cell.symbols else "-"
        time = _time(cell.seconds) if cell.how else "-"
        lines.append(
            f"{cell.name:<{width}}  {'yes' if cell.finished else 'no':<8}  {symbols:>9}  {flops:>8}  {time:>8}"
        )
    return lines


def _about(seconds: float) -> str:
    return f"about {_time(seconds)}" if seconds >= 1 else "less than a second"


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 1 else "< 1 s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

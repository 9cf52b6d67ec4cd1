"""A training that is stopped anywhere and goes on ends with the same bytes; nothing damaged or foreign is resumed."""

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from faults import Small
from safetensors.torch import save_file
from sources import Coin, GoldenMean
from torch import Tensor, nn

from predictors import CheckpointError, GRUConfig, Predictor, TrainingConfig, build, train
from predictors.batches import Batches
from predictors.generators import generator_from, state_of
from predictors.network import Network
from predictors.snapshot import Snapshot, snapshot_bytes, snapshot_from
from predictors.snapshot_folder import FolderInUse, SnapshotFolder
from predictors.sources import Windows
from predictors.training_record import TrainingRecord

BRIEF = TrainingConfig(length=4, steps=30, batch=8, eval_every=7, eval_sequences=16, checkpoints=(0, 1, 30))
OPTIMISERS = ["adamw", "sgd", "muon"]


def small(seed: int = 0) -> Network:
    return build(GRUConfig(n_symbol=2, width=12), rng=torch.Generator().manual_seed(seed))


def weights(model: nn.Module) -> bytes:
    return b"".join(value.detach().numpy().tobytes() for value in model.state_dict().values())


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def outcome(record: TrainingRecord) -> dict[str, Any]:
    found = record.to_dict()
    found.pop("seconds")
    return found


class Dropping(Small):
    """A network with randomness of its own, from torch's global generator."""

    def log_probs(self, tokens: Tensor, **kwargs: Any) -> Tensor:
        rows = super().log_probs(tokens, **kwargs)
        return nn.functional.dropout(rows, 0.2, self.training).log_softmax(-1)


def snapshots(model: Predictor, source: Any, config: TrainingConfig, every: int) -> tuple[list[bytes], TrainingRecord]:
    kept: list[bytes] = []
    record = train(
        model, source, config, rng=rng(), on_snapshot=lambda s: kept.append(snapshot_bytes(s)), snapshot_every=every
    )
    return kept, record


# ------------------------------------------------------------------------------------------------------------- the same


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_going_on_from_any_snapshot_ends_with_the_same_bytes(optimiser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("predictors.batches.SYMBOLS_AT_ONCE", 8 * 5 * 4)  # draws of four batches
    config = replace(BRIEF, optimiser=optimiser)
    whole = small()
    kept, record = snapshots(whole, GoldenMean(), config, every=1)
    assert len(kept) == config.steps
    plain = small()
    train(plain, GoldenMean(), config, rng=rng())
    assert weights(plain) == weights(whole)  # taking snapshots changes nothing
    for step in (1, 3, 4, 5, 8, 14, 29, 30):
        model = small(seed=9)  # other weights: those of the snapshot count
        resumed = train(model, GoldenMean(), config, rng=rng(), resume=snapshot_from(kept[step - 1]))
        assert weights(model) == weights(whole)
        assert outcome(resumed) == outcome(record)


def test_the_second_snapshot_of_a_resumed_run_is_that_of_the_first() -> None:
    kept, _ = snapshots(small(), GoldenMean(), BRIEF, every=10)
    again: list[bytes] = []
    train(
        small(1),
        GoldenMean(),
        BRIEF,
        rng=rng(),
        resume=snapshot_from(kept[0]),
        on_snapshot=lambda s: again.append(snapshot_bytes(s)),
        snapshot_every=10,
    )

    def without_seconds(data: bytes) -> tuple[Any, ...]:
        found = snapshot_from(data)
        rest = {key: value for key, value in found.rest.items() if key != "seconds"}
        tensors = {**found.weights, **found.optimiser, "noise": found.noise}
        return found.step, rest, {name: value.numpy().tobytes() for name, value in tensors.items()}

    assert [without_seconds(data) for data in again] == [without_seconds(data) for data in kept[1:]]


def test_a_networks_own_randomness_goes_on_too() -> None:
    config = replace(BRIEF, length=3)
    whole = Dropping()
    kept, _ = snapshots(whole, Coin(3), config, every=10)
    assert weights(whole) != weights(Dropping())
    torch.manual_seed(99)
    before = torch.get_rng_state()
    model = Dropping()
    train(model, Coin(3), config, rng=rng(), resume=snapshot_from(kept[0]))
    assert weights(model) == weights(whole)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_corpus_and_float64_go_on_too() -> None:
    tokens = GoldenMean().sample(1, 500, rng=rng(3))[0]
    source = Windows([tokens[:480], tokens[480:483]], n_symbol=2)
    whole = small().double()
    kept, record = snapshots(whole, source, BRIEF, every=11)
    model = small(4)
    resumed = train(model, source, BRIEF, rng=rng(), dtype=torch.float64, resume=snapshot_from(kept[1]))
    assert weights(model) == weights(whole)
    assert outcome(resumed) == outcome(record)


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_every_generator_of_numpy_goes_on(kind: str) -> None:
    first = np.random.Generator(getattr(np.random, kind)(5))
    first.spawn(2)
    first.integers(7, size=3, dtype=np.uint32)  # half of a 64-bit number is left in the generator
    second = generator_from(json.loads(json.dumps(state_of(first))))
    assert (first.random(5) == second.random(5)).all()
    assert (first.integers(7, size=3, dtype=np.uint32) == second.integers(7, size=3, dtype=np.uint32)).all()
    assert first.spawn(1)[0].random() == second.spawn(1)[0].random()


def test_foreign_generators_and_states_are_refused() -> None:
    class Own(np.random.PCG64):
        pass

    with pytest.raises(ValueError, match="the state of a Own cannot be kept"):
        state_of(np.random.Generator(Own(1)))
    for broken in ({}, {"kind": "os.system"}, {**state_of(rng()), "state": {"bit_generator": "MT19937"}}):
        with pytest.raises(ValueError, match="no state of a random generator"):
            generator_from(broken)


# ------------------------------------------------------------------------------------------------------ really killed

CONFIG = replace(BRIEF, steps=100, eval_every=50, checkpoints=())
SCRIPT = """
import os, random, signal, sys, time
from pathlib import Path
import numpy as np, torch
from predictors import GRUConfig, TrainingConfig, build, train
from predictors.snapshot_folder import SnapshotFolder
sys.path.insert(0, {tests!r})
from sources import GoldenMean
folder = SnapshotFolder(sys.argv[1])

def run(told):
    model = build(GRUConfig(n_symbol=2, width=12), rng=torch.Generator().manual_seed(0))
    def keep(snapshot):
        folder.write(snapshot)
        os.write(told, b"kept")
    train(model, GoldenMean(), {config!r}, rng=np.random.default_rng(0),
          on_snapshot=keep, snapshot_every=1, resume=folder.latest().snapshot)
    found = b"".join(value.detach().numpy().tobytes() for value in model.state_dict().values())
    Path(sys.argv[1], "weights").write_bytes(found)

def begin():  # a process of its own, with everything imported
    hear, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            run(told)
            os._exit(0)
        finally:
            os._exit(1)
    return child, hear

run(os.open(os.devnull, os.O_WRONLY))  # torch imports what it needs while it trains
folder.clear()
Path(sys.argv[1], "weights").unlink()
for _ in range(4):
    child, hear = begin()
    for _ in range(random.randint(1, 5)):
        os.read(hear, 4)
    time.sleep(0.02 * random.random())
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    found = folder.latest()
    print(found.snapshot.step, len(found.damaged))
assert os.waitpid(begin()[0], 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_killed_at_any_moment_and_started_again_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    whole = small()
    train(whole, GoldenMean(), CONFIG, rng=rng())
    script = SCRIPT.format(tests=str(Path(__file__).parent), config=CONFIG)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reached, damaged = zip(*(map(int, line.split()) for line in done.stdout.splitlines()), strict=True)
    assert all(later > before for before, later in pairwise((0, *reached)))  # each got further than the one before
    assert reached[-1] < CONFIG.steps
    assert not any(damaged)
    assert (tmp_path / "weights").read_bytes() == weights(whole)


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize("call", [1, 2])
def test_a_kill_within_the_writing_loses_nothing(
    broken: str, call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, _ = snapshots(small(), GoldenMean(), BRIEF, every=10)
    folder = SnapshotFolder(tmp_path)
    for data in kept[:2]:
        folder.write(snapshot_from(data))
    real, calls = getattr(os, broken), []

    def killed(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == call:
            raise KeyboardInterrupt
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, killed)
        with pytest.raises(KeyboardInterrupt):
            folder.write(snapshot_from(kept[2]))
    found = folder.latest()
    assert found.snapshot is not None
    written = broken == "fsync" and call == 2  # all is written; only the names may be lost in a power cut
    assert found.snapshot.step == (30 if written else 20)
    assert found.damaged == ()
    folder.write(snapshot_from(kept[2]))
    assert folder.latest().snapshot.step == 30  # type: ignore[union-attr]


def test_a_damaged_snapshot_is_passed_over_and_named(tmp_path: Path) -> None:
    kept, _ = snapshots(small(), GoldenMean(), BRIEF, every=10)
    folder = SnapshotFolder(tmp_path)
    assert folder.latest().snapshot is None
    for data in kept:
        folder.write(snapshot_from(data))
    for damaged in (kept[2][:-9], b"", kept[2][: len(kept[2]) // 2]):
        folder.newest.write_bytes(damaged)
        found = folder.latest()
        assert found.snapshot is not None
        assert found.snapshot.step == 20
        (error,) = found.damaged
        assert isinstance(error, CheckpointError)
        assert error.path == folder.newest
    whole = folder.previous.read_bytes()
    folder.write(snapshot_from(kept[2]))
    assert folder.previous.read_bytes() == whole  # the damaged one did not take its place
    assert folder.latest().damaged == ()
    folder.write(snapshot_from(kept[2]))
    assert folder.previous.read_bytes() == kept[2]
    folder.newest.write_bytes(b"x")
    folder.previous.write_bytes(b"x")
    assert folder.latest().snapshot is None
    assert len(folder.latest().damaged) == 2
    folder.clear()
    assert list(tmp_path.iterdir()) == []


def test_one_process_at_a_time(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    first, second = SnapshotFolder(tmp_path), SnapshotFolder(tmp_path)
    with first.alone(), pytest.raises(FolderInUse, match="another process is training in it"), second.alone():
        pass
    with SnapshotFolder(tmp_path).alone():
        pass


# ------------------------------------------------------------------------------------------------------------- refused


def test_every_flipped_bit_is_noticed() -> None:
    data = snapshots(small(), GoldenMean(), replace(BRIEF, steps=1, checkpoints=()), every=1)[0][0]
    header = 8 + int.from_bytes(data[:8], "little")
    for place in (header, header + 1000, len(data) - 1):
        flipped = bytearray(data)
        flipped[place] ^= 1
        with pytest.raises(ValueError, match="do not have the checksum"):
            snapshot_from(bytes(flipped))


def test_what_is_no_snapshot_is_refused_and_never_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"weights": Trap()}, tmp_path / "trap")
    for data in ((tmp_path / "trap").read_bytes(), pickle.dumps(Trap()), b"", b"x" * 100):
        with pytest.raises(ValueError, match="damaged, or no safetensors file"):
            snapshot_from(data)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "no training of this package"),
        ({"belief-geometry": "{}"}, "no training of this package"),
        ({"belief-geometry-training": "{"}, "metadata cannot be read"),
        ({"belief-geometry-training": "[]"}, "no JSON object"),
        ({"belief-geometry-training": "[" * 100_000}, "metadata cannot be read"),
        ({"belief-geometry-training": '{"format_version": 2}'}, "format version 2; this package reads version 1"),
        ({"belief-geometry-training": '{"format_version": 1}'}, "damaged: its contents do not have the checksum"),
    ],
    ids=range(7),
)
def test_foreign_safetensors_are_refused(metadata: dict[str, str] | None, message: str, tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(2)}, tmp_path / "file", metadata=metadata)
    with pytest.raises(ValueError, match=message):
        snapshot_from((tmp_path / "file").read_bytes())


def half_way(**changes: Any) -> Snapshot:
    found = snapshot_from(snapshots(small(), GoldenMean(), BRIEF, every=15)[0][0])
    return replace(found, **changes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": replace(BRIEF, lr=0.1)}, r"another configuration: lr was 0\.003, now it is 0\.1"),
        ({"rng": rng(1)}, "another seed"),
        ({"source": GoldenMean(0.3)}, "another source"),
        ({"held_out": GoldenMean()}, "another source"),
        ({"predictor": build(GRUConfig(n_symbol=2, width=13), rng=torch.Generator())}, "another network"),
        ({"predictor": build(GRUConfig(n_symbol=2, n_layer=2), rng=torch.Generator())}, "in one of the two only"),
        ({"dtype": torch.float64}, r"torch\.float32 there, .* torch\.float64 here"),
    ],
    ids=["rate", "seed", "source", "held out", "width", "layers", "precision"],
)
def test_the_snapshot_of_another_training_is_refused(arguments: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"predictor": small(), "source": GoldenMean(), "config": BRIEF, "rng": rng()} | arguments
    with pytest.raises(ValueError, match=message):
        train(**given, resume=half_way())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 31}, "of step 31, and there are 30"),
        ({"rest": {}}, "no state of a training"),
        ({"noise": torch.zeros(3, dtype=torch.uint8)}, "no state of a training"),
        ({"optimiser": {"0.0.exp_avg": torch.zeros(3)}}, "has shape"),
        ({"optimiser": {"7.0.exp_avg": torch.zeros(3)}}, "no optimiser of this configuration has the state"),
        ({"optimiser": {"x": torch.zeros(3)}}, "no optimiser of this configuration has the state"),
    ],
    ids=range(6),
)
def test_snapshots_that_make_no_sense_are_refused(changes: dict[str, Any], message: str) -> None:
    model = small()
    with pytest.raises(ValueError, match=message):
        train(model, GoldenMean(), BRIEF, rng=rng(), resume=half_way(**changes))
    assert weights(model) == weights(small())


@pytest.mark.parametrize("used", [-1, 10**9, "x"])
def test_a_stream_stands_only_where_it_can_have_stood(used: Any) -> None:
    stream = Batches(GoldenMean(), small(), BRIEF, torch.device("cpu"), rng=rng())
    with pytest.raises(ValueError, match="no state of a stream of batches"):
        stream.go_on({"generator": state_of(rng()), "used": used})

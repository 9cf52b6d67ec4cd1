"""Experiment files: every list is a grid, options are the same words, and each error points at its line."""

from pathlib import Path
from typing import Any

import pytest

from compmech.cli.arguments import safe_label
from compmech.cli.experiment import Experiment, predictor_table, process_table, resolve
from compmech.cli.experiment_file import Document
from compmech.cli.failure import Misused

WHOLE = """\
# what a sweep can say
seed = 3
seeds = [0, 2]

[[process]]
name = "mess3"
length = 6
x = [0.05, 0.15]

[[process]]
name = "z1r"
length = [4, 6]

[[predictor]]
name = "gru"
width = [4, 8]
n_layer = 1

[[predictor]]
name = "k-gram"

[[predictor]]
name = "bayes"

[training]
steps = 5
lr = [0.001,
      0.01]

[probes]
max_histories = 0
twins = 2
transfer = ["even"]

[edits]
places = ["carry"]
"""


MANY = list(range(1, 100_000))


def written(text: str, folder: Path) -> Document:
    path = folder / "sweep.toml"
    path.write_text(text)
    return Document.read(path)


def refused(text: str, folder: Path, *assigned: str) -> str:
    with pytest.raises(Misused) as error:
        document = written(text, folder)
        for word in assigned:
            document.assign(word)
        resolve(document)
    return str(error.value).replace(f"{folder}/", "")


def test_every_list_is_a_grid(tmp_path: Path) -> None:
    found = resolve(written(WHOLE, tmp_path))
    spec = found.spec
    assert found.seed == 3
    assert [(s.label, s.length) for s in spec.subjects] == [
        ("mess3-x0.05", 6),
        ("mess3-x0.15", 6),
        ("z1r-length4", 4),
        ("z1r-length6", 6),
    ]
    # rates are of networks alone: what counts, or knows, is the same for all of them
    assert [(c.label, c.learning_rate) for c in spec.candidates] == [
        ("gru-width4-n_layer1-lr0.001", 0.001),
        ("gru-width4-n_layer1-lr0.01", 0.01),
        ("gru-width8-n_layer1-lr0.001", 0.001),
        ("gru-width8-n_layer1-lr0.01", 0.01),
        ("k-gram", None),
        ("bayes", None),
    ]
    assert (spec.steps, spec.seeds, spec.max_histories) == (5, (0, 2), None)
    assert (spec.further.twins, spec.further.edits) == (2, ("carry",))
    assert [label for label, _ in spec.further.transfer] == ["even"]


def test_budgets_are_a_grid_of_whatever_they_make_a_difference_to(tmp_path: Path) -> None:
    text = WHOLE.replace("steps = 5", "steps = [5, 10]").replace("width = [4, 8]", "width = 4\nlr = 0.1")
    spec = resolve(written(text, tmp_path)).spec
    assert [(c.label, c.learning_rate, c.steps) for c in spec.candidates] == [
        ("gru-width4-n_layer1-lr0.1-steps5", 0.1, 5),
        ("gru-width4-n_layer1-lr0.1-steps10", 0.1, 10),
        ("k-gram-steps5", None, 5),
        ("k-gram-steps10", None, 10),
        ("bayes", None, None),
    ]
    gru, counts = spec.candidates[1], spec.candidates[2]
    assert spec.training_of(spec.subjects[0], gru)[0].steps == 10
    assert spec.steps_of(spec.subjects[0], counts) == 5
    # four processes, two seeds, and exact Bayes, which is reported with the preset steps
    preset = sum(spec.steps_of(subject) for subject in spec.subjects)
    assert spec.total_steps == 4 * 2 * (5 + 10 + 5 + 10) + preset


def of_options(*, process: str, predictor: str, length: int, **more: Any) -> Experiment:
    document = Document({})
    document.put(("process",), [process_table(process)], "--process")
    document.put(("predictor",), [predictor_table(predictor)], "--predictor")
    document.put(("process", 0, "length"), length, "--length")
    for key, value in more.items():
        document.put(tuple(key.split("__")), value, f"--{key}")
    return resolve(document)


def test_options_say_the_same_as_a_file(tmp_path: Path) -> None:
    text = """
        [[process]]
        name = "renewal"
        law = [[0.25, 0.75]]
        length = 5
        [[predictor]]
        name = "gru"
        width = 8
        lr = 0.01
        [training]
        steps = 7
        [probes]
        jointly = true
    """
    from_file = resolve(written(text, tmp_path))
    said = of_options(
        process="renewal:law=[0.25,0.75]",
        predictor="gru:width=8,lr=0.01",
        length=5,
        training__steps=7,
        probes__jointly=True,
    )
    assert said.spec.to_dict() == from_file.spec.to_dict()
    assert (said.spec.subjects[0].process.T == from_file.spec.subjects[0].process.T).all()


def test_one_table_needs_no_second_pair_of_brackets(tmp_path: Path) -> None:
    text = '[process]\nname = "z1r"\nlength = 4\n[predictor]\nname = "bayes"\n'
    assert [s.label for s in resolve(written(text, tmp_path)).spec.subjects] == ["z1r"]
    assert "line 3" in refused(text.replace("= 4", "= 0"), tmp_path)


def test_keys_are_set_in_place_of_those_of_the_file(tmp_path: Path) -> None:
    document = written(WHOLE, tmp_path)
    for word in (
        "training.steps=[1, 2]",
        "process.z1r.length=8",
        "predictor.0.width=3",
        "probes.jointly=true",
        "seeds=1",
    ):
        document.assign(word)
    spec = resolve(document).spec
    assert [(s.label, s.length) for s in spec.subjects][2:] == [("z1r", 8)]
    assert {c.settings["width"] for c in spec.candidates if c.kind == "gru"} == {3}
    assert {c.steps for c in spec.candidates if c.kind == "gru"} == {1, 2}
    assert spec.further.jointly
    assert spec.seeds == 1


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("seeds = [0, 2]", "sedes = [0, 2]", "sweep.toml, line 3: there is no key 'sedes'; did you mean 'seeds'?"),
        ("[training]", "[trainin]", "line 25: there is no key 'trainin'; did you mean 'training'?"),
        ("steps = 5", "setps = 5", "line 26: there is no key 'setps'; did you mean 'steps'?"),
        ("steps = 5", "steps = 0", "line 26: steps must be an integer of at least 1, or a list of such; got 0"),
        ("steps = 5", "steps = true", "line 26: steps must be an integer"),
        ("steps = 5", "steps = []", "line 26: steps is an empty list: nothing would be run"),
        ("      0.01]", "      0.001]", "line 27: each value of lr once; got 0.001 twice"),
        ("      0.01]", '      "fast"]', "line 27: lr must be a number above 0"),
        ("      0.01]", "      inf]", "line 27: lr must be a number above 0"),
        ("x = [0.05, 0.15]", "y = 0.05", "line 8: mess3 has no 'y'; there are x, a"),
        ("x = [0.05, 0.15]", "x = [0.05, 7]", "line 5: mess3: x must be in"),
        ('"mess3"', '"mes3"', "line 6: unknown process 'mes3': did you mean 'mess3'?"),
        ('"gru"', '"grru"', "line 15: there is no predictor 'grru'; did you mean 'gru'?"),
        ("width = [4, 8]", "widht = 4", "line 16: gru has no 'widht'; did you mean 'width'?"),
        ("width = [4, 8]", "width = -1", "line 14: "),
        ("seeds = [0, 2]", "seeds = [0, 0]", "line 3: each value of seeds once; got 0 twice"),
        ("width = [4, 8]", 'label = ""', "line 16: label must be a text; got ''"),
        ("seeds = [0, 2]", "seeds = 1.5", "line 3: seeds must be their number"),
        ("seeds = [0, 2]", "seeds = 0", "seeds must be an integer of at least 1"),
        ("seeds = [0, 2]", "seeds = 1_000_000_000_000", "a comparison has at most 100,000: make several of it"),
        ("steps = 5", f"steps = {MANY[:998]}\nbatch = {MANY[:998]}", "line 25: a grid of 1,992,008 points"),
        ("width = [4, 8]", f"width = {MANY}", "line 14: a grid of 199,998 points"),
        ('transfer = ["even"]', 'transfer = ["evn"]', "line 33: unknown process 'evn'"),
        ('transfer = ["even"]', 'transfer = "even"', "line 33: transfer must be a list of texts"),
        ("twins = 2", 'kinds = ["lasso"]', "line 30: there is no probe 'lasso'"),
        ('places = ["carry"]', 'places = ["cary"]', "line 35: there is no edit 'cary'"),
        ("length = [4, 6]", "", "line 10: there is no length"),
        ('name = "z1r"', 'name = "z1r"\nfile = "z1r.json"', "line 10: a process has a name of"),
        ('name = "z1r"', 'file = "absent.json"', "absent.json"),
        ('name = "k-gram"', "label = 'mine'", "line 19: a predictor has a name"),
        ('name = "bayes"', 'name = "bayes"\nlr = 0.1', "line 22: bayes is not trained by gradient"),
        ('name = "bayes"', 'name = "k-gram"', "k-gram is given 2 times"),
        ("seed = 3", "seed = 3\ndevice = 'abacus'", "line 3: device 'abacus' cannot be used here"),
        ("seed = 3", "seed = ", "sweep.toml, line 2: not TOML: invalid value"),
        ("seed = 3", "seed = 3\nseed = 4", "line 3: not TOML: cannot overwrite a value"),
        ("[edits]", "[edits", "sweep.toml, line 35: not TOML"),
        ("[edits]", "[[edits]]", "edits must be a table"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in WHOLE
    said = refused(WHOLE.replace(old, new, 1), tmp_path)
    assert complaint in said
    assert said.count("sweep.toml") < 2
    assert "\n" not in said


@pytest.mark.parametrize(
    ("word", "complaint"),
    [
        ("training.setps=5", "--set training.setps=5: there is no key 'setps'; did you mean 'steps'?"),
        ("training.steps=none", "--set training.steps=none: steps must be an integer"),
        ("training.steps", "--set training.steps: write --set key=value"),
        ("seeds.count=4", "--set seeds.count=4: seeds is no table"),
        ("process.length=4", "--set process.length=4: process is a list of tables: name one, as in process.0.length"),
        ("process.rrxor.length=4", "there is no process 'rrxor'; there are mess3, z1r"),
        ("process.7.length=4", "there is no process '7'"),
        ("process.0.length=0", "--set process.0.length=0: length must be"),
    ],
)
def test_what_is_set_wrongly_is_said_with_the_option(tmp_path: Path, word: str, complaint: str) -> None:
    assert complaint in refused(WHOLE, tmp_path, word)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Misused, match="no text in UTF-8"):
        Document.read(tmp_path / "sweep.toml")
    with pytest.raises(Misused, match=r"absent\.toml: No such file"):
        Document.read(tmp_path / "absent.toml")


@pytest.mark.parametrize("letter", ["a", "é", "界", "\N{MUSICAL SYMBOL G CLEF}", "\0", "/"])
@pytest.mark.parametrize("length", [1, 90, 1000])
def test_a_label_is_a_name_of_a_file_of_any_system(letter: str, length: int) -> None:
    label = safe_label(letter * length)
    assert 0 < len(label.encode()) <= 100
    assert not set(label) & {"/", "\0", "\\"}
    assert label.strip(".")
    if length == 1000 and letter.isalnum():
        assert label != safe_label(letter * 1001)


def test_no_name_of_a_file_is_made_of_what_a_spec_says(tmp_path: Path) -> None:
    text = WHOLE.replace('name = "gru"', 'name = "gru"\nlabel = "../../etc/gru"')
    labels = [c.label for c in resolve(written(text, tmp_path)).spec.candidates]
    assert labels[0] == "etc-gru-width4-lr0.001"
    assert not [label for label in labels if "/" in label]
    word = predictor_table("gru:width=8")
    assert word["label"] == "gru-width8"
    assert "/" not in predictor_table("plug:path=../../x")["label"]


def test_a_machine_file_is_found_beside_the_experiment(tmp_path: Path) -> None:
    from compmech import zoo
    from compmech.io import save

    (tmp_path / "below").mkdir()
    save(zoo.golden_mean(), tmp_path / "below" / "mine.json")
    text = '[[process]]\nfile = "mine.json"\nlength = 4\n[[predictor]]\nname = "bayes"\n'
    (subject,) = resolve(written(text, tmp_path / "below")).spec.subjects
    assert subject.process.n_symbol == 2

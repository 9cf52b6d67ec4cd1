"""The terminal table: it fits, it aligns, and its numbers are the headline's."""

from dataclasses import replace

import pytest

from probes.headline import headline
from probes.report import terminal_table
from probes.report.numerals import decimal, nats, signed
from probes.report.short_names import short_names
from probes.results import Comparison
from tests.probes.sample_comparison import BEYOND, EMPTY, FINAL_KL, REFUSED, RRXOR, sample_comparison


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return sample_comparison(n_point=50)


def block(text: str, start: str) -> list[str]:
    """The lines from one that begins so to the next empty one."""
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(start))
    return lines[first : lines.index("", first)]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("n_seed", [1, 3])
def test_every_line_fits(width: int, n_seed: int) -> None:
    text = terminal_table(sample_comparison(n_seed=n_seed, n_point=50), width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert text.endswith("\n")
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_the_legend_says_which_interval() -> None:
    one, three = (" ".join(terminal_table(sample_comparison(n_seed=n, n_point=50)).split()) for n in (1, 3))
    assert "t interval" not in one
    assert "95 %: t interval of the mean over 3 seeds; with few seeds it is wide and may pass 1." in three


def test_too_narrow_is_refused(comparison: Comparison) -> None:
    with pytest.raises(ValueError, match="at least 40 characters; got 39"):
        terminal_table(comparison, 39)


def test_beyond_block_holds_the_headline(comparison: Comparison) -> None:
    lines = block(terminal_table(comparison), "Beyond the next symbol (3 dimensions")
    assert lines[1] == "best model-free baseline: suffix-grams K=6–7 0.790"
    header = "predictor best site R² 95 % uniform permuted untrained above"
    assert " ".join(lines[2].split()) == header
    by_name = {line.split()[0]: line.split()[1:] for line in lines[4:11]}
    assert list(by_name) == [*BEYOND, "k-gram", "uniform", "bayes"]
    for name in BEYOND:
        found = headline(comparison, RRXOR, name, "beyond")
        assert found.best is not None
        beside = (found.best, found.uniform, found.permuted, found.untrained)
        values = [decimal(score.value) for score in beside if score is not None]
        cells = by_name[name]
        assert [cells[0], cells[1], *cells[3:6]] == [found.best.site, *values]
        assert cells[-1] == signed(found.difference)


def test_overview_holds_costs_and_losses(comparison: Comparison) -> None:
    text = terminal_table(comparison)
    lines = text[text.index("RRXOR (p1") :].splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("predictor"))
    by_name = {line.split()[0]: line.split()[1:] for line in lines[first + 2 : first + 9]}
    for name in ("transformer", "lstm", "gru", "mamba"):
        assert by_name[name][3] == nats(FINAL_KL[RRXOR][name], plain=True)
    assert by_name["gru"][:3] == ["25,282", "8,704,000", "38"]
    assert by_name["k-gram"][3] == "inf"
    assert by_name["bayes"][3:5] == ["0", "1.000"]


def test_columns_are_aligned(comparison: Comparison) -> None:
    lines = block(terminal_table(comparison), "Beyond the next symbol (3 dimensions")
    edge = lines[2].index("above") + len("above")
    assert {len(line) for line in lines[4:11]} == {edge}


def test_the_longest_suffix_is_said_for_each_process(comparison: Comparison) -> None:
    said = [line for line in terminal_table(comparison).splitlines() if line.startswith("suffix-grams: ")]
    assert said == [f"suffix-grams: K=6–7 chosen on inner folds, R² {value}" for value in ("0.997", "0.790")]
    rows = [replace(row, setting="") for row in comparison.rows]
    assert "K=" not in terminal_table(replace(comparison, rows=rows))  # as in records that do not hold it


def test_nothing_beyond_is_said(comparison: Comparison) -> None:
    text = " ".join(terminal_table(comparison).split())
    assert f"Nothing of the belief lies beyond the next symbol: {EMPTY}." in text


def test_sites_of_several_kinds_stand_side_by_side(comparison: Comparison) -> None:
    text = terminal_table(comparison)
    lines = text[text.index("Where each network keeps what lies beyond the next symbol") :].splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("mamba"))
    header, stream, conv, ssm = (line.split() for line in lines[at : at + 4])
    assert header == ["mamba", "embed", "layer.0", "layer.1", "final"]
    assert stream[:2] == ["layer", "output"]
    assert (conv[0], ssm[:2]) == ("convolution", ["ssm", "state"])
    assert ssm[2:] == ["-", "0.385", "0.770", "-"]


def test_different_baselines_get_a_column(comparison: Comparison) -> None:
    made = comparison.only(process=RRXOR, control="random-features", target="beyond")
    narrow = [replace(row, width=32) if row.predictor == "mamba" else row for row in comparison.rows if row not in made]
    rows = [*narrow, *(replace(row, score=0.9, width=32) for row in made)]
    lines = block(terminal_table(replace(comparison, rows=rows), 120), "Beyond the next symbol")
    assert "best model-free" in lines[1]
    assert next(line for line in lines if line.startswith("mamba")).split()[-5:-1] == [
        "random-features",
        "width",
        "32",
        "0.900",
    ]
    assert next(line for line in lines if line.startswith("gru")).split()[-4:-1] == ["suffix-grams", "K=6–7", "0.790"]


def test_an_empty_score_shows_its_reason(comparison: Comparison) -> None:
    rows = [
        replace(row, score=None, low=None, high=None, reason=REFUSED)
        if row.predictor == "lstm" and row.control == "" and row.target == "beyond" and row.process == RRXOR
        else row
        for row in comparison.rows
    ]
    text = terminal_table(replace(comparison, rows=rows))
    assert f"lstm: {REFUSED}" in text
    lines = block(text, "Beyond the next symbol")
    assert "empty" in next(line for line in lines if line.startswith("lstm")).split()


def test_discriminating_scores_are_marked(comparison: Comparison) -> None:
    text = terminal_table(comparison)
    assert text.count("Discriminates states (lstm, gru, mamba): 36 distinct beliefs") == 1
    rows = [replace(row, verdict="holds their geometry") for row in comparison.rows]
    assert "Discriminates" not in terminal_table(replace(comparison, rows=rows))


def test_names_that_begin_alike_stay_different(comparison: Comparison) -> None:
    new = {"gru": "gru:width=8,n_layer=1", "lstm": "gru:width=8,n_layer=2"}
    runs = [replace(run, predictor=new.get(run.predictor, run.predictor)) for run in comparison.runs]
    rows = [replace(row, predictor=new.get(row.predictor, row.predictor)) for row in comparison.rows]
    text = terminal_table(replace(comparison, runs=runs, rows=rows))
    assert max(map(len, text.splitlines())) <= 100
    for short in ("gru:…n_layer=1", "gru:…n_layer=2"):
        # two processes' overviews, and what lies beyond the next symbol
        assert sum(line.startswith(f"{short} ") for line in text.splitlines()) >= 3


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["gru", "a-name-of-fourt"], ["gru", "a-name-of-fou…"]),
        (
            ["gru:" + "a" * 20 + "1", "gru:" + "a" * 20 + "2", "b" * 20],
            ["gru:…aaaaaaaa1", "gru:…aaaaaaaa2", "bbbbbbbbbbbbb…"],
        ),
        (["gru:width=8,n_layer=1,lr=0.01", "gru:width=8,n_layer=2,lr=0.01"], ["gru:…_layer=1…", "gru:…_layer=2…"]),
        # they differ in two places far apart: only longer names tell all of them apart
        (["gru:aaaaaaaaaaaa" + c + "b" * 12 + d for c in "12" for d in "12"], None),
        ([], []),
    ],
)
def test_short_names_differ(names: list[str], short: list[str] | None) -> None:
    found = short_names(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    if short is not None:
        assert list(found.values()) == short


def test_long_names_are_cut(comparison: Comparison) -> None:
    long = "gru-with-a-very-long-name"
    runs = [replace(run, predictor=long) if run.predictor == "gru" else run for run in comparison.runs]
    rows = [replace(row, predictor=long) if row.predictor == "gru" else row for row in comparison.rows]
    text = terminal_table(replace(comparison, runs=runs, rows=rows))
    assert "gru-with-a-ve…" in text
    assert max(map(len, text.splitlines())) <= 100

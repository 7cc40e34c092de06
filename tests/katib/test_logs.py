"""A log as Katib's collector reads it: recorded answers of its own code, and no bytes that raise."""

from __future__ import annotations

import io

import pytest
from collector_cases import ENDS, JSON, TEXT, Case, Row
from hypothesis import given
from hypothesis import strategies as st

from kgen.katib import collectors, gotime, logs, observation
from kgen.katib.logs import EndedError, Ignored, Why

ANY = st.binary(max_size=200)
PIECES = (
    *(b"loss", b"=", b" ", b"0.3", b"\n", b"\r", b"\xff", b"\xe2\x82", b"2024-01-01T00:00:00Z", b"{", b"}", b'"', b":"),
    *(b"-", b"nan", b"1e-05", b"\x00", b"\\ud800", b"timestamp", b"null", b",", b"1e999"),
)
LIKE_A_LOG = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)
FILTERS = [collectors.DEFAULT_FILTER, "(.*)=(.*)", "(x*)(y*)", r"(loss|)(\B|)", "(a", "a", ""]


def read(log: bytes, metrics: tuple[str, ...], filters: tuple[str, ...], form: str) -> list[logs.Read]:
    lines = enumerate((chunk.removesuffix(b"\n") for chunk in io.BytesIO(log)), 1)
    if form == "JSON":
        return list(logs.read_json(lines, metrics))
    return list(logs.read_text(lines, metrics, collectors.filter_list(filters)))


def stored(log: bytes, metrics: tuple[str, ...], filters: tuple[str, ...], form: str) -> tuple[object, object]:
    """Give the rows that reach the database, and min, max and latest of the objective."""
    try:
        rows = [each for each in read(log, metrics, filters, form) if isinstance(each, logs.Row)]
    except EndedError:
        return ENDS, ENDS
    tally = observation.Tally()
    if not any(row.name == metrics[0] for row in rows):
        rows = []
    for row in rows:
        tally.add(row)
    metric = tally.metric(metrics[0])
    found: tuple[Row, ...] = tuple((row.timestamp, row.name, row.value) for row in rows)
    return found, (metric.minimum, metric.maximum, metric.latest)


@pytest.mark.parametrize(
    ("form", "case"),
    [pytest.param("TEXT", case, id=case[0]) for case in TEXT]
    + [pytest.param("JSON", case, id=f"JSON: {case[0]}") for case in JSON],
)
def test_the_answer_is_that_of_katib(form: str, case: Case) -> None:
    _, log, metrics, rows, chosen, filters = case
    assert stored(log, metrics, filters, form) == (rows, chosen)


@given(ANY | LIKE_A_LOG, st.lists(st.sampled_from(FILTERS), max_size=3), st.sampled_from(["TEXT", "JSON"]))
def test_no_bytes_raise(log: bytes, filters: list[str], form: str) -> None:
    rows, values = stored(log, ("loss", "", "l"), tuple(filters), form)
    assert (rows is ENDS) is (values is ENDS)  # it ended, or both were found


@given(LIKE_A_LOG)
def test_every_line_is_read_or_ignored_for_a_reason(log: bytes) -> None:
    found = {each.line for each in read(log, ("loss",), (), "TEXT")}
    assert found == set(range(1, len(list(io.BytesIO(log))) + 1))


@pytest.mark.parametrize(
    ("line", "why", "detail"),
    [
        (b"hello", Why.NO_NAME, ""),
        (b"loss: 1", Why.NO_MATCH, ""),
        (b"train/acc=1", Why.OTHER_NAME, "`acc`"),
        (b"xloss=1 yloss=2", Why.OTHER_NAME, "`xloss`, `yloss`"),
    ],
)
def test_why_a_line_is_ignored(line: bytes, why: Why, detail: str) -> None:
    (found,) = read(line, ("loss", "train/acc"), (), "TEXT")
    assert isinstance(found, Ignored)
    assert (found.why, found.detail) == (why, detail)


def test_a_filter_without_two_groups_is_named() -> None:
    (found,) = read(b"loss=1", ("loss",), ("loss=(.*)",), "TEXT")
    assert isinstance(found, Ignored)
    assert found.why is Why.NO_GROUPS


def test_a_number_in_json_is_named() -> None:
    (found,) = read(b'{"loss": 0.3}', ("loss",), (), "JSON")
    assert isinstance(found, Ignored)
    assert (found.why, found.detail) == (Why.NO_TEXT, "loss: 0.3")


def test_a_value_that_is_no_utf8_ends_the_collector() -> None:
    with pytest.raises(EndedError, match="not UTF-8"):
        read(b"loss=\xff", ("loss",), ("(loss)=(.*)",), "TEXT")


def test_what_is_shown_of_a_line_moves_no_cursor() -> None:
    assert logs.shown(b"\x1b[31mred\x00\xff" + b"x" * 1000) == ("\ufffd[31mred\ufffd\ufffd" + "x" * 1000)[:120]


def test_a_line_beyond_all_measure_is_not_read() -> None:
    (found,) = read(b"loss=1" + b"x" * logs.MOST_LINE, ("loss",), (), "TEXT")
    assert isinstance(found, Ignored)
    assert found.why is Why.LONG


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_back_from_its_decimal(value: float) -> None:
    assert "e" not in gotime.plain_decimal(value)
    assert gotime.number(gotime.plain_decimal(value)) == value


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_a_time_is_read_back_from_its_text(seconds: int) -> None:
    written = gotime.unix_text(float(seconds))
    assert written is not None
    assert gotime.instant(written) == (seconds + 62_135_596_800) * 1_000_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000.5", 1000.5),
        ("0x1p-2", 0.25),
        ("0x_1p4", 16.0),
        ("-.5e1", -5.0),
        ("1e-400", 0.0),
        ("+Infinity", float("inf")),
        *[(bad, None) for bad in ("", " 1", "1_", "_1", "1__0", "0x1", "1e400", "+nan", "e5", "．5", "1,5", "0b1")],
    ],
)
def test_what_go_reads_as_a_number(text: str, value: float | None) -> None:
    assert gotime.number(text) == value


@pytest.mark.parametrize(
    ("value", "strategy", "taken"),
    [
        ("0.5", "min", "0.5"),
        ("text", "min", "text"),
        ("text", "max", "text"),
        ("", "latest", ""),
        ("0.5", "mean", ""),
    ],
)
def test_the_value_that_is_taken(value: str, strategy: str, taken: str) -> None:
    tally = observation.Tally()
    tally.add(logs.Row(1, "", "loss", value))
    assert tally.metric("loss").taken(strategy) == taken
    assert tally.metric("other").taken("min") == logs.UNAVAILABLE


@pytest.mark.parametrize(
    ("value", "kind", "goal", "reached"),
    [
        ("0.1", "minimize", 0.1, True),
        ("0.2", "minimize", 0.1, False),
        ("0.9", "maximize", 0.9, True),
        ("nan", "maximize", 0.9, False),
        ("text", "maximize", 0.9, None),
        ("0.9", "maximize", None, None),
    ],
)
def test_the_goal(value: str, kind: str, goal: float | None, reached: bool | None) -> None:
    assert observation.reached(value, kind, goal) is reached


def test_lists_are_split_at_semicolons() -> None:
    assert collectors.metric_list(("a;b", "c")) == ("a", "b", "c")
    assert collectors.filter_list(("(a);(b)",)) == ("(a)", "(b)")
    assert collectors.filter_list(("",)) == (collectors.DEFAULT_FILTER,) == collectors.filter_list(())
    assert collectors.filter_list(("", "x")) == ("", "x")


def test_what_an_experiment_wants_is_read_with_its_defaults() -> None:
    found = collectors.wanted(
        {
            "objective": {
                "type": "maximize",
                "goal": 1,
                "objectiveMetricName": "acc",
                "additionalMetricNames": ["loss", 3],
                "metricStrategies": [{"name": "loss", "value": "latest"}, {"name": "loss", "value": "min"}, 4],
            },
            "metricsCollectorSpec": {"collector": {"kind": "File"}},
        }
    )
    assert (found.kind, found.format, found.path) == ("File", "TEXT", "/var/log/katib/metrics.log")
    assert found.strategies == {"loss": "latest", "acc": "max"}
    assert (found.names, found.goal) == (("acc", "loss"), 1.0)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["objective", "metricsCollectorSpec", "collector", "kind", "source", "metricStrategies"]
                ),
                inner,
            )
        ),
    )
)
def test_odd_experiments_are_read(value: object) -> None:
    wanted = collectors.wanted(
        value if isinstance(value, dict) else {"objective": value, "metricsCollectorSpec": value}
    )
    assert all(isinstance(name, str) for name in (*wanted.names, *wanted.filters))

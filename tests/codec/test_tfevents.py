"""TensorBoard's event files are read as their writers wrote them, and damage ends the reading and nothing else."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgen.codec.tfevents import Damaged, Reader, Scalar, _masked


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | float | bytes, kind: int | None = None) -> bytes:
    if isinstance(value, bytes):
        if kind is not None:
            return varint(number << 3 | kind) + value
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3) + varint(value)


def record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", _masked(head)) + data + struct.pack("<I", _masked(data))


def event(*values: bytes, step: int = 1, wall_time: float = 1.5) -> bytes:
    return record(field(1, wall_time) + field(2, step) + field(5, b"".join(field(1, value) for value in values)))


def simple(tag: str, value: float) -> bytes:
    return field(1, tag.encode()) + field(2, struct.pack("<f", value), 5)


def tensor(tag: str, dtype: int, *parts: bytes, shape: tuple[int, ...] = ()) -> bytes:
    dims = b"".join(field(2, field(1, size)) for size in shape)
    return field(1, tag.encode()) + field(8, field(1, dtype) + field(2, dims) + b"".join(parts))


def test_the_checksum_is_that_of_castagnoli() -> None:
    # "123456789" has the CRC-32C e3069283, by the tables of everyone.
    crc = 0xE3069283
    assert _masked(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(simple("a", 0.1), "0.10000000149011612", id="a float of four bytes, as Python prints it"),
        pytest.param(simple("a", math.nan), "nan", id="no number"),
        pytest.param(simple("a", math.inf), "inf", id="infinity"),
        pytest.param(
            tensor("a", 1, field(4, struct.pack("<f", 0.1))), "0.1", id="a tensor's content, as NumPy prints it"
        ),
        pytest.param(tensor("a", 1, field(5, struct.pack("<f", 0.96666664))), "0.96666664", id="a packed list"),
        pytest.param(tensor("a", 1, field(5, struct.pack("<f", 1e-5), 5)), "1e-05", id="a list that is not packed"),
        pytest.param(
            tensor("a", 1, field(4, struct.pack("<f", 3.4028235e38))), "3.4028235e+38", id="the largest float"
        ),
        pytest.param(simple("a", 1.0) + field(8, field(1, 1)), "0.0", id="of two values the last one counts"),
        pytest.param(tensor("a", 2, field(6, struct.pack("<d", 0.1))), "0.1", id="a double"),
        pytest.param(tensor("a", 3, field(7, varint(-5))), "-5", id="an int32"),
        pytest.param(tensor("a", 9, field(10, -5)), "-5", id="an int64"),
        pytest.param(tensor("a", 23, field(17, varint(2**64 - 1))), "18446744073709551615", id="a uint64"),
        pytest.param(tensor("a", 19, field(13, varint(0x3C00))), "1.0", id="a half"),
        pytest.param(tensor("a", 10, field(11, varint(1))), "True", id="a truth"),
        pytest.param(tensor("a", 7, field(8, b"hi")), "b'hi'", id="a text"),
        pytest.param(tensor("a", 1), "0.0", id="a value that is left out"),
        pytest.param(tensor("a", 1, shape=(2, 3)), "[a tensor of 2 x 3]", id="a matrix is no number"),
        pytest.param(tensor("a", 14), "[a value of type 14]", id="a type that is not read"),
    ],
)
def test_a_value_is_written_as_the_collector_writes_it(value: bytes, text: str) -> None:
    (found,) = Reader().feed(event(value))
    assert (found.tag, found.step, found.wall_time, found.text) == ("a", 1, 1.5, text)


def test_what_is_no_scalar_is_passed_over() -> None:
    histogram = field(1, b"weights") + field(5, b"\x00" * 8)
    other = record(field(1, 1.0) + field(3, b"brain.Event:2"))
    found = Reader().feed(other + event(histogram, simple("loss", 2.0), step=-1) + record(b""))
    assert found == [Scalar("loss", -1, 1.5, "2.0", is_tensor=False)]


def test_a_tag_may_be_the_name_of_a_node() -> None:
    (found,) = Reader().feed(event(field(7, b"node") + field(8, field(1, 1))))
    assert found.tag == "node"


@given(st.lists(st.integers(1, 40), max_size=40))
def test_pieces_of_any_size_give_the_same(sizes: list[int]) -> None:
    data = b"".join(event(simple("a", float(index))) for index in range(5))
    reader, out, at = Reader(), [], 0
    for size in (*sizes, len(data)):
        out.extend(reader.feed(data[at : at + size]))
        at += size
    assert [each.text for each in out] == ["0.0", "1.0", "2.0", "3.0", "4.0"]


def test_the_start_of_a_record_is_waited_for() -> None:
    data = event(simple("a", 1.0))
    reader = Reader()
    assert reader.feed(data[:-1]) == []
    assert [each.text for each in reader.feed(data[-1:])] == ["1.0"]


GOOD = event(simple("a", 1.0))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"name=value\nname=value\n", "length is wrong", id="a text"),
        pytest.param(GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "checksum of a record is wrong", id="a flipped bit"),
        pytest.param(record(b"\xff\xff"), "no protobuf message", id="a number without end"),
        pytest.param(record(varint(1 << 3 | 2) + b"\x7f"), "no protobuf message", id="a length beyond the end"),
        pytest.param(record(varint(1 << 3 | 3)), "no protobuf message", id="a group"),
        pytest.param(event(tensor("a", 1, field(4, b"\x00"))), "ends early", id="a tensor of too few bytes"),
    ],
)
def test_damage_is_said(data: bytes, message: str) -> None:
    with pytest.raises(Damaged, match=message):
        Reader().feed(data)


def test_a_length_beyond_all_sense_is_refused() -> None:
    head = struct.pack("<Q", 1 << 60)
    with pytest.raises(Damaged, match="longer than kgen reads"):
        Reader().feed(head + struct.pack("<I", _masked(head)))


def test_a_time_of_another_length_is_passed_over() -> None:
    odd = record(field(1, b"\x00" * 4, 5) + field(2, 7) + field(5, field(1, simple("a", 1.0))))
    assert [(each.tag, each.step, each.wall_time) for each in Reader().feed(odd)] == [("a", 7, 0.0)]


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise(data: bytes) -> None:
    for whole in (data, record(data), event(data), event(tensor("a", 1, data))):
        try:
            found = Reader().feed(whole)
        except Damaged:
            continue
        assert all(isinstance(each.tag, str) for each in found)


def test_files_of_tensorboardx_are_read(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="tensorboardX writes the file")
    from tensorboardX import SummaryWriter  # noqa: PLC0415

    with SummaryWriter(str(tmp_path)) as writer:
        for step in range(3):
            writer.add_scalar("val/accuracy", 0.5 + step / 4, step, walltime=100.0 + step)
            writer.add_text("note", "붓꽃", step)
    (path,) = tmp_path.iterdir()
    found = Reader().feed(path.read_bytes())
    scalars = [each for each in found if each.tag == "val/accuracy"]
    assert [(each.step, each.wall_time, each.text) for each in scalars] == [
        (0, 100.0, "0.5"),
        (1, 101.0, "0.75"),
        (2, 102.0, "1.0"),
    ]

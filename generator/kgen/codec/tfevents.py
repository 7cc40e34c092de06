"""TensorBoard's event files: records of TFRecord, each a protobuf `Event`, read as far as scalars need it.

Read from tensorflow/core/lib/io/record_writer.h, core/util/event.proto, core/framework/{summary,tensor,
tensor_shape}.proto and tensorboard's event_accumulator.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

MOST_RECORD = 256 << 20  # bytes; a longer one is no event that somebody meant to write
_HEAD, _FOOT = 12, 4  # length and its checksum; checksum of the data
_MOST_CHECKED = 64 << 10  # bytes of data whose checksum is looked at: scalars are small, and images cost time
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WALL_TIME, _STEP, _SUMMARY = 1, 2, 5  # fields of Event
_TAG, _SIMPLE, _NODE_NAME, _TENSOR = 1, 2, 7, 8  # of Summary.Value
_DTYPE, _SHAPE, _CONTENT = 1, 2, 4  # of TensorProto

# dtype: format of an element in `tensor_content`, field of the list that holds values otherwise, format there
_TYPES: dict[int, tuple[str, int, str]] = {
    1: ("<f", 5, "<f"),
    2: ("<d", 6, "<d"),
    3: ("<i", 7, ""),
    4: ("<B", 7, ""),
    5: ("<h", 7, ""),
    6: ("<b", 7, ""),
    9: ("<q", 10, ""),
    10: ("<?", 11, ""),
    17: ("<H", 7, ""),
    19: ("<e", 13, ""),
    22: ("<I", 16, ""),
    23: ("<Q", 17, ""),
}
_HALF, _FLOAT, _BOOL, _STRING, _STRINGS = 19, 1, 10, 7, 8


class Scalar(NamedTuple):
    """A value of a summary."""

    tag: str
    step: int
    wall_time: float  # seconds since the epoch
    text: str  # the value as Python and NumPy print it
    is_tensor: bool  # written as a tensor, as TensorFlow 2 does, and not as `simple_value`


class Damaged(Exception):
    """From here on the file cannot be read; what came before stands."""


class Reader:
    """Reads a file piece by piece, so that one which grows can be followed."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Scalar]:
        """Read the records that are whole now; the start of another one is kept for the next call.

        Raises:
            Damaged: a checksum is wrong, or an event is no protobuf message.
        """
        self._rest += data
        out: list[Scalar] = []
        at = 0
        try:
            while len(self._rest) - at >= _HEAD:
                length = _length(bytes(self._rest[at : at + _HEAD]))
                end = at + _HEAD + length + _FOOT
                if end > len(self._rest):
                    break
                out.extend(_scalars(_checked(bytes(self._rest[at + _HEAD : end]))))
                at = end
        finally:
            del self._rest[:at]
        return out


def _length(head: bytes) -> int:
    length, check = struct.unpack("<QI", head)
    if _masked(head[:8]) != check:
        raise Damaged("the checksum of a record's length is wrong")
    if length > MOST_RECORD:
        raise Damaged(f"a record of {length} bytes is longer than kgen reads")
    return int(length)


def _checked(record: bytes) -> bytes:
    data = record[:-_FOOT]
    if len(data) <= _MOST_CHECKED and _masked(data) != struct.unpack("<I", record[-_FOOT:])[0]:
        raise Damaged("the checksum of a record is wrong")
    return data


def _masked(data: bytes) -> int:
    """Give the checksum of TFRecord: a rotated CRC-32C, so that a checksum of checksums is not a weak one."""
    table, crc = _table(), 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@lru_cache(maxsize=1)
def _table() -> tuple[int, ...]:
    out = []
    for index in range(256):
        crc = index
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        out.append(crc)
    return tuple(out)


def _scalars(event: bytes) -> Iterator[Scalar]:
    wall_time, step, summaries = 0.0, 0, []
    for number, value in _fields(event):
        if number == _WALL_TIME and isinstance(value, bytes) and len(value) == 8:
            (wall_time,) = struct.unpack("<d", value)
        elif number == _STEP and isinstance(value, int):
            step = _signed(value)
        elif number == _SUMMARY and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for number, value in _fields(summary):
            if number == 1 and isinstance(value, bytes):
                yield from _value(value, step, wall_time)


def _value(data: bytes, step: int, wall_time: float) -> Iterator[Scalar]:
    tag = node = ""
    simple: bytes | None = None
    tensor: bytes | None = None
    for number, value in _fields(data):
        if not isinstance(value, bytes):
            continue
        if number == _TAG:
            tag = value.decode("utf-8", "replace")
        elif number == _NODE_NAME:
            node = value.decode("utf-8", "replace")
        elif number == _SIMPLE and len(value) == 4:
            simple, tensor = value, None  # one of several: the last one counts
        elif number == _TENSOR:
            simple, tensor = None, value
    if simple is not None:
        yield Scalar(tag, step, wall_time, str(struct.unpack("<f", simple)[0]), is_tensor=False)
    elif tensor is not None:
        yield Scalar(tag or node, step, wall_time, _tensor(tensor), is_tensor=True)


def _tensor(data: bytes) -> str:
    """Write a tensor as NumPy prints it; one of more than a number in a form that is no number."""
    dtype, shape, content = 0, [], b""
    lists: dict[int, list[bytes | int]] = {}
    for number, value in _fields(data):
        if number == _DTYPE and isinstance(value, int):
            dtype = value
        elif number == _SHAPE and isinstance(value, bytes):
            shape = [_size(dim) for field, dim in _fields(value) if field == 2 and isinstance(dim, bytes)]
        elif number == _CONTENT and isinstance(value, bytes):
            content = value
        else:
            lists.setdefault(number, []).append(value)
    if shape:
        return f"[a tensor of {' x '.join(map(str, shape))}]"
    if dtype == _STRING:
        return str(next((each for each in lists.get(_STRINGS, ())), b""))
    if dtype not in _TYPES:
        return f"[a value of type {dtype}]"
    return _written(dtype, _element(dtype, content, lists))


def _element(dtype: int, content: bytes, lists: dict[int, list[bytes | int]]) -> float | int:
    """Give the one value of a scalar tensor; one that is not there is 0, as in TensorFlow."""
    form, field, packed = _TYPES[dtype]
    if content:
        return _unpacked(form, content)
    held = next(iter(lists.get(field, ())), b"")
    if packed:
        return _unpacked(packed, held) if isinstance(held, bytes) and held else 0.0
    value = held if isinstance(held, int) else next(_varints(held), 0)
    if dtype == _HALF:
        return _unpacked("<e", (value & 0xFFFF).to_bytes(2, "little"))
    return value if dtype in (22, 23) else _signed(value)  # uint32, uint64


def _unpacked(form: str, data: bytes) -> float | int:
    size = struct.calcsize(form)
    if len(data) < size:
        raise Damaged("a tensor ends early")
    value: float | int = struct.unpack(form, data[:size])[0]
    return value


def _written(dtype: int, value: float | int) -> str:
    if dtype == _BOOL:
        return str(bool(value))
    if isinstance(value, float) and dtype in (_FLOAT, _HALF):
        return _shortest(value, "<f" if dtype == _FLOAT else "<e")
    return str(value)


def _shortest(value: float, form: str) -> str:
    """Write the fewest digits that give a number of less precision back, as NumPy does."""
    if not math.isfinite(value):
        return str(value)
    wanted = struct.pack(form, value)
    for digits in range(1, 18):
        text = f"{value:.{digits}g}"
        try:
            if struct.pack(form, float(text)) == wanted:
                return str(float(text))
        except OverflowError:  # rounded up beyond what the type holds
            continue
    return str(value)


def _size(dim: bytes) -> int:
    return next((_signed(value) for number, value in _fields(dim) if number == 1 and isinstance(value, int)), 0)


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Yield number and value of each field of a message; a fixed one as its bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)
        if size < 0 or at + size > len(data):
            raise Damaged("an event is no protobuf message")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise Damaged("an event is no protobuf message")


def _varints(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value

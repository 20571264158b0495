"""[P3] What replaces a value keeps the bytes of everything that is equal, in whichever way they are spelled."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgpack import Unpacker

from session_bridge._values import Codecs, CustomEncoding, decode, encode, encode_over, scan

from .notation import encodings_of, rows_of, same
from .test_vectors import without_numpy

ROWS = [row for row in rows_of("values.json") if not without_numpy(row)]
SPELLINGS = [data for row in ROWS if "nested" not in row["value"] for data in encodings_of(row) if len(data) < 100]
FLOAT32 = b"\xca\x3f\x00\x00\x00"
"""0.5, as C writes it; we write 64 bits."""


def array(items: list[bytes], wide: bool) -> bytes:
    return (b"\xdc" + len(items).to_bytes(2) if wide else bytes([0x90 | len(items)])) + b"".join(items)


def tupled(items: list[bytes], wide: bool) -> bytes:
    payload = array(items, wide)
    return b"\xc9" + len(payload).to_bytes(4) + b"\x07" + payload


def mapping(entries: dict[str, bytes], wide: bool) -> bytes:
    head = b"\xde" + len(entries).to_bytes(2) if wide else bytes([0x80 | len(entries)])
    keys = [(b"\xd9" + bytes([len(name)]) if wide else bytes([0xA0 | len(name)])) + name.encode() for name in entries]
    return head + b"".join(key + value for key, value in zip(keys, entries.values(), strict=True))


def parts(data: bytes) -> dict[object, bytes]:
    """The bytes of the parts of a map or list, keys included, by key or place."""
    unpacker = Unpacker(max_buffer_size=len(data))
    unpacker.feed(data)
    is_map = scan(data) == "map"
    count = unpacker.read_map_header() if is_map else unpacker.read_array_header()
    found: dict[object, bytes] = {}
    for place in range(count):
        start = unpacker.tell()
        key = unpacker.unpack() if is_map else place
        unpacker.skip()
        found[key] = data[start : unpacker.tell()]
    return found


leaves = st.sampled_from(SPELLINGS)
spelled = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(array, st.lists(inner, max_size=4), st.booleans()),
        st.builds(mapping, st.dictionaries(st.sampled_from("abcde"), inner, max_size=4), st.booleans()),
        st.builds(tupled, st.lists(inner, max_size=3), st.booleans()),
    ),
    max_leaves=12,
)
maps = st.builds(mapping, st.dictionaries(st.sampled_from("abcde"), spelled, min_size=1, max_size=4), st.booleans())
lists = st.builds(array, st.lists(spelled, min_size=1, max_size=5), st.booleans())


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_p3_what_was_read_is_written_back_as_it_was(row: dict[str, Any]) -> None:
    """[P3]"""
    for data in encodings_of(row):
        assert encode_over(decode(data), data) == data


@given(spelled)
def test_p3_values_inside_values_are_written_back_as_they_were(data: bytes) -> None:
    """[P3]"""
    assert encode_over(decode(data), data) == data


@given(maps, st.data())
def test_p3_a_changed_entry_leaves_the_bytes_of_all_others(data: bytes, draw: st.DataObject) -> None:
    """[P3] Set, deleted or new."""
    value: Any = decode(data)
    key = draw.draw(st.sampled_from("abcdef"))
    if draw.draw(st.booleans()):
        value[key] = "changed"
    else:
        value.pop(key, None)
    written = encode_over(value, data)
    assert same(decode(written), value)
    others = {name: entry for name, entry in parts(data).items() if name != key}
    assert {name: entry for name, entry in parts(written).items() if name != key} == others


@given(maps)
def test_p3_a_change_deep_inside_leaves_everything_around_it(data: bytes) -> None:
    """[P3]"""
    around = mapping({"deep": array([data, data], True), "float": FLOAT32}, True)
    value: Any = decode(around)
    value["deep"][1]["changed"] = 1
    written = parts(encode_over(value, around))
    assert written["float"] == parts(around)["float"]
    deep = parts(written["deep"].partition(b"deep")[2])
    assert deep[0] == data
    inside = parts(deep[1])
    assert inside.pop("changed") == b"\xa7changed\x01"
    assert inside == parts(data)


@given(lists, st.data())
def test_p3_items_that_move_take_their_bytes_along(data: bytes, draw: st.DataObject) -> None:
    """[P3] An item of another spelling that equals one of the same list may become that one; no item changes."""
    value: Any = decode(data)
    items = [*parts(data).values()]
    place = draw.draw(st.integers(0, len(value)))
    value.insert(place, "new")
    written = [*parts(encode_over(value, data)).values()]
    assert written.pop(place) in {b"\xa3new", *items}
    assert all(same(decode(one), decode(other)) for one, other in zip(written, items, strict=True))
    assert set(written) <= set(items)


@given(spelled, spelled)
def test_whatever_it_replaces_a_value_decodes_to_itself(one: bytes, other: bytes) -> None:
    value = decode(one)
    written = encode_over(value, other)
    assert same(decode(written), value)
    scan(written)


def test_only_what_is_equal_in_type_and_value_is_the_same() -> None:
    """A whole number that replaces a float is an integer in Python, -0.0 is not 0.0, and True is not 1."""
    for old, new in ((1.0, 1), (0.0, -0.0), (1, True), ((1,), [1]), ("a", b"a")):
        assert encode_over([new], encode([old])[0]) == encode([new])[0] != encode([old])[0]


def test_p3_elements_that_python_cannot_tell_apart_stay_together() -> None:
    """[P3] 1 and 1.0 are two elements for others and one for Python, which must not lose one by adding a third."""
    both = b"\xc7\x0b\x08\x92\x01" + encode(1.0)[0]
    assert decode(both) == {1}
    assert encode_over({1, 2}, both) == b"\xc7\x0c\x08\x93\x01\x02" + encode(1.0)[0]
    assert encode_over({2}, both) == encode({2})[0]


def test_p3_digits_that_python_does_not_see_are_kept() -> None:
    """[P3] The nanoseconds of a timestamp."""
    fine = bytes.fromhex("d7ff 000001a4 00000001")
    data = mapping({"at": fine, "n": b"\x01"}, False)
    value: Any = decode(data)
    value["n"] = 2
    assert encode_over(value, data) == mapping({"at": fine, "n": b"\x02"}, False)


def test_a_custom_encoding_writes_the_whole_value() -> None:
    codecs = Codecs().with_encoding(CustomEncoding("text", lambda value: str(value).encode(), bytes.decode))
    assert encode_over("b", b"a", encoding="text", codecs=codecs) == b"b"

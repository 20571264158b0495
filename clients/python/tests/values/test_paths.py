"""What cannot be stored is refused, and the error names the place inside the value."""

import socket
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, timezone
from enum import Enum, IntEnum, IntFlag, StrEnum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from session_bridge._errors import DataLossError, SerializationError, UnsupportedError
from session_bridge._values import Codecs, CustomEncoding, decode, encode, encode_packed


class Colour(Enum):
    RED = "red"
    PAIR = (1, 2)


class Level(IntEnum):
    HIGH = 3


class Flags(IntFlag):
    A = 1
    B = 2


class Name(StrEnum):
    FIRST = "first"


class Point(NamedTuple):
    x: int
    y: float


@dataclass(frozen=True)
class Frozen:
    a: int


@dataclass
class Tool:
    name: str
    arguments: dict[str, Any] = field(default_factory=lambda: {})


class Dumped:
    def __init__(self, plain: object) -> None:
        self._plain = plain

    def model_dump(self) -> object:
        return self._plain


class AsDict:
    def to_dict(self) -> dict[str, int]:
        return {"a": 1}


class Endless:
    def to_dict(self) -> object:
        return self


class Failing:
    def to_dict(self) -> object:
        raise RuntimeError("marker 4711")


class Word(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "not the text"


class Number(int):
    pass


class Instant(datetime):
    pass


def cycle() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


def nested(depth: int, wrap: Callable[[Any], Any], leaf: Any) -> Any:
    for _ in range(depth):
        leaf = wrap(leaf)
    return leaf


BAD: dict[str, tuple[Any, str | None, str]] = {
    "a class of the application": ({"tools": [1, 2, 3, socket.socket]}, "config.tools[3]", "UNSUPPORTED_TYPE"),
    "a function": ([print], "config[0]", "UNSUPPORTED_TYPE"),
    "complex": (1j, "config", "UNSUPPORTED_TYPE"),
    "a range": ({"a": range(3)}, "config.a", "UNSUPPORTED_TYPE"),
    "a generator": ((one for one in [1]), "config", "UNSUPPORTED_TYPE"),
    "an object": ({"a b": {"c": object()}}, "config['a b'].c", "UNSUPPORTED_TYPE"),
    "an integer key": ({"a": {1: 2}}, "config.a", "UNSUPPORTED_TYPE"),
    "a bytes key": ({b"a": 1}, "config", "UNSUPPORTED_TYPE"),
    "a tuple key": ([{("a",): 1}], "config[0]", "UNSUPPORTED_TYPE"),
    "None as a key": ({None: 1}, "config", "UNSUPPORTED_TYPE"),
    "a lone surrogate": ({"a": ["ok", "\ud800"]}, "config.a[1]", "INVALID_STRING"),
    "a lone surrogate in a key": ({"a": {"\udfff": 1}}, "config.a", "INVALID_STRING"),
    "a naive datetime": ({"at": datetime(2024, 1, 1)}, "config.at", "UNSUPPORTED_TYPE"),
    "a datetime before year 1 in UTC": (
        [datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))],
        "config[0]",
        "UNSUPPORTED_TYPE",
    ),
    "a datetime after year 9999 in UTC": (
        [datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=2)))],
        "config[0]",
        "UNSUPPORTED_TYPE",
    ),
    "a time whose offset depends on the day": (
        {"at": time(1, tzinfo=ZoneInfo("Europe/Paris"))},
        "config.at",
        "UNSUPPORTED_TYPE",
    ),
    "a time with a fraction in its offset": (
        time(1, tzinfo=timezone(timedelta(microseconds=1))),
        "config",
        "UNSUPPORTED_TYPE",
    ),
    "a set in a set": ({"s": {1, frozenset({2})}}, "config.s{}", "UNSUPPORTED_TYPE"),
    "a set of named tuples": ({Point(1, 2.0)}, "config{}", "UNSUPPORTED_TYPE"),
    "a set of dataclasses": ([{Frozen(1)}], "config[0]{}", "UNSUPPORTED_TYPE"),
    "a set of tuples of dataclasses": ({(1, Frozen(1))}, "config{}[1]", "UNSUPPORTED_TYPE"),
    "a set of tuples of sets": ({(1, frozenset({1}))}, "config{}[1]", "UNSUPPORTED_TYPE"),
    "a set of two NaN": ({float("nan"), float("nan")}, "config", "UNSUPPORTED_TYPE"),
    "inside a tuple": ({"t": (1, (2, print))}, "config.t[1][1]", "UNSUPPORTED_TYPE"),
    "inside a dataclass": (Tool("a", {"x": print}), "config.arguments.x", "UNSUPPORTED_TYPE"),
    "inside a model": ({"m": Dumped({"x": print})}, "config.m.x", "UNSUPPORTED_TYPE"),
    "inside a named tuple": (Point(print, 1.0), "config.x", "UNSUPPORTED_TYPE"),  # type: ignore[arg-type]
    "a class instead of an object": ({"m": Dumped}, "config.m", "UNSUPPORTED_TYPE"),
    "a conversion without end": ([Endless()], "config[0]", "VALUE_TOO_DEEP"),
    "a conversion that raises": ([Failing()], "config[0]", "UNSUPPORTED_TYPE"),
    "a cycle": (cycle(), "config" + "[0]" * 64, "VALUE_TOO_DEEP"),
    "65 lists": (nested(65, lambda inner: [inner], 1), "config" + "[0]" * 64, "VALUE_TOO_DEEP"),
    "65 maps": (nested(64, lambda inner: {"k": inner}, {}), "config" + ".k" * 64, "VALUE_TOO_DEEP"),
    "65 tuples": (nested(65, lambda inner: (inner,), 1), "config" + "[0]" * 64, "VALUE_TOO_DEEP"),
    "5,000 tuples": (nested(5000, lambda inner: (inner,), 1), "config" + "[0]" * 64, "VALUE_TOO_DEEP"),
    "65 dataclasses": (
        nested(33, lambda inner: Tool("a", {"x": inner}), 1),
        "config" + ".arguments.x" * 32,
        "VALUE_TOO_DEEP",
    ),
    "a doubling that would be 2**50 nodes": (nested(50, lambda inner: [inner, inner], 1), None, "VALUE_TOO_COMPLEX"),
    "100,001 nodes": ([None] * 100_000, "config[99999]", "VALUE_TOO_COMPLEX"),
}


@pytest.mark.parametrize(("value", "path", "reason"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_stored_is_refused_with_its_path(value: Any, path: str | None, reason: str) -> None:
    for refused in (lambda: encode(value, name="config"), lambda: encode_packed({"good": 1, "config": value})):
        with pytest.raises(SerializationError) as caught:
            refused()
        found = caught.value.path or ""
        assert found == path or (path is None and found.startswith("config[0][0]"))
        assert caught.value.reason == reason
        assert str(caught.value).startswith(f"{found}: ")
        assert "4711" not in str(caught.value)


def test_the_message_names_the_type() -> None:
    with pytest.raises(SerializationError, match=r"config\.tools\[3\]: <class 'socket\.socket'> cannot be stored"):
        encode({"tools": [1, 2, 3, socket.socket.__new__(socket.socket)]}, name="config")


GOOD: dict[str, tuple[Any, Any]] = {
    "an enum is its value": ([Colour.RED, Colour.PAIR], ["red", (1, 2)]),
    "an IntEnum is an integer": (Level.HIGH, 3),
    "flags are an integer": (Flags.A | Flags.B, 3),
    "a StrEnum is a string, also as a key": ({Name.FIRST: Name.FIRST}, {"first": "first"}),
    "a named tuple is a map": ([Point(1, 2.0)], [{"x": 1, "y": 2.0}]),
    "a dataclass is a map": (
        Tool("a", {"b": Tool("c")}),
        {"name": "a", "arguments": {"b": {"name": "c", "arguments": {}}}},
    ),
    "a model is a map": (Dumped({"a": [Dumped({})]}), {"a": [{}]}),
    "an object with to_dict is a map": (AsDict(), {"a": 1}),
    "an OrderedDict is a map": (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "a defaultdict is a map": (defaultdict(list, a=[1]), {"a": [1]}),
    "a subclass of str is its text": ([Word("text")], ["text"]),
    "a subclass of int is its number": ([Number(2**64), Number(7)], [2**64, 7]),
    "a subclass of datetime is its instant": (Instant(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)),
    "a bytearray is bytes": ({"a": bytearray(b"x"), "b": memoryview(b"abcd")[::2]}, {"a": b"x", "b": b"ac"}),
    "a frozenset reads as a set": (frozenset({1, (2, 3)}), {1, (2, 3)}),
    "a set of enums is a set of their values": ({Colour.RED, Name.FIRST, Colour.PAIR}, {"red", "first", (1, 2)}),
    "True is not 1": ([True, 1, 1.0], [True, 1, 1.0]),
    "64 dataclasses": (
        nested(32, lambda inner: Tool("a", {"x": inner}), 1),
        nested(32, lambda i: {"name": "a", "arguments": {"x": i}}, 1),
    ),
    "a shared list is written twice": ([shared := [1], shared], [[1], [1]]),
}


@pytest.mark.parametrize(("value", "read"), GOOD.values(), ids=GOOD.keys())
def test_what_other_types_are_stored_as(value: Any, read: Any) -> None:
    from .notation import same

    assert same(decode(encode(value)[0]), read)


def test_an_encoder_of_the_application_makes_plain_values() -> None:
    codecs = Codecs().with_encoder(socket.SocketKind, str).with_encoder(complex, lambda c: {"re": c.real, "im": c.imag})
    data, _ = encode({"z": [1 + 2j]}, codecs=codecs)
    assert decode(data) == {"z": [{"re": 1.0, "im": 2.0}]}
    with pytest.raises(SerializationError, match=r"^v\.z: <class 'complex'> cannot be stored$"):
        encode({"z": 1j}, name="v")


def test_an_encoder_is_found_by_a_base_class_and_comes_before_the_fallbacks() -> None:
    codecs = Codecs().with_encoder(Tool, lambda tool: tool.name)

    class Hammer(Tool):
        pass

    assert decode(encode([Hammer("h"), Tool("t")], codecs=codecs)[0]) == ["h", "t"]


def test_an_encoding_of_the_application_carries_any_value() -> None:
    codecs = Codecs().with_encoding(
        CustomEncoding("reversed", lambda text: text[::-1].encode(), lambda data: data.decode()[::-1])
    )
    data, encoding = encode("abc", encoding="reversed", codecs=codecs)
    assert (data, encoding) == (b"cba", "reversed")
    assert decode(data, encoding, codecs=codecs) == "abc"
    with pytest.raises(SerializationError, match="the encoding 'reversed' refused the value"):
        encode(1, encoding="reversed", codecs=codecs)
    with pytest.raises(DataLossError, match="the variable 'a' does not decode as 'reversed'"):
        decode(b"\xff", "reversed", name="a", codecs=codecs)


def test_an_encoding_that_nobody_registered_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="'other' is not registered"):
        decode(b"", "other")
    with pytest.raises(UnsupportedError, match="'other' is not registered"):
        encode(1, encoding="other")


@pytest.mark.parametrize("name", ["", "msgpack", "taken"])
def test_an_encoding_cannot_take_a_name_twice(name: str) -> None:
    taken = Codecs().with_encoding(CustomEncoding("taken", bytes, bytes))
    with pytest.raises(ValueError, match="cannot be registered"):
        taken.with_encoding(CustomEncoding(name, bytes, bytes))

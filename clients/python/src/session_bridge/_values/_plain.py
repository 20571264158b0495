"""The slow walk: turns any storable value into what the C packer takes, or says what inside it is not storable.

It runs when the fast path gave up, because of a type of the application's own or because of a mistake.
"""
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, cast
from uuid import UUID

from msgpack import ExtType, Timestamp, packb

from .._errors import SerializationError
from . import _extensions as ext
from ._codecs import Codecs
from ._ndarray import from_numpy, is_numpy
from ._scan import MAX_DEPTH, MAX_NODES
from ._sets import pack_set

_EXTENSION_PACKERS: Final[Mapping[type, Callable[[Any], ExtType | Timestamp]]] = {
    datetime: ext.pack_timestamp,
    date: ext.pack_date,
    time: ext.pack_time,
    timedelta: ext.pack_duration,
    Decimal: ext.pack_decimal,
    UUID: ext.pack_uuid,
}
_DUMPERS: Final = ("model_dump", "_asdict", "to_dict")


def plain(value: object, path: str, codecs: Codecs) -> object:
    """The value as None, bool, int, float, str, bytes, list, dict and ExtType only.

    Raises:
        SerializationError: Something inside cannot be stored; `path` names it.
    """
    return _Walk(codecs).value(value, path, 0, 0)


def key_path(path: str, key: str) -> str:
    """The path of a map's entry: `config.tools`, `config["a b"]`."""
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{key!r}]"


class _Walk:
    """One walk over one value; counts its nodes, and the sets around the place."""

    def __init__(self, codecs: Codecs) -> None:
        self._codecs = codecs
        self._nodes = 0
        self._sets = 0

    def value(self, value: Any, path: str, level: int, hops: int) -> object:
        """One value that `level` containers enclose, reached by `hops` conversions of the same place."""
        if hops == 0:
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise _refused(
                    path, f"the value holds more than {MAX_NODES} values", "VALUE_TOO_COMPLEX", "nodes", MAX_NODES
                )
        kind: type = type(value)
        if kind in (type(None), bool, int, float, str, bytes, bytearray, memoryview) or kind in _EXTENSION_PACKERS:
            return _scalar(value, path)
        if kind in (dict, list, tuple, set, frozenset):
            return self._container(value, path, level + 1)
        if hops > MAX_DEPTH:
            raise _refused(path, f"{kind!r} converts to itself without end", "VALUE_TOO_DEEP", "depth", MAX_DEPTH)
        return self._other(value, kind, path, level, hops)

    def _enter(self, kind: type, path: str, level: int) -> None:
        """Refuses a container that is too deep, or that is inside a set and no tuple."""
        if level > MAX_DEPTH:
            raise _refused(path, f"nested more than {MAX_DEPTH} levels deep", "VALUE_TOO_DEEP", "depth", MAX_DEPTH)
        if self._sets and not issubclass(kind, tuple):
            raise _refused(path, f"a set holds scalars and tuples of scalars, not {kind!r}")

    def _container(self, value: Any, path: str, level: int) -> object:
        self._enter(type(value), path, level)
        if isinstance(value, dict):
            return self._map(cast("dict[object, object]", value), path, level)
        if isinstance(value, set | frozenset):
            return self._set(cast("frozenset[object]", value), path, level)
        items = [self.value(item, f"{path}[{index}]", level, 0) for index, item in enumerate(value)]
        return ExtType(ext.TUPLE, packb(items)) if isinstance(value, tuple) else items

    def _map(self, value: Mapping[object, object], path: str, level: int) -> dict[str, object]:
        entries: dict[str, object] = {}
        for key, item in value.items():
            if isinstance(key, Enum):
                key = key.value
            if not isinstance(key, str):
                raise _refused(path, f"a map's keys are strings, not {type(key)!r}")
            text = cast("str", _scalar(key, path))
            if text in entries:
                raise _refused(key_path(path, text), "two keys are the same string")
            entries[text] = self.value(item, key_path(path, text), level, 0)
        return entries

    def _set(self, value: Iterable[object], path: str, level: int) -> ExtType:
        self._sets += 1
        items = [packb(self.value(item, path + "{}", level, 0)) for item in value]
        self._sets -= 1
        try:
            return pack_set(items)
        except ValueError as error:
            raise _refused(path, str(error)) from None

    def _other(self, value: Any, kind: type, path: str, level: int, hops: int) -> object:
        """A type outside the table: converted, then walked again."""
        encoder = self._codecs.encoder_of(kind)
        if encoder is None and isinstance(value, _BUILTINS) and not isinstance(value, Enum) and not is_numpy(value):
            return self._subclass(value, kind, path, level, hops)
        try:
            converted = encoder(value) if encoder else _converted(value, path)
        except SerializationError:
            raise
        except Exception as error:
            raise _refused(path, f"{kind!r} could not be converted: {type(error).__name__}") from error
        if isinstance(converted, ExtType) and encoder is None:
            self._enter(kind, path, level + 1)
            return converted
        return self.value(converted, path, level, hops + 1)

    def _subclass(self, value: Any, kind: type, path: str, level: int, hops: int) -> object:
        """A subclass of a type of the table is stored as that type; a named tuple as a map."""
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            names = cast("tuple[str, ...]", cast("Any", kind)._fields)
            return self.value(dict(zip(names, cast("tuple[object, ...]", value), strict=True)), path, level, hops + 1)
        if isinstance(value, dict | list | tuple | set | frozenset):
            return self._container(value, path, level + 1)
        if kind.__module__.partition(".")[0] == "pandas":
            raise _refused(path, f"{kind!r} cannot be stored: give its Python object")
        return _scalar(value, path)


_BUILTINS: Final = (int, float, str, bytes, bytearray, dict, list, tuple, set, frozenset, *_EXTENSION_PACKERS)


def _converted(value: Any, path: str) -> object:
    """The plain value that an object of another type stands for."""
    if isinstance(value, Enum):
        return value.value
    if is_numpy(value):
        try:
            return from_numpy(value)
        except ValueError as error:
            raise _refused(path, str(error)) from None
    kind = type(value)
    if not isinstance(value, type):
        if dataclasses.is_dataclass(value) and not hasattr(kind, "model_dump"):
            return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if hasattr(kind, "__attrs_attrs__"):
            return {attribute.name: getattr(value, attribute.name) for attribute in kind.__attrs_attrs__}
        for dumper in _DUMPERS:
            if callable(getattr(kind, dumper, None)):
                return getattr(value, dumper)()
    raise _refused(path, f"{kind!r} cannot be stored")


def _scalar(value: Any, path: str) -> object:
    """A value without parts, or a value of a subclass as what it is in the table."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        number = int.__int__(value)
        return number if ext.MIN_INTEGER <= number <= ext.MAX_INTEGER else ext.pack_big_integer(number)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, str):
        try:
            return value.encode("utf-8").decode("utf-8")
        except UnicodeEncodeError:
            raise _refused(path, "a string holds a lone surrogate, which is not text", "INVALID_STRING") from None
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    packer = next(packer for kind, packer in _EXTENSION_PACKERS.items() if isinstance(value, kind))
    try:
        return packer(value)
    except (ValueError, OverflowError) as error:
        raise _refused(path, str(error)) from None


def _refused(
    path: str, problem: str, reason: str = "UNSUPPORTED_TYPE", rule: str | None = None, limit_value: int | None = None
) -> SerializationError:
    return SerializationError(f"{path}: {problem}", reason=reason, path=path, rule=rule, limit_value=limit_value)

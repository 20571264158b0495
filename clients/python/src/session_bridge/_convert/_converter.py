"""The conversion of plain values to types: scalars, unions and containers; classes with fields are in `_records`."""
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import collections.abc
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
)
from uuid import UUID

from .._errors import InvalidArgumentError, TypeMismatchError
from .._values._plain import key_path
from ._records import read_record

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")

_EXACT: Final = frozenset({bool, int, str, bytes, datetime, date, time, timedelta, Decimal, UUID})
LISTS: Final = frozenset(
    {
        list,
        collections.abc.Sequence,
        collections.abc.MutableSequence,
        collections.abc.Collection,
        collections.abc.Iterable,
    }
)
MAPS: Final = frozenset({dict, collections.abc.Mapping, collections.abc.MutableMapping})
SETS: Final[Mapping[object, type]] = {
    set: set,
    frozenset: frozenset,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
}
_WRAPPERS: Final = (Annotated, Required, NotRequired)


def convert(value: object, expected: TypeForm[T], *, path: str = "value") -> T:
    """The value as an instance of a type.

    An integer fits float and becomes one; a bool never fits int or float. A map fits a dataclass, TypedDict,
    NamedTuple, attrs class or pydantic model, unknown keys being ignored.

    Args:
        value: A plain value, as a codec read it.
        expected: The type.
        path: Where the value is, for the error.

    Raises:
        TypeMismatchError: It does not fit; `path` says where.
        InvalidArgumentError: The type is not one that values can be read as.
    """
    return cast("T", Converter(lenient=True).read(value, expected, path))


def mismatch(path: str, expected: object, value: object) -> TypeMismatchError:
    """The error for a value that does not fit; it names types and never the value."""
    name = expected.__name__ if isinstance(expected, type) and not get_args(expected) else str(expected)
    return TypeMismatchError(f"{path}: expected {name}, found {type(value).__name__}", path=path)


class Converter:
    """Reads values as types; when not lenient, an integer does not fit float, as a union first tries it."""

    def __init__(self, *, lenient: bool) -> None:
        """Sets whether an integer fits float."""
        self._lenient = lenient

    def read(self, value: object, expected: Any, path: str) -> object:
        """The value as `expected`, as `convert` says."""
        if expected is Any or expected is object:
            return value
        if expected is None or expected is type(None):
            return self._same(value, type(None), path)
        if isinstance(expected, type) and expected in _EXACT:
            return self._same(value, expected, path)
        if expected is float:
            return self._float(value, path)
        return self._composed(value, expected, path)

    def _composed(self, value: object, expected: Any, path: str) -> object:
        origin, arguments = get_origin(expected), get_args(expected)
        if is_wrapper(origin):
            return self.read(value, arguments[0], path)
        if origin is Literal:
            return _literal(value, arguments, expected, path)
        if origin in (Union, types.UnionType):
            return self._union(value, arguments, expected, path)
        kind = origin or expected
        if kind in LISTS:
            return self._list(value, arguments, expected, path)
        if kind in MAPS:
            return self._map(value, arguments, expected, path)
        if kind in SETS:
            return self._set(value, arguments, expected, path)
        if kind is tuple:
            return self._tuple(value, arguments, expected, path)
        alias = getattr(expected, "__supertype__", None) or alias_value(expected)
        if alias is not None:
            return self.read(value, alias, path)
        return self._class(value, expected, path)

    def _class(self, value: object, expected: Any, path: str) -> object:
        if not isinstance(expected, type) or get_origin(expected) is not None:
            raise InvalidArgumentError(f"values cannot be read as {expected!r}", reason="INVALID_TYPE")
        if issubclass(expected, Enum):
            return _enum(value, expected, path)
        if type(value) is expected:
            return value
        found: tuple[object, ...] = read_record(self, value, expected, path)
        if found:
            return found[0]
        if isinstance(value, expected):
            return value
        raise mismatch(path, expected, value)

    @staticmethod
    def _same(value: object, expected: type, path: str) -> object:
        if type(value) is not expected:
            raise mismatch(path, expected, value)
        return value

    def _float(self, value: object, path: str) -> float:
        if type(value) is float:
            return value
        if self._lenient and type(value) is int:
            try:
                return float(value)
            except OverflowError:
                pass
        raise mismatch(path, float, value)

    def _union(self, value: object, members: tuple[Any, ...], expected: object, path: str) -> object:
        """The first member that fits exactly, or else the first that fits."""
        problems: list[TypeMismatchError] = []
        for reader in (Converter(lenient=False), self) if self._lenient else (self,):
            problems.clear()
            for member in members:
                try:
                    return reader.read(value, member, path)
                except TypeMismatchError as problem:
                    problems.append(problem)
        inside = [problem for problem in problems if problem.path != path]
        raise inside[0] if len(inside) == 1 else mismatch(path, expected, value)

    def _items(self, value: list[object] | tuple[object, ...], item: Any, path: str) -> list[object]:
        return [self.read(one, item, f"{path}[{index}]") for index, one in enumerate(value)]

    def _list(self, value: object, arguments: tuple[Any, ...], expected: object, path: str) -> object:
        if not isinstance(value, list | tuple):
            raise mismatch(path, expected, value)
        return self._items(cast("list[object]", value), arguments[0] if arguments else Any, path)

    def _tuple(self, value: object, arguments: tuple[Any, ...], expected: Any, path: str) -> tuple[object, ...]:
        if not isinstance(value, list | tuple):
            raise mismatch(path, expected, value)
        items = cast("list[object]", value)
        if expected is tuple:
            return tuple(items)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(self._items(items, arguments[0], path))
        if len(items) != len(arguments):
            raise TypeMismatchError(f"{path}: expected {len(arguments)} items, found {len(items)}", path=path)
        return tuple(
            self.read(one, kind, f"{path}[{i}]") for i, (one, kind) in enumerate(zip(items, arguments, strict=True))
        )

    def _set(self, value: object, arguments: tuple[Any, ...], expected: object, path: str) -> object:
        if not isinstance(value, set | frozenset | list | tuple):
            raise mismatch(path, expected, value)
        item = arguments[0] if arguments else Any
        make = cast("Callable[[Any], object]", SETS[get_origin(expected) or expected])
        try:
            return make(self.read(one, item, path + "{}") for one in cast("set[object]", value))
        except TypeError as error:
            if isinstance(error, TypeMismatchError | InvalidArgumentError):
                raise
            raise mismatch(path, expected, value) from None

    def _map(self, value: object, arguments: tuple[Any, ...], expected: object, path: str) -> object:
        if not isinstance(value, dict):
            raise mismatch(path, expected, value)
        key_type, item = arguments or (Any, Any)
        entries = cast("dict[str, object]", value).items()
        return {
            self.read(key, key_type, key_path(path, key)): self.read(one, item, key_path(path, key))
            for key, one in entries
        }


def is_wrapper(origin: object) -> bool:
    """Whether a type is another one with something said about it."""
    return origin in _WRAPPERS or getattr(origin, "_name", None) == "ReadOnly"


def alias_value(expected: Any) -> object:
    """What a `type X = …` statement names, None for anything else."""
    return expected.__value__ if type(expected).__name__ == "TypeAliasType" else None


def _is_same(value: object, wanted: object) -> bool:
    """Equal, and not only because Python counts True as 1."""
    plain = wanted.value if isinstance(wanted, Enum) else wanted
    return plain == value and isinstance(plain, bool) == isinstance(value, bool)


def _literal(value: object, choices: tuple[object, ...], expected: object, path: str) -> object:
    for choice in choices:
        if _is_same(value, choice) and (isinstance(choice, Enum) or type(choice) is type(value)):
            return choice
    raise mismatch(path, expected, value)


def _enum(value: object, expected: type[Enum], path: str) -> Enum:
    for member in expected:
        if _is_same(value, member):
            return member
    if issubclass(expected, Flag) and type(value) is int:
        try:
            return expected(value)
        except ValueError:
            pass
    raise mismatch(path, expected, value)

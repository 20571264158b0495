"""Classes with fields, made from maps: dataclass, TypedDict, NamedTuple, attrs; pydantic judges for itself."""
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import dataclasses
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast, get_type_hints, is_typeddict

from .._errors import InvalidArgumentError, TypeMismatchError
from .._values._plain import key_path


class Reader(Protocol):
    """What reads one value as a type."""

    def read(self, value: object, expected: Any, path: str) -> object:
        """The value as `expected`."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a class: for each its stored name, its argument's name, its type, and whether it may be missing."""

    fields: tuple[tuple[str, str, Any, bool], ...]
    make: Callable[..., object]


def read_record(reader: Reader, value: object, expected: type, path: str) -> tuple[object, ...]:
    """The value as an instance of a class with fields, alone in a tuple; an empty tuple when the class is none.

    Raises:
        TypeMismatchError: The value does not fit.
    """
    validate = getattr(expected, "model_validate", None)
    if callable(validate):
        return (_validated(validate, value, expected, path),)
    shape = shape_of(expected)
    if shape is None:
        return ()
    if isinstance(value, list | tuple) and issubclass(expected, tuple):
        value = _by_position(cast("list[object]", value), shape, expected, path)
    if not isinstance(value, dict):
        raise TypeMismatchError(f"{path}: expected {expected.__name__}, found {type(value).__name__}", path=path)
    arguments = _arguments(reader, cast("Mapping[str, object]", value), shape, path)
    try:
        return (shape.make(**arguments),)
    except (TypeError, ValueError) as error:
        raise TypeMismatchError(f"{path}: {expected.__name__} refused its fields", path=path) from error


def _by_position(items: list[object], shape: Shape, expected: type, path: str) -> dict[str, object]:
    """A tuple's items by the names of a NamedTuple; TypeScript has only positions."""
    if len(items) != len(shape.fields):
        raise TypeMismatchError(
            f"{path}: {expected.__name__} has {len(shape.fields)} items, found {len(items)}", path=path
        )
    return {field[0]: item for field, item in zip(shape.fields, items, strict=True)}


def _arguments(reader: Reader, value: Mapping[str, object], shape: Shape, path: str) -> dict[str, object]:
    arguments: dict[str, object] = {}
    for stored, argument, kind, optional in shape.fields:
        place = key_path(path, stored)
        if stored in value:
            arguments[argument] = reader.read(value[stored], kind, place)
        elif not optional:
            raise TypeMismatchError(f"{place}: missing", path=place)
    return arguments


def _validated(validate: Callable[[object], object], value: object, expected: type, path: str) -> object:
    """The model's own judgement; its text may hold values, so only the place is taken from it."""
    try:
        return validate(value)
    except Exception as error:
        place = path
        for step in _first_location(error):
            place = f"{place}[{step}]" if isinstance(step, int) else key_path(place, str(step))
        raise TypeMismatchError(f"{place}: does not fit {expected.__name__}", path=place) from error


def _first_location(error: Any) -> tuple[object, ...]:
    try:
        return tuple(error.errors()[0]["loc"])
    except (AttributeError, TypeError, LookupError):
        return ()


@lru_cache(maxsize=512)
def shape_of(kind: type) -> Shape | None:
    """The fields of a class, None when it has none that maps could fill."""
    if is_typeddict(kind):
        required = cast("frozenset[str]", cast("Any", kind).__required_keys__)
        return Shape(tuple((name, name, hint, name not in required) for name, hint in _hints(kind).items()), dict)
    if dataclasses.is_dataclass(kind):
        fields = [field for field in dataclasses.fields(kind) if field.init]
        hints = _hints(kind)
        return Shape(tuple((field.name, field.name, hints[field.name], _has_default(field)) for field in fields), kind)
    if hasattr(kind, "__attrs_attrs__"):
        attributes: Any = [attribute for attribute in cast("Any", kind).__attrs_attrs__ if attribute.init]
        nothing, hints = cast("Any", sys.modules["attr"]).NOTHING, _hints(kind)
        return Shape(
            tuple((one.name, one.alias, hints.get(one.name, Any), one.default is not nothing) for one in attributes),
            kind,
        )
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        named: Any = kind
        hints = _hints(kind)
        return Shape(
            tuple((name, name, hints.get(name, Any), name in named._field_defaults) for name in named._fields), kind
        )
    return None


def _has_default(field: "dataclasses.Field[object]") -> bool:
    return field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING


def _hints(kind: type) -> dict[str, Any]:
    try:
        return get_type_hints(kind, include_extras=True)
    except (NameError, TypeError) as error:
        raise InvalidArgumentError(
            f"the annotations of {kind!r} cannot be resolved: {error}", reason="INVALID_TYPE"
        ) from error

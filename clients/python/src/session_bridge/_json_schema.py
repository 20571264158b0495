"""The JSON Schema that `declare` sends: what it was given, or what a type says, in the keywords that a server knows.

A type says the same here as to `type=` of `get_variable`: a value that is read as the type fits the schema. The reverse
holds as far as JSON Schema can say it: 1.0 is an integer there, and what `__post_init__` refuses it does not know.
"""
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import json
import math
import re
import types
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, cast, get_args, get_origin
from uuid import UUID

from ._annotated_schema import constrained
from ._convert._converter import LISTS, MAPS, SETS, alias_value, is_wrapper
from ._convert._records import Shape, shape_of
from ._errors import InvalidArgumentError, SerializationError
from ._model_schema import in_known_keywords, schema_of_model
from ._values._plain import key_path

Schema: TypeAlias = dict[str, Any]

_SCALARS: Final[Mapping[object, str]] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_EXTENSIONS: Final = frozenset({bytes, datetime, date, time, timedelta, Decimal, UUID})
_PLACE: Final = "#/$defs/"


def json_schema(declared: object, name: str) -> Mapping[str, Any] | bool:
    """The schema of a declaration.

    Args:
        declared: A JSON Schema, which is left as it is, or a type.
        name: The variable's, for the error.

    Raises:
        SerializationError: Values of the type, or of one inside it, are stored as what fits no JSON type; `path` says
            where.
        InvalidArgumentError: It is neither a schema nor a type that values can be read as.
    """
    if isinstance(declared, bool):
        return declared
    if isinstance(declared, Mapping):
        return dict(cast("Mapping[str, Any]", declared))
    if declared is None:
        raise InvalidArgumentError("declare takes a JSON Schema or a type; undeclare(name) ends a declaration")
    return _Walk().whole(declared, name)


def _refused(path: str, what: str, instead: str = "") -> SerializationError:
    return SerializationError(f"{path}: {what} is stored as what fits no JSON type{instead}", path=path)


def _no_type(expected: object) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"declare takes a JSON Schema or a type that values can be read as, not {expected!r}", reason="INVALID_TYPE"
    )


class _Walk:
    """One walk over one type. Classes with fields and named types have their schemas in one place each."""

    def __init__(self) -> None:
        self._definitions: dict[str, Schema] = {}
        self._names: dict[int, tuple[str, object]] = {}

    def whole(self, expected: object, path: str) -> Schema:
        """The schema with its definitions."""
        schema = self.schema(expected, path)
        if schema.keys() == {"$ref"} and not _mentions(self._definitions, schema["$ref"]):
            schema = self._definitions.pop(schema["$ref"].removeprefix(_PLACE))
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def schema(self, expected: Any, path: str) -> Schema:  # noqa: ANN401
        """The schema of a type, as `Converter.read` reads values as it."""
        if expected is Any or expected is object:
            return {}
        if expected is None or expected is type(None):
            return {"type": "null"}
        if isinstance(expected, type) and expected in _SCALARS:
            return {"type": _SCALARS[expected]}
        if isinstance(expected, type) and expected in _EXTENSIONS:
            raise _refused(path, f"a {expected.__name__}")
        return self._composed(expected, path)

    def _composed(self, expected: Any, path: str) -> Schema:  # noqa: ANN401
        origin, arguments = get_origin(expected), get_args(expected)
        if is_wrapper(origin):
            schema = self.schema(arguments[0], path)
            return constrained(schema, arguments[1:], path) if origin is Annotated else schema
        if origin is Literal:
            return _enumerated(arguments, path)
        if origin in (Union, types.UnionType):
            return _any_of(self.schema(member, path) for member in arguments)
        kind = origin or expected
        if kind in LISTS:
            return self._list(arguments, path)
        if kind in MAPS:
            return self._map(arguments, path)
        if kind in SETS or kind is tuple:
            raise _refused(path, f"a {getattr(kind, '__name__', kind)}".lower(), "; a list does")
        supertype = getattr(expected, "__supertype__", None)
        if supertype is not None:
            return self.schema(supertype, path)
        named = alias_value(expected)
        if named is not None:
            return self._defined(expected, lambda _: self.schema(named, path))
        return self._class(expected, path)

    def _class(self, expected: Any, path: str) -> Schema:  # noqa: ANN401
        if not isinstance(expected, type) or get_origin(expected) is not None:
            raise _no_type(expected)
        if issubclass(expected, Flag):
            return {"type": "integer"}
        if issubclass(expected, Enum):
            return _enumerated(tuple(expected), path)
        told = schema_of_model(expected)
        if told is not None:
            return self._defined(expected, lambda own: self._model(told, path, own))
        shape = None if hasattr(expected, "model_validate") else shape_of(cast("Hashable", expected))
        if shape is None:
            raise _refused(path, f"a {expected.__name__}")
        return self._defined(expected, lambda _: self._record(expected, shape, path))

    def _list(self, arguments: tuple[Any, ...], path: str) -> Schema:
        items = self.schema(arguments[0], f"{path}[]") if arguments else {}
        return {"type": "array", "items": items} if items else {"type": "array"}

    def _map(self, arguments: tuple[Any, ...], path: str) -> Schema:
        keys, item = arguments or (Any, Any)
        named, value = self.schema(keys, path), self.schema(item, f"{path}[*]")
        if not named or named.get("type") == "string":
            return {"type": "object", "additionalProperties": value} if value else {"type": "object"}
        choices = [name for name in named.get("enum", ()) if isinstance(name, str)]
        if not choices:
            raise SerializationError(f"{path}: a map's keys are strings, or some of them", path=path)
        return {"type": "object", "properties": dict.fromkeys(choices, value), "additionalProperties": False}

    def _record(self, kind: type, shape: Shape, path: str) -> Schema:
        properties = {stored: self.schema(hint, key_path(path, stored)) for stored, _, hint, _ in shape.fields}
        required = [stored for stored, _, _, optional in shape.fields if not optional]
        named: Schema = {"type": "object", "properties": properties}
        if required:
            named["required"] = required
        if not issubclass(kind, tuple):
            return named
        count = len(properties)
        by_position: Schema = {"type": "array", "minItems": count, "maxItems": count}
        if properties:
            by_position["items"] = _any_of(properties.values())
        return {"anyOf": [named, by_position]}

    def _model(self, told: Schema, path: str, own: str) -> Schema:
        """What a model says of itself; its definitions get places beside the others."""
        definitions: dict[str, Schema] = told.pop("$defs", {})
        target: str = told.get("$ref", "").removeprefix(_PLACE)
        places: dict[str, str] = {}
        if target in definitions:
            # One that has itself inside has its own definition.
            told, places[target] = definitions.pop(target), own
        for name in definitions:
            places[name] = self._reserved(name)
        for name, definition in definitions.items():
            self._definitions[places[name]] = in_known_keywords(definition, path, places)
        schema: Schema = in_known_keywords(told, path, places)
        return schema

    def _defined(self, kind: object, make: Callable[[str], Schema]) -> Schema:
        """A reference to the one place of a type's schema, which is made when the type is met first."""
        name = self._names[id(kind)][0] if id(kind) in self._names else None
        if name is None:
            name = self._reserved(getattr(kind, "__name__", ""))
            self._names[id(kind)] = name, kind
            self._definitions[name] = make(name)
        return {"$ref": f"{_PLACE}{name}"}

    def _reserved(self, wanted: str) -> str:
        """A name that no other definition has."""
        first = re.sub(r"\W", "_", wanted) or "Type"
        name, number = first, 1
        while name in self._definitions:
            number += 1
            name = f"{first}_{number}"
        self._definitions[name] = {}
        return name


def _mentions(schema: object, place: str) -> bool:
    if isinstance(schema, dict | list):
        return any(_mentions(inside, place) for inside in (schema.values() if isinstance(schema, dict) else schema))
    return schema == place


def _any_of(schemas: Iterable[Schema]) -> Schema:
    # As text, since Python takes True for 1.
    different = [*{json.dumps(schema): schema for schema in schemas}.values()]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _enumerated(choices: tuple[object, ...], path: str) -> Schema:
    values = [choice.value if isinstance(choice, Enum) else choice for choice in choices]
    if not values:
        raise _no_type("a type without values")
    for value in values:
        if not _is_json(value):
            raise _refused(path, f"a {type(value).__name__}")
    return {"enum": values}


def _is_json(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return -(2**63) <= value < 2**64
    return value is None or isinstance(value, bool | str)

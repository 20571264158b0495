"""What `Annotated` says of values, in the keywords of JSON Schema."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ._errors import InvalidArgumentError

_NUMBERS: Final[Mapping[str, str]] = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LENGTHS: Final[Mapping[str, Mapping[str, str]]] = {
    "min_length": {"string": "minLength", "array": "minItems", "object": "minProperties"},
    "max_length": {"string": "maxLength", "array": "maxItems", "object": "maxProperties"},
}


def constrained(schema: dict[str, Any], metadata: Iterable[object], path: str) -> dict[str, Any]:
    """The schema with what annotations add that are like those of annotated-types and of pydantic's Field.

    They are known by their attributes: `ge`, `gt`, `le`, `lt`, `multiple_of`, `min_length`, `max_length` and `pattern`.
    Any other annotation says nothing here.

    Raises:
        InvalidArgumentError: A bound is no number, or a pattern no text.
    """
    for said in metadata:
        inside = getattr(said, "metadata", None)
        if isinstance(inside, list | tuple):
            schema = constrained(schema, inside, path)  # pyright: ignore[reportUnknownArgumentType]
        for keyword, value in _keywords(said, schema.get("type"), path):
            # Both of two bounds hold.
            schema = {"anyOf": [schema], keyword: value} if keyword in schema else {**schema, keyword: value}
    return schema


def _keywords(said: object, kind: object, path: str) -> Iterable[tuple[str, object]]:
    for attribute, keyword in _NUMBERS.items():
        bound = getattr(said, attribute, None)
        if bound is not None:
            yield keyword, _number(bound, attribute, path)
    for attribute, by_kind in _LENGTHS.items():
        length = getattr(said, attribute, None)
        if length is not None:
            # Without one type, each is for the values that it is about.
            for keyword in [by_kind[kind]] if isinstance(kind, str) and kind in by_kind else by_kind.values():
                yield keyword, _number(length, attribute, path)
    pattern = getattr(said, "pattern", None)
    if pattern is not None:
        text = pattern.pattern if isinstance(pattern, re.Pattern) else pattern  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if not isinstance(text, str):
            raise InvalidArgumentError(f"{path}: pattern is text, not {type(text).__name__}", reason="INVALID_TYPE")  # pyright: ignore[reportUnknownArgumentType]
        yield "pattern", text


def _number(bound: object, attribute: str, path: str) -> int | float:
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        raise InvalidArgumentError(
            f"{path}: {attribute} is a number, not {type(bound).__name__}", reason="INVALID_TYPE"
        )
    return bound

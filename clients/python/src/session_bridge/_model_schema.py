"""What a model says of itself, as pydantic's do, in the keywords that a server knows."""

import sys
from collections.abc import Mapping
from typing import Any, Final, cast

from ._errors import SerializationError
from ._values._plain import key_path

_ANNOTATIONS: Final = frozenset(
    {"$schema", "$comment", "examples", "deprecated", "readOnly", "writeOnly", "discriminator"}
)
_NOT_LISTS: Final = {"prefixItems": "a tuple", "uniqueItems": "a set"}
_TEXT_FORMATS: Final = frozenset({"email", "idn-email", "hostname", "idn-hostname", "regex", "json-pointer"})
"""Formats of what is stored as text. Values of the others are objects in Python, and stored as what they are."""


def schema_of_model(kind: type) -> dict[str, Any] | None:
    """The schema that a model has of its own, None for other classes."""
    tell = getattr(kind, "model_json_schema", None)
    if callable(tell):
        return dict(cast("Mapping[str, Any]", tell()))
    if "__pydantic_core_schema__" in vars(kind):
        return dict(cast("Any", sys.modules["pydantic"]).TypeAdapter(kind).json_schema())
    return None


def in_known_keywords(schema: Any, path: str, places: Mapping[str, str]) -> Any:  # noqa: ANN401
    """The schema without annotations that say nothing about values, and its references to where definitions are now.

    What a server does not know and says something about values stays, for the server to refuse.

    Raises:
        SerializationError: The values in a place are stored as what fits no JSON type.
    """
    if not isinstance(schema, Mapping):
        return schema
    said = cast("Mapping[str, Any]", schema)
    known: dict[str, Any] = {}
    for keyword, value in said.items():
        if keyword in _NOT_LISTS:
            raise SerializationError(f"{path}: {_NOT_LISTS[keyword]} is stored as what fits no JSON type", path=path)
        if keyword == "format" and value not in _TEXT_FORMATS:
            raise SerializationError(
                f"{path}: a value of format {value!r} is stored as what fits no JSON type", path=path
            )
        if keyword not in _ANNOTATIONS and keyword != "format":
            # What has a discriminator fits one at most; of one schema, all and any are the same.
            is_any = (keyword == "oneOf" and "discriminator" in said) or (keyword == "allOf" and len(value) == 1)
            known["anyOf" if is_any else keyword] = _inside(keyword, value, path, places)
    return known


def _inside(keyword: str, value: Any, path: str, places: Mapping[str, str]) -> Any:  # noqa: ANN401
    match keyword:
        case "$ref":
            prefix, _, name = value.rpartition("/")
            return f"{prefix}/{places.get(name, name)}"
        case "properties":
            return {name: in_known_keywords(inside, key_path(path, name), places) for name, inside in value.items()}
        case "items":
            return in_known_keywords(value, f"{path}[]", places)
        case "additionalProperties":
            return in_known_keywords(value, f"{path}[*]", places)
        case "anyOf" | "oneOf" | "allOf":
            return [in_known_keywords(each, path, places) for each in value]
        case _:
            return value

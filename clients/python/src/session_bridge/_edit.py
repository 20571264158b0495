"""`edit` as steps: what is read, and the difference that is written back."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from . import _arguments as check
from . import _wire as wire
from ._arguments import OMITTED
from ._errors import TypeMismatchError, VariableNotFoundError
from ._link import Handle, decoded, encoded_as, encoded_over
from ._steps import Steps

_UNCHANGEABLE: Final = (
    *(type(None), bool, int, float, str, bytes, tuple, frozenset),
    *(datetime, date, time, timedelta, Decimal, UUID),
)


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that somebody changes in place, and the bytes that it was; revision 0 when it was a default."""

    name: str
    value: Any
    before: wire.Encoded
    revision: int


def edit(handle: Handle, name: str, default: object) -> Steps[Edit]:
    """Reads a value to be changed, or takes a copy of the default."""
    answer = yield from handle.link.ask(wire.GetVariable(handle.session_id, check.check_name(name), include_info=True))
    if answer.encoded is not None and answer.info is not None:
        before, revision = answer.encoded, answer.info.revision
    elif default is OMITTED:
        raise VariableNotFoundError(f"session {handle.session_id!r} has no variable {name!r}", name=name)
    else:
        before, revision = encoded_as(handle, name, default), 0
    value: object = decoded(handle, name, before)
    if isinstance(value, _UNCHANGEABLE):
        raise TypeMismatchError(
            f"a {type(cast('object', value)).__name__} cannot be changed in place; use update_variable",
            name=name,
        )
    return Edit(name, value, before, revision)


def write_back(handle: Handle, edited: Edit) -> Steps[None]:
    """Writes what has changed, if anything has, and keeps the deadline; a conflict raises RevisionMismatchError."""
    encoded = encoded_over(handle, edited.name, edited.value, edited.before)
    if encoded == edited.before:
        return
    yield from handle.link.ask(
        wire.SetVariable(
            handle.session_id,
            edited.name,
            encoded,
            ttl="keep" if edited.revision else None,
            if_revision=edited.revision,
            must_exist=handle.must_exist,
            defaults=handle.defaults,
        )
    )

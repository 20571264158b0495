"""What watchers are shown of what a watch tells: changes one by one, or whole states. Nothing here waits."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

from . import _wire as wire
from ._errors import BridgeError
from ._link import Handle, all_readable, decoded
from ._models import Change, entry
from ._watching import Told

T = TypeVar("T")


class Hidden(Enum):
    """In place of something to show."""

    HIDDEN = "hidden"


HIDDEN: Final = Hidden.HIDDEN
Show: TypeAlias = Callable[[Told], T | Literal[Hidden.HIDDEN]]

_SHARED: Final = frozenset(
    {type(None), bool, int, float, str, bytes, datetime, date, time, timedelta, Decimal, UUID},
)
"""Types whose values nobody can change, so that two states may have the same."""


def changes(handle: Handle, values: bool) -> Show[Change]:
    """Shows each change; a value that does not decode raises DataLossError, and the next change follows."""

    def show(told: Told) -> Change:
        value = shown = None
        if told.variable is not None and values:
            value = decoded(handle, told.name, told.variable.encoded)
            shown = entry(told.variable.info, value)
        return Change(kind=told.kind, name=told.name, value=value, revision=told.revision, entry=shown, last=told.last)

    return show


def states(handle: Handle) -> Show[dict[str, Any]]:
    """Shows what is there, with values of the watcher's own, once it is caught up and after each commit.

    If some values do not decode, the error of the first has the others in `readable`, and the next state follows.
    """
    there: dict[str, _Kept] = {}
    caught_up = False

    def show(told: Told) -> dict[str, Any] | Literal[Hidden.HIDDEN]:
        nonlocal caught_up
        if told.kind == "set" and told.variable is not None:
            there[told.name] = _Kept(handle, told.name, told.variable.encoded)
        elif told.kind in ("delete", "expire"):
            there.pop(told.name, None)
        elif told.kind == "caught_up":
            caught_up = True
        elif told.kind != "session_created":
            there.clear()
            caught_up = caught_up and told.kind != "resync"
        return _state(there) if caught_up and told.last else HIDDEN

    return show


class _Kept:
    """A variable whose value is decoded for each state, unless nobody can change it."""

    __slots__ = ("_encoded", "_handle", "_name", "_shared")

    def __init__(self, handle: Handle, name: str, encoded: wire.Encoded) -> None:
        self._handle, self._name, self._encoded = handle, name, encoded
        self._shared: object = HIDDEN

    def value(self) -> object:
        if self._shared is not HIDDEN:
            return self._shared
        value: object = decoded(self._handle, self._name, self._encoded)
        if type(value) in _SHARED:
            self._shared = value
        return value


def _state(there: dict[str, _Kept]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    errors: dict[str, BridgeError] = {}
    for name in sorted(there):
        try:
            values[name] = there[name].value()
        except BridgeError as error:
            errors[name] = error
    return all_readable(values, errors)

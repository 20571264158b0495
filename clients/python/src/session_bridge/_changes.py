"""What callers ask to be changed, checked and encoded: the operations of single calls and of transactions alike."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import cast

from . import _arguments as check
from . import _update_wire as updates
from ._arguments import OMITTED, IfRevision
from ._errors import TypeMismatchError
from ._link import Handle, encoded_as


def set_to(
    handle: Handle,
    name: str,
    value: object,
    ttl: float | timedelta | str | None,
    if_revision: IfRevision,
    encoding: str,
) -> updates.Operation:
    """Writes a value."""
    check.check_name(name)
    change = updates.Set(encoded_as(handle, name, value, encoding), check.check_ttl(ttl, may_keep=True))
    return updates.Operation(name, change, check.check_if_revision(if_revision))


def all_set_to(handle: Handle, values: Mapping[str, object]) -> list[updates.Operation]:
    """Writes many values."""
    return [set_to(handle, name, values[name], None, OMITTED, "") for name in values]


def deletion(name: str, if_revision: IfRevision) -> updates.Operation:
    """Deletes a variable."""
    return updates.Operation(check.check_name(name), updates.Delete(), check.check_if_revision(if_revision))


def incremented(handle: Handle, name: str, by: object, if_revision: IfRevision) -> updates.Operation:
    """Adds to a number."""
    if isinstance(by, bool) or not isinstance(by, (int, float)):
        raise TypeMismatchError(f"increment adds an int or a float, not {type(by).__name__}", name=name)
    return _operation(name, updates.Increment(encoded_as(handle, name, by).value), if_revision)


def appended(
    handle: Handle, name: str, value: object, keep_last: int | None, if_revision: IfRevision
) -> updates.Operation:
    """Lengthens a list, str or bytes."""
    if not isinstance(value, (list, str, bytes, bytearray, memoryview)):
        raise TypeMismatchError(
            f"append adds a list to a list, a str to a str, bytes to bytes, not {type(value).__name__}; "
            f"to add one item: append({name!r}, [item])",
            name=name,
        )
    encoded = encoded_as(handle, name, cast("object", value)).value
    return _operation(name, updates.Append(encoded, check.check_count(keep_last, "keep_last")), if_revision)


def merged(
    handle: Handle, name: str, values: object, path: Iterable[str], remove: Iterable[str], if_revision: IfRevision
) -> updates.Operation:
    """Writes names into a map and removes others."""
    if not isinstance(values, Mapping):
        raise TypeMismatchError(f"merge takes a mapping, not {type(values).__name__}", name=name)
    change = updates.Merge(
        encoded_as(handle, name, dict(cast("Mapping[str, object]", values))).value,
        check.check_names(path, "path"),
        check.check_names(remove, "remove"),
    )
    return _operation(name, change, if_revision)


def _operation(
    name: str, change: updates.Increment | updates.Append | updates.Merge, if_revision: IfRevision
) -> updates.Operation:
    return updates.Operation(check.check_name(name), change, check.check_if_revision(if_revision))
